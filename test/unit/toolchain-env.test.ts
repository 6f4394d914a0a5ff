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

describe("The environment that npm run env prints", () => {
    it("quotes any text so that a shell reads it back unchanged", () => {
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

    it("sets variables and puts the lab's folder on PATH once, also when it is evaluated twice", () => {
        const lines = exportLines({ A: "it's $HOME", B: "plain" }, "/my cache/bin").join("\n");
        const script = `${lines}\n${lines}\nprintf '%s|%s|%s' "$A" "$B" "$PATH"`;
        expect(sh(script)).to.equal("it's $HOME|plain|/my cache/bin:/usr/bin:/bin");
    });

    it("names folders by the lab's own variables, else by XDG's, else in the home", () => {
        expect(cacheRoot({ METAL3_SCALE_LAB_CACHE: "/c" })).to.equal("/c");
        expect(cacheRoot({ XDG_CACHE_HOME: "/x" })).to.equal("/x/metal3-scale-lab");
        expect(cacheRoot({ XDG_CACHE_HOME: "relative" })).to.match(/\/\.cache\/metal3-scale-lab$/);
        expect(stateRoot({ XDG_STATE_HOME: "/s" })).to.equal("/s/metal3-scale-lab");
        expect(stateRoot({ METAL3_SCALE_LAB_STATE: "/t", XDG_STATE_HOME: "/s" })).to.equal("/t");
    });

    it("does not count the lab's and npm's folders as tools that the person has installed", () => {
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
        it(`finds the version ${version} in "${text.trim()}"`, () => expect(versionIn(text)).to.equal(version));
    }
});

describe("The environment of Pulumi", () => {
    const cache = new Cache("/c");
    const env = { METAL3_SCALE_LAB_STATE: "/s" };

    it("gives the lab's own Pulumi a home in the cache, a state folder and a passphrase file", () => {
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

    it("leaves home, backend and encryption of a person's Pulumi that is logged in to Pulumi Cloud", () => {
        const { variables, stateDir } = pulumiSetup(cache, { where: "PATH", env, login: "https://api.pulumi.com" });
        expect(Object.keys(variables)).to.have.members(["PULUMI_SKIP_UPDATE_CHECK", "PULUMI_NODEJS_TRANSPILE_ONLY"]);
        expect(stateDir).to.equal(undefined);
    });

    it("gives a person's Pulumi that is not logged in the lab's backend and passphrase, and leaves its home", () => {
        const { variables } = pulumiSetup(cache, { where: "PATH", env, login: undefined });
        expect(variables).to.include({
            PULUMI_BACKEND_URL: "file:///s/pulumi",
            PULUMI_CONFIG_PASSPHRASE_FILE: "/s/passphrase",
        });
        expect(variables).to.not.have.property("PULUMI_HOME");
    });

    it("leaves another backend, and gives it the lab's passphrase only where the person has set none", () => {
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

    it("is the same in a shell that has evaluated it already", () => {
        const first = pulumiSetup(cache, { where: "cache", env, login: undefined });
        const again = pulumiSetup(cache, { where: "cache", env: { ...env, ...first.variables }, login: undefined });
        expect(again.stateDir).to.equal(first.stateDir);
        expect(again.passphraseFile).to.equal(first.passphraseFile);
        expect({ ...first.variables, ...again.variables }).to.deep.equal(first.variables);
    });

    describe("The state of Pulumi", () => {
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

        it("has one passphrase file, which only this user may read and nobody replaces", async () => {
            await Promise.all([preparePulumiState(setup()), preparePulumiState(setup())]);
            const file = join(folder, "s", "passphrase");
            const first = await readFile(file, "utf8");
            expect((await stat(file)).mode & 0o777).to.equal(0o600);
            expect(first).to.match(/^[\w-]{32}\n$/);
            await preparePulumiState(setup());
            expect(await readFile(file, "utf8")).to.equal(first);
        });

        it("has a file that keeps Pulumi from logging in the lab's home; a person's own home gets none", async () => {
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
