import path from "node:path";
import { expect } from "chai";
import { waitUntil } from "../../lib/wait-until";
import { docker } from "../docker";
import { imageForTests } from "../lab-image";
import { commandOf, CONDUCTOR, ConductorPod, PASSWORD } from "./conductor-pod";
import { CHART, render } from "./helm";

describe("charts/ironic: a restart of MariaDB, in the images of Ironic and MariaDB", function () {
    this.timeout(300_000);
    const ironic = imageForTests("ironic");
    const mariadb = imageForTests("mariadb");
    let pod: ConductorPod | undefined;

    before(async () => {
        pod = await ConductorPod.start(ironic(), mariadb());
    });
    after(() => pod?.stop());

    const migrations = (output: string) => output.match(/ironic-dbsync \w+/g) ?? [];

    it("Two conductors that start at the same time make the schema once", async () => {
        const outputs = await Promise.all([pod!.prepare(), pod!.startOtherConductor()]);
        expect(outputs.map(migrations)).to.have.deep.members([
            ["ironic-dbsync create_schema"],
            ["ironic-dbsync upgrade", "ironic-dbsync online_data_migrations"],
        ]);
        expect(outputs[1]).to.match(/the conductor runs\n$/);
        expect(await pod!.tables()).to.include.members(["nodes", "conductors", "alembic_version"]);
    });

    it("The tables have the charset that Ironic's migrations convert to from 35.0.0 on", async () => {
        const columns = "FROM information_schema.columns WHERE table_schema = 'ironic'";
        const charsets = `SELECT DISTINCT collation_name ${columns} AND collation_name IS NOT NULL`;
        expect(await pod!.query(charsets)).to.deep.equal(["utf8mb4_unicode_ci"]);
    });

    it("A conductor that starts leaves a schema alone that its pod has already seen", async () => {
        expect(await pod!.startConductor()).to.equal("the conductor runs\n");
    });

    it("The first start in a new pod upgrades the schema: its image may be newer", async () => {
        const upgrade = ["ironic-dbsync upgrade", "ironic-dbsync online_data_migrations"];
        expect(migrations(await pod!.startConductorOfNewPod())).to.deep.equal(upgrade);
        expect(migrations(await pod!.startConductorOfNewPod())).to.deep.equal([]);
    });

    it("A conductor that waits for the database stops at once when it is told to", async () => {
        const name = await docker(
            "run",
            "--detach",
            ...["--network", "none", "--user", CONDUCTOR, "--tmpfs", "/run/conductor:mode=1777"],
            ...["--volume", `${path.join(CHART, "files")}:/scripts:ro`, "--env", "STATE_DIR=/run/conductor"],
            ...["--env", `OS_DATABASE__CONNECTION=mysql+pymysql://ironic:${PASSWORD}@127.0.0.1:3306/ironic`],
            ironic(),
            ...commandOf(render(), "/scripts/start.py", "echo", "the conductor runs"),
        );
        const container = name.trim();
        try {
            await waitUntil({
                what: "the wait for the database",
                timeoutMs: 30_000,
                everyMs: 200,
                look: async () =>
                    (await docker("logs", container)).includes("waiting for the database")
                        ? { done: true }
                        : { pending: ["no line in the log"] },
            });
            await docker("stop", "--time", "60", container);
            // 137 would be a kill after 60 s.
            expect(await docker("inspect", "--format", "{{.State.ExitCode}}", container)).to.equal("143\n");
        } finally {
            await docker("rm", "--force", "--volumes", container);
        }
    });

    it("The sidecar requests a restart of the conductor after a restart of the database, and not before", async () => {
        expect(await pod!.restartRequested()).to.equal(false);
        await pod!.loseDatabase();
        await waitUntil({
            what: "the sidecar's request",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ((await pod!.restartRequested()) ? { done: true } : { pending: ["no request"] }),
        });
    });

    it("A conductor that is restarted removes the request and makes the lost schema again", async () => {
        expect(await pod!.tables()).to.not.include("nodes");
        const output = await pod!.startConductor();
        expect(migrations(output)).to.deep.equal(["ironic-dbsync create_schema"]);
        expect(output).to.match(/the conductor runs\n$/);
        expect(await pod!.tables()).to.include.members(["nodes", "conductors", "alembic_version"]);
        expect(await pod!.restartRequested()).to.equal(false);
    });
});
