import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { BenchFile } from "../../../cli/bench/file";
import { repoPath } from "../../../toolchain/paths";
import { FURTHER_CLASSES } from "../cluster-there";
import { lab as command } from "../harness";
import { SUBSTRATE } from "../substrate";

const FIGURES = ".lab/figures/e2e-bench.json";

/** Measures labs in a cluster that is there, with the kubeconfig alone. */
export function bench(): void {
    const [first, second] = FURTHER_CLASSES;
    const settings = (storageClass: string): string[] =>
        Object.entries({ ...SUBSTRATE.settings, storageClass }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const measure = async (storageClass: string, ...sizes: string[]): Promise<BenchFile["runs"][number]> => {
        const { code, output } = await command("bench", ...sizes, ...settings(storageClass), "--out", FIGURES);
        expect(code, output).to.equal(0);
        expect(output).to.include("the lab's parts are not on this machine: their CPU and memory are not measured");
        const [run] = (JSON.parse(readFileSync(repoPath(FIGURES), "utf8")) as BenchFile).runs;
        return run as BenchFile["runs"][number];
    };

    it("measures a lab there with its clusters, and leaves out what only its machine knows", async () => {
        const { up, growth, stages, destroy } = await measure(first, "--nodes", "2", "--clusters", "2");
        expect(up.seconds).to.be.above(growth.seconds);
        expect(growth.machine).to.equal(undefined);
        expect(stages.fleet.hostsProvisioned.count).to.equal(2);
        expect(stages.fleet.clustersAvailable.count).to.equal(2);
        expect(destroy?.seconds).to.be.above(0);
    });

    it("measures Ironic and the bare-metal operator alone: hosts without clusters", async () => {
        const { growth, ironicLatency, stages } = await measure(second, "--nodes", "2", "--clusters", "0");
        expect(growth.machine).to.equal(undefined);
        expect(ironicLatency).to.include({ isForwarded: true });
        expect(ironicLatency?.samples).to.have.length.above(0);
        expect(stages.fleet.hostsAvailable.count).to.equal(2);
    });

    it("refuses to measure what needs the machine: the lab at rest, the published lab, and conductors", async () => {
        for (const option of [["--idle", "60"], ["--reference"], ["--sizing"]]) {
            const { code, output } = await command("bench", "--nodes", "2", ...option, ...settings(first));
            expect(code, output).to.not.equal(0);
            expect(output).to.include(option[0]);
        }
    });
}
