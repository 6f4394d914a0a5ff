import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { Cache } from "../../toolchain/cache/cache";
import { cacheRoot, stateRoot } from "../../toolchain/paths";
import { preparePulumiState, pulumiSetup } from "../../toolchain/pulumi/home";
import { exportLines, quote } from "../../toolchain/shell";
import { foreignPath, versionIn } from "../../toolchain/tools";

const sh = (script: string, path = "/usr/bin:/bin"): string =>
    execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { PATH: path } });

describe("npm run env", () => {
    it("quotes any text so that a shell reads it back as it was", () => {
        const texts = fc.string({
            unit: fc.constantFrom("a", " ", "'", '"', "$", "`", "\\", "\n", "!", "*", ";", "é"),
            maxLength: 12,
        });
        fc.assert(
            fc.property(texts, (text) => {
                expect(sh(`printf %s ${quote(text) || "''"}`)).to.equal(text);
            }),
            { numRuns: 60 },
        );
    });

    it("sets variables and puts its folder on PATH once, also when evaluated twice", () => {
        const lines = exportLines({ A: "it's $HOME", B: "plain" }, "/my cache/bin").join("\n");
        const script = `${lines}\n${lines}\nprintf '%s|%s|%s' "$A" "$B" "$PATH"`;
        expect(sh(script)).to.equal("it's $HOME|plain|/my cache/bin:/usr/bin:/bin");
    });

    it("is honoured by XDG's folders and the lab's own variables", () => {
        expect(cacheRoot({ METAL3_SCALE_LAB_CACHE: "/c" })).to.equal("/c");
        expect(cacheRoot({ XDG_CACHE_HOME: "/x" })).to.equal("/x/metal3-scale-lab");
        expect(cacheRoot({ XDG_CACHE_HOME: "relative" })).to.match(/\/\.cache\/metal3-scale-lab$/);
        expect(stateRoot({ XDG_STATE_HOME: "/s" })).to.equal("/s/metal3-scale-lab");
        expect(stateRoot({ METAL3_SCALE_LAB_STATE: "/t", XDG_STATE_HOME: "/s" })).to.equal("/t");
    });

    it("leaves out the lab's and npm's folders where it looks for what the person has", () => {
        expect(foreignPath(new Cache("/c"), "/c/bin:/p/node_modules/.bin:/usr/bin::/x/node-gyp-bin:/bin")).to.equal(
            "/usr/bin:/bin",
        );
    });

    const versions: [text: string, version: string | undefined][] = [
        ["v3.259.0\n", "3.259.0"],
        ['{"clientVersion":{"major":"1","minor":"35","gitVersion":"v1.35.4","goVersion":"go1.25.1"}}', "1.35.4"],
        ["nothing", undefined],
    ];
    for (const [text, version] of versions) {
        it(`reads ${version} out of ${text.trim()}`, () => expect(versionIn(text)).to.equal(version));
    }
});

describe("how Pulumi is called", () => {
    const cache = new Cache("/c");
    const env = { METAL3_SCALE_LAB_STATE: "/s" };

    it("the lab's own gets a home in the cache, a state folder and a passphrase file", () => {
        const setup = pulumiSetup(cache, { where: "cache", env, login: "https://api.pulumi.com" });
        expect(setup.variables).to.deep.equal({
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_NODEJS_TRANSPILE_ONLY: "true",
            PULUMI_HOME: "/c/pulumi-home",
            PULUMI_BACKEND_URL: "file:///s/pulumi",
            PULUMI_CONFIG_PASSPHRASE_FILE: "/s/passphrase",
        });
        expect(setup).to.include({ own: false, stateDir: "/s/pulumi", passphraseFile: "/s/passphrase" });
    });

    it("a person's own that is logged in to Pulumi Cloud keeps its home, its backend and its encryption", () => {
        const { variables, stateDir } = pulumiSetup(cache, { where: "PATH", env, login: "https://api.pulumi.com" });
        expect(Object.keys(variables)).to.have.members(["PULUMI_SKIP_UPDATE_CHECK", "PULUMI_NODEJS_TRANSPILE_ONLY"]);
        expect(stateDir).to.equal(undefined);
    });

    it("a person's own that is not logged in gets the lab's backend and passphrase, and keeps its home", () => {
        const { variables } = pulumiSetup(cache, { where: "PATH", env, login: undefined });
        expect(variables).to.include({
            PULUMI_BACKEND_URL: "file:///s/pulumi",
            PULUMI_CONFIG_PASSPHRASE_FILE: "/s/passphrase",
        });
        expect(variables).to.not.have.property("PULUMI_HOME");
    });

    it("another backend of the person's stays, with the lab's passphrase where none is given", () => {
        const own = { ...env, PULUMI_BACKEND_URL: "s3://bucket" };
        expect(pulumiSetup(cache, { where: "cache", env: own, login: undefined }).variables).to.not.have.property(
            "PULUMI_BACKEND_URL",
        );
        expect(pulumiSetup(cache, { where: "cache", env: own, login: undefined }).variables).to.have.property(
            "PULUMI_CONFIG_PASSPHRASE_FILE",
        );
        const given = { ...own, PULUMI_CONFIG_PASSPHRASE: "" };
        expect(pulumiSetup(cache, { where: "cache", env: given, login: undefined }).variables).to.not.have.property(
            "PULUMI_CONFIG_PASSPHRASE_FILE",
        );
    });

    it("comes out the same in a shell that has evaluated it already", () => {
        const first = pulumiSetup(cache, { where: "cache", env, login: undefined });
        const again = pulumiSetup(cache, { where: "cache", env: { ...env, ...first.variables }, login: undefined });
        expect(again.stateDir).to.equal(first.stateDir);
        expect(again.passphraseFile).to.equal(first.passphraseFile);
        expect({ ...first.variables, ...again.variables }).to.deep.equal(first.variables);
    });

    describe("before it is", () => {
        let folder: string;
        const setup = (where: "cache" | "PATH" = "cache") =>
            pulumiSetup(new Cache(join(folder, "c")), {
                where,
                env: { METAL3_SCALE_LAB_STATE: join(folder, "s") },
                login: undefined,
            });
        beforeEach(async () => {
            folder = await mkdtemp(join(tmpdir(), "lab-state-test-"));
        });
        afterEach(async () => {
            await rm(folder, { recursive: true });
        });

        it("the passphrase file is made once, for this user alone, and never replaced", async () => {
            await Promise.all([preparePulumiState(setup()), preparePulumiState(setup())]);
            const file = join(folder, "s", "passphrase");
            const first = await readFile(file, "utf8");
            expect((await stat(file)).mode & 0o777).to.equal(0o600);
            expect(first).to.match(/^[\w-]{32}\n$/);
            await preparePulumiState(setup());
            expect(await readFile(file, "utf8")).to.equal(first);
        });

        it("a file in the lab's home keeps Pulumi from logging there; a person's own home stays as it is", async () => {
            await preparePulumiState(setup("PATH"));
            expect(await readdir(folder)).to.deep.equal(["s"]);
            await preparePulumiState(setup());
            const logs = join(folder, "c", "pulumi-home", "logs");
            expect(await readFile(logs, "utf8")).to.contain("keeps Pulumi from logging");
            await preparePulumiState(setup());
            await rm(logs);
            await mkdir(logs);
            await preparePulumiState(setup());
            expect((await stat(logs)).isDirectory()).to.equal(true);
        });
    });
});
