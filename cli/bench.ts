import { mkdir, rename, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { repoPath } from "../toolchain/paths";
import { duration } from "../toolchain/progress";
import type { Tuning } from "../components/config/keys";
import { BenchLab } from "./bench/lab";
import { measure, type RunResult } from "./bench/measure";
import { benchSizes, settings, type BenchSize } from "./bench/options";
import { report } from "./bench/report";
import { yardstick } from "./bench/yardstick";
import { Session } from "./session";

export interface BenchOptions {
    stack: string;
    parallel: number;
    nodes: number[];
    clusters?: number[];
    /** Also in the published lab's way, for the ratio. */
    reference: boolean;
    /** One lab through all sizes. */
    grow: boolean;
    runs: number;
    idle: number;
    set: string[];
    out: string;
    keep: boolean;
}

/** What the published lab's hosts take to boot (reference: tunables), and sushy-tools to change their power. */
const PUBLISHED_SETTINGS = { fakeBootSeconds: "180-240", fakePowerSeconds: "1-11" };

/** A network that no default lab has, with room for thousands of hosts. */
const DEFAULT_SETTINGS = { provisioningCidr: "192.168.244.0/22" };

/** The file of figures. */
export interface BenchFile {
    machine: { cpus: number; model: string; memoryBytes: number };
    runs: RunResult[];
}

/** `npm run bench`: labs of several sizes, measured one after another. The figures are written after each. @returns the exit code */
export async function bench(options: BenchOptions): Promise<number> {
    const given = settings(options.set);
    const machinesPerCluster = Number(given["controlPlaneNodes"] ?? 1) + Number(given["workerNodes"] ?? 0);
    const sizes = benchSizes({ nodes: options.nodes, machinesPerCluster, ...(options.clusters ? { clusters: options.clusters } : {}) });
    if (options.grow && options.reference) throw new Error("--grow, --reference: the published lab cannot grow, so the two do not go together");
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    const ready = await session.ensure("up", options.stack);
    const lab = new BenchLab(ready, options.stack, options.parallel, say);
    const file: BenchFile = { machine: { cpus: cpus().length, model: cpus()[0]?.model ?? "unknown", memoryBytes: totalmem() }, runs: [] };

    const one = async (size: BenchSize, tuning: Tuning, known: number, last: boolean): Promise<void> => {
        const fresh = known === 0;
        if (fresh) {
            await lab.end();
            await lab.begin();
        }
        say(`== ${size.nodes} hosts, ${size.clusters} clusters, ${tuning === "published" ? "the published way" : "the lab's way"}`);
        const own = { ...DEFAULT_SETTINGS, ...(tuning === "published" ? PUBLISHED_SETTINGS : {}), ...given };
        const before = yardstick();
        const result = await measure(lab, size, { tuning, settings: own, idleSeconds: options.idle, known });
        result.yardstickMs = [before, yardstick()];
        file.runs.push(result);
        await write(options.out, file);
        say(`== up took ${duration(result.up.seconds * 1000)}; figures so far in ${options.out}`);
        if (!options.grow || last) {
            if (options.keep && last) return;
            const destroy = await lab.end();
            if (destroy) result.destroy = destroy;
            await write(options.out, file);
        }
    };

    const plan = Array.from({ length: options.runs }, () => sizes).flat();
    for (const [index, size] of plan.entries()) {
        const last = index === plan.length - 1;
        const known = options.grow && index > 0 ? (plan[index - 1] as BenchSize).nodes : 0;
        await one(size, "lab", known, last && !options.reference);
        if (options.reference) await one(size, "published", 0, last);
    }
    process.stdout.write(`${report(file)}\n`);
    return 0;
}

/** Whole or not at all: a benchmark that is stopped keeps what it had. */
async function write(out: string, file: BenchFile): Promise<void> {
    const path = resolve(repoPath(), out);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, `${JSON.stringify(file, undefined, 1)}\n`);
    await rename(`${path}.new`, path);
}
