import { mkdir, rename, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { duration } from "../lib/duration";
import type { Tuning } from "../plan/config/keys";
import { repoPath } from "../toolchain/paths";
import { BenchLab } from "./bench/lab";
import { questions, saveLogs } from "./bench/logs";
import { measure, type RunResult } from "./bench/measure";
import { benchSizes, settings, type BenchSize } from "./bench/options";
import { report } from "./bench/report";
import { checkResizing, resizeUnderLoad, type ResizeRun } from "./bench/resize";
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
    /** One lab through all sizes, each told before the one before is there. */
    underLoad: boolean;
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
    resizes: ResizeRun[];
}

/** `npm run bench`: labs of several sizes, measured one after another. The figures are written after each. @returns the exit code */
export async function bench(options: BenchOptions): Promise<number> {
    const given = settings(options.set);
    const machinesPerCluster = Number(given["controlPlaneNodes"] ?? 1) + Number(given["workerNodes"] ?? 0);
    const sizes = benchSizes({
        nodes: options.nodes,
        machinesPerCluster,
        ...(options.clusters ? { clusters: options.clusters } : {}),
    });
    if (options.grow && options.reference) {
        throw new Error("--grow, --reference: the published lab cannot grow, so the two do not go together");
    }
    if (options.underLoad && (options.grow || options.reference)) {
        throw new Error(
            "--under-load: it resizes one lab, of the lab's own way; --grow and --reference do not go together with it",
        );
    }
    if (options.underLoad) {
        checkResizing(sizes);
    }
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    const lab = new BenchLab(await session.ensure("up", options.stack), options.stack, options.parallel, say);
    const benchmark = new Benchmark(lab, options, given, say);
    await (options.underLoad ? benchmark.resize(sizes) : benchmark.measureAll(sizes));
    process.stdout.write(`${report(benchmark.file)}\n`);
    return 0;
}

class Benchmark {
    readonly file: BenchFile = {
        machine: { cpus: cpus().length, model: cpus()[0]?.model ?? "unknown", memoryBytes: totalmem() },
        runs: [],
        resizes: [],
    };
    private readonly out: string;

    constructor(
        private readonly lab: BenchLab,
        private readonly options: BenchOptions,
        private readonly given: Record<string, string>,
        private readonly say: (text: string) => void,
    ) {
        this.out = resolve(repoPath(), options.out);
    }

    async measureAll(sizes: readonly BenchSize[]): Promise<void> {
        const { options } = this;
        const plan = Array.from({ length: options.runs }, () => sizes).flat();
        for (const [index, size] of plan.entries()) {
            const last = index === plan.length - 1;
            const known = options.grow && index > 0 ? (plan[index - 1] as BenchSize).nodes : 0;
            await this.measureOne(size, "lab", known, last && !options.reference);
            if (options.reference) {
                await this.measureOne(size, "published", 0, last);
            }
        }
    }

    /** One lab through all sizes under load, as often as was asked for. */
    async resize(sizes: readonly BenchSize[]): Promise<void> {
        for (let done = 1; done <= this.options.runs; done++) {
            await this.fresh();
            this.file.resizes.push(await resizeUnderLoad(this.lab, sizes, { ...DEFAULT_SETTINGS, ...this.given }));
            await this.write();
            if (!this.options.keep || done < this.options.runs) {
                await this.lab.end();
            }
        }
    }

    private async measureOne(size: BenchSize, tuning: Tuning, known: number, last: boolean): Promise<void> {
        const { lab, options, say } = this;
        if (known === 0) {
            await this.fresh();
        }
        say(
            `== ${size.nodes} hosts, ${size.clusters} clusters, ${tuning === "published" ? "the published way" : "the lab's way"}`,
        );
        const own = { ...DEFAULT_SETTINGS, ...(tuning === "published" ? PUBLISHED_SETTINGS : {}), ...this.given };
        const before = yardstick();
        const result = await measure(lab, size, { tuning, settings: own, idleSeconds: options.idle, known });
        result.yardstickMs = [before, yardstick()];
        this.file.runs.push(result);
        await this.write();
        if (tuning === "lab") {
            await this.keepLogs(questions(result.stages));
        }
        say(`== up took ${duration(result.up.seconds * 1000)}; figures so far in ${options.out}`);
        if ((options.grow && !last) || (options.keep && last)) {
            return;
        }
        const destroy = await lab.end();
        if (destroy) {
            result.destroy = destroy;
        }
        await this.write();
    }

    private async fresh(): Promise<void> {
        await this.lab.end();
        await this.lab.begin();
    }

    /** Logs go with the lab: where something wants an explanation they are kept. */
    private async keepLogs(why: readonly string[]): Promise<void> {
        if (why.length === 0) {
            return;
        }
        const logs = this.out.replace(/(\.json)?$/, `-${this.file.runs.length}-logs.tar.gz`);
        await saveLogs(this.options.stack, logs);
        this.say(`to be explained: ${why[0]}${why.length > 1 ? ` and ${why.length - 1} more` : ""}; logs in ${logs}`);
    }

    /** Whole or not at all: a benchmark that is stopped keeps what it had. */
    private async write(): Promise<void> {
        await mkdir(dirname(this.out), { recursive: true });
        await writeFile(`${this.out}.new`, `${JSON.stringify(this.file, undefined, 1)}\n`);
        await rename(`${this.out}.new`, this.out);
    }
}
