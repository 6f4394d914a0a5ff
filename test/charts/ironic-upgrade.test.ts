import { expect } from "chai";
import { imageForTests } from "../lab-image";
import { ConductorPod } from "./conductor-pod";

/** Charsets of the columns of Ironic's tables; one that is not Ironic's has the number of the migration. */
const CHARSETS =
    "SELECT DISTINCT character_set_name FROM information_schema.columns " +
    "WHERE table_schema = 'ironic' AND table_name != 'alembic_version' AND character_set_name IS NOT NULL";

/** A conductor that works: it has sent a heartbeat just now. */
const WORKS =
    "INSERT INTO conductors (hostname, version, drivers, online, updated_at) " +
    "VALUES ('other', '1.6', '[]', 1, UTC_TIMESTAMP())";
const STOPS = "UPDATE conductors SET online = 0 WHERE hostname = 'other'";
const DIES = "UPDATE conductors SET online = 1, updated_at = UTC_TIMESTAMP() - INTERVAL 61 SECOND";

/** Setup builds the versions that a lab is to have, and no test of a lab alone needs two. */
const notBuilt = (version: string): string =>
    `no lab here has had versions.ironic ${version}, so its image is not built`;

describe("charts/ironic: an upgrade of Ironic from 34.0.0 to 39.0.0, in their images", function () {
    this.timeout(300_000);
    const earlier = imageForTests("ironic-34.0.0", notBuilt("34.0.0"));
    const later = imageForTests("ironic-39.0.0", notBuilt("39.0.0"));
    const mariadb = imageForTests("mariadb");
    let pod: ConductorPod | undefined;

    const failureOf = (work: Promise<string>): Promise<string> =>
        work.then(
            (output) => `no failure: ${output}`,
            (error: Error) => error.message,
        );
    const revision = async (): Promise<string> => (await pod!.query("SELECT version_num FROM alembic_version")).join();

    before(async () => {
        pod = await ConductorPod.start(earlier(), mariadb());
        await pod.reached();
        // As the database is of a lab that an earlier chart made.
        await pod.query("ALTER DATABASE ironic CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci");
    });
    after(() => pod?.stop());

    it("The earlier version makes its schema in the charset of the database", async () => {
        expect(await pod!.prepare()).to.include("ironic-dbsync create_schema");
        expect(await pod!.query(CHARSETS)).to.deep.equal(["utf8mb3"]);
    });

    it("The schema stays as it is while a conductor works on it", async () => {
        await pod!.query(WORKS);
        const before = await revision();
        const failure = await failureOf(pod!.prepareIn(later()));
        expect(failure).to.include("waiting until no conductor of an earlier version works: other");
        expect(failure).to.include("schema: of an earlier version there still work after 5 s: other");
        expect(await revision()).to.equal(before);
    });

    it("A new pod of the same version starts beside conductors that work", async () => {
        expect(await pod!.startConductorOfNewPod()).to.include("ironic-dbsync upgrade");
    });

    it("The schema is upgraded once every conductor has stopped, or was killed and sends no heartbeat", async () => {
        await pod!.query(STOPS);
        await pod!.query(DIES);
        const before = await revision();
        const output = await pod!.prepareIn(later());
        expect(output).to.include("ironic-dbsync upgrade").and.include("ironic-dbsync online_data_migrations");
        expect(output).to.include(`the schema is at ${await revision()}`);
        expect(await revision()).to.not.equal(before);
        expect(await pod!.query(CHARSETS)).to.deep.equal(["utf8mb4"]);
    });

    it("The earlier version then starts no conductor, and says why", async () => {
        const failure = await failureOf(pod!.startConductor());
        expect(failure)
            .to.include("of a newer Ironic than this: it has no way back")
            .and.not.include("schema: ironic-dbsync");
    });
});
