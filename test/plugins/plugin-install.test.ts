/**
 * Which plugin the toolchain installs, with a Pulumi CLI that only notes what it is asked for and puts a file in place.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Cache } from "../../toolchain/cache/cache";
import { ensurePlugins, installedPlugin, planPlugins, PluginPlan, pluginsHome } from "../../toolchain/pulumi/plugins";
import { REMEMBER_MS } from "../../toolchain/reachable";

const VERSION = "4.21.2";

describe("the plugins that the toolchain installs", () => {
    let root: string;
    let home: string;
    const before = process.env["METAL3_SCALE_LAB_PLUGINS"];

    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "plugin-install-test-"));
        home = join(root, "home");
        // It is called with `plugin install resource NAME VERSION`, and `--file FILE` for one that is not to be
        // downloaded.
        const script = `#!/bin/sh -e
dir="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir -p "$dir"
if [ "$6" = --file ]; then cp "$7" "$dir/pulumi-resource-$4"; else echo official >"$dir/pulumi-resource-$4"; fi
`;
        await writeFile(join(root, "pulumi"), script, { mode: 0o755 });
        // No probe of the network: the last one has just failed.
        await writeFile(join(root, "plugin-downloads.json"), JSON.stringify({ failed: Date.now() + REMEMBER_MS }));
    });
    afterEach(async () => {
        if (before === undefined) {
            delete process.env["METAL3_SCALE_LAB_PLUGINS"];
        } else {
            process.env["METAL3_SCALE_LAB_PLUGINS"] = before;
        }
        await rm(root, { recursive: true, force: true });
    });

    /** One run of the toolchain, for the random plugin alone. @returns what it had planned */
    async function runWith(source: string): Promise<PluginPlan["do"] | undefined> {
        process.env["METAL3_SCALE_LAB_PLUGINS"] = source;
        const plans = (await planPlugins(root, home)).filter(({ name }) => name === "random");
        await ensurePlugins(plans, {
            cache: new Cache(root),
            pulumi: join(root, "pulumi"),
            pulumiHome: home,
            buildFromSource: (target) => Promise.reject(new Error(`nobody asked for ${target}`)),
            log: join(root, "log"),
        });
        return plans[0]?.do;
    }
    const installed = (): Promise<string> => readFile(installedPlugin(pluginsHome(home), "random", VERSION), "utf8");

    it("are replacements where none can be downloaded, and stay so", async () => {
        expect(await runWith("auto")).to.equal("ours");
        expect(await installed()).to.match(/^#!\/usr\/bin\/env node/);
        expect(await runWith("auto")).to.equal("ours");
        expect(await installed()).to.match(/^#!\/usr\/bin\/env node/);
    });

    it("are official from the time on that a download has replaced ours: the next run leaves them alone", async () => {
        await runWith("auto");
        expect(await runWith("official")).to.equal("download");
        expect(await installed()).to.equal("official\n");
        expect(await runWith("official")).to.equal("nothing");
        expect(await runWith("auto")).to.equal("nothing");
        expect(await installed()).to.equal("official\n");
        expect(JSON.parse(await readFile(join(pluginsHome(home), ".metal3-scale-lab.json"), "utf8"))).to.deep.equal({});
    });

    it("are replacements again where a person says so", async () => {
        await runWith("official");
        expect(existsSync(join(pluginsHome(home), ".metal3-scale-lab.json"))).to.equal(false);
        expect(await runWith("replacement")).to.equal("ours");
        expect(await installed()).to.match(/^#!\/usr\/bin\/env node/);
    });
});
