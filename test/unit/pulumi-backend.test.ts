import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Cache } from "../../toolchain/cache/cache";
import { repoPath } from "../../toolchain/paths";
import { folderOf, placeOf, withoutCredentials } from "../../toolchain/pulumi/backend";
import { preparePulumiState, pulumiSetup } from "../../toolchain/pulumi/home";
import { isLabPassphrase, passphraseFor } from "../../toolchain/pulumi/passphrase";

const BUCKET = "s3://bucket?region=eu-west-1";

describe("A backend of a person's own", () => {
    const folders: [backend: string, folder: string | undefined][] = [
        ["file:///srv/state", "/srv/state"],
        ["file:///srv/state?metadata=skip", "/srv/state"],
        ["file://~", homedir()],
        ["file://~/state", join(homedir(), "state")],
        ["file://./state", repoPath("state")],
        [BUCKET, undefined],
        ["https://api.pulumi.com", undefined],
    ];
    for (const [backend, folder] of folders) {
        it(`${backend} is ${folder === undefined ? "no folder" : "a folder"}, as Pulumi takes it`, () =>
            expect(folderOf(backend)).to.equal(folder));
    }

    it("is shown without a user's name and password", () => {
        expect(withoutCredentials("postgres://ada:pa:ss@db.example:5432/state?x=a@b")).to.equal(
            "postgres://db.example:5432/state?x=a@b",
        );
        expect(withoutCredentials(BUCKET)).to.equal(BUCKET);
        expect(withoutCredentials("file:///home/a@b/state")).to.equal("file:///home/a@b/state");
    });

    const places: [backend: string, place: string][] = [
        ["file:///srv/state?metadata=skip", "file:///srv/state"],
        [BUCKET, "s3://bucket"],
        ["s3://b/a?region=r&endpoint=http://s:9000&s3ForcePathStyle=true", "s3://b/a?endpoint=http://s:9000"],
        ["azblob://b?storage_account=one", "azblob://b?storage_account=one"],
    ];
    for (const [backend, place] of places) {
        it(`${backend} is at ${place}, however it is spoken to`, () => expect(placeOf(backend)).to.equal(place));
    }

    it("is not the lab's to remove, and its locks are read where it is a folder", () => {
        const setup = (backend: string) =>
            pulumiSetup(new Cache("/c"), {
                where: "cache",
                env: { METAL3_SCALE_LAB_STATE: "/s", PULUMI_BACKEND_URL: backend },
                login: undefined,
            });
        expect(setup("file:///srv/state")).to.include({ stateDir: undefined, backendFolder: "/srv/state" });
        expect(setup(BUCKET)).to.include({ stateDir: undefined, backendFolder: undefined, backend: BUCKET });
        expect(setup("file:///s/pulumi")).to.include({ stateDir: "/s/pulumi", backendFolder: "/s/pulumi" });
    });

    describe("The lab's passphrase for it", () => {
        let state: string;
        const setup = (env: NodeJS.ProcessEnv) =>
            pulumiSetup(new Cache(join(state, "c")), {
                where: "cache",
                env: { METAL3_SCALE_LAB_STATE: state, ...env },
                login: undefined,
            });
        beforeEach(async () => (state = await mkdtemp(join(tmpdir(), "lab-backend-test-"))));
        afterEach(() => rm(state, { recursive: true }));

        it("is another one than that of the state folder, which goes with the folder's last stack", () => {
            const own = setup({}).passphraseFile;
            const other = setup({ PULUMI_BACKEND_URL: BUCKET }).passphraseFile;
            expect(own).to.equal(join(state, "passphrase"));
            expect(other).to.match(/\/passphrase-[0-9a-f]{12}$/);
            expect(setup({ PULUMI_BACKEND_URL: "s3://another" }).passphraseFile).to.not.equal(other);
            expect(setup({ PULUMI_BACKEND_URL: "s3://bucket?region=another" }).passphraseFile).to.equal(other);
        });

        it("is taken in a shell that has the lab's passphrase for another backend, but not for a person's", () => {
            const shell = { PULUMI_BACKEND_URL: BUCKET, PULUMI_CONFIG_PASSPHRASE_FILE: join(state, "passphrase") };
            expect(setup(shell).passphraseFile).to.equal(passphraseFor(state, "s3://bucket"));
            const given = { ...shell, PULUMI_CONFIG_PASSPHRASE_FILE: "/run/secrets/passphrase" };
            expect(setup(given).passphraseFile).to.equal(undefined);
            expect(setup(given).variables).to.not.have.property("PULUMI_CONFIG_PASSPHRASE_FILE");
            expect(isLabPassphrase(state, join(state, "passphrase-of-mine"))).to.equal(false);
        });

        it("is made once, for this user alone", async () => {
            const other = setup({ PULUMI_BACKEND_URL: BUCKET });
            await Promise.all([preparePulumiState(other), preparePulumiState(other)]);
            const file = String(other.passphraseFile);
            expect((await stat(file)).mode & 0o777).to.equal(0o600);
            const first = await readFile(file, "utf8");
            expect(first).to.match(/^[\w-]{32}\n$/);
            await preparePulumiState(other);
            expect(await readFile(file, "utf8")).to.equal(first);
            expect(existsSync(join(state, "passphrase"))).to.equal(false);
        });

        it("is the one with which an earlier version has encrypted, where there is one", async () => {
            await mkdir(state, { recursive: true });
            await writeFile(join(state, "passphrase"), "earlier\n");
            const other = setup({ PULUMI_BACKEND_URL: BUCKET });
            await preparePulumiState(other);
            expect(await readFile(String(other.passphraseFile), "utf8")).to.equal("earlier\n");
        });
    });
});
