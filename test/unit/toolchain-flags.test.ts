import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect } from "chai";
import { installInput } from "../../components/cluster-api";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { Cache } from "../../toolchain/cache/cache";
import { goBinaryPath } from "../../toolchain/go/build";
import { builtAs, imageRecipe } from "../../toolchain/images/recipes";
import { cacheRoot } from "../../toolchain/paths";
import { skipBecause } from "../skip";

const cache = new Cache(cacheRoot());

/**
 * Flags that a program knows, as its own `--help` lists them: `  -v, --v Level` (pflag) or `  -v int` (Go's flag
 * package).
 */
function knownFlags(program: string): string[] {
    const { stdout, stderr } = spawnSync(program, ["--help"], { encoding: "utf8", timeout: 20_000 });
    return [...`${stdout}${stderr}`.matchAll(/^ +(?:-\w, )?--?([a-z0-9][\w-]*)/gm)].map(([, name]) => name as string);
}

/**
 * The arguments that `clusterctl init` is told for each controller. The image's name is the name of its program, too.
 */
function told(tuning: string): Record<string, { image: { repository: string }; args: Record<string, unknown> }> {
    const config = validate({ tuning });
    const images = new Images({ source: "build", overrides: {} });
    const input = installInput({ config, images, plan: plan(config, "dev") }, "kubeconfig", { cert: "c", key: "k" });
    return (JSON.parse(input) as { controllers: ReturnType<typeof told> }).controllers;
}

describe("A controller that the lab builds", () => {
    const programs = Object.entries(told("lab")).flatMap(([key, { image }]) => {
        const name = image.repository.split("/").at(-1) as string;
        const others = Object.keys(imageRecipe(name).versions ?? {}).map((version) => builtAs(name, version));
        // Of other versions, those that this machine has.
        const there = others.filter((each) => existsSync(goBinaryPath(cache, each)));
        return [name, ...there].map((each) => ({ key, name: each }));
    });
    for (const { key, name } of programs) {
        it(`${name} accepts the lab's flags`, function () {
            const program = goBinaryPath(cache, name);
            if (!existsSync(program)) {
                skipBecause(this, "the cache does not hold it, which `npm run setup` builds");
            }
            const known = knownFlags(program);
            for (const tuning of ["lab", "published"]) {
                expect(known, tuning).to.include.members(Object.keys(told(tuning)[key]?.args ?? {}));
            }
        });
    }

    it("baremetal-operator accepts the lab's flags", function () {
        const program = goBinaryPath(cache, "baremetal-operator");
        if (!existsSync(program)) {
            skipBecause(this, "the cache does not hold it, which `npm run setup` builds");
        }
        // components/bare-metal-operator.ts and plan/manifests/bmo.ts.
        const flags = ["kube-api-qps", "kube-api-burst", "enable-leader-election"];
        expect(knownFlags(program)).to.include.members(flags);
    });
});
