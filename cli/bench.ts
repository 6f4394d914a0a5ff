import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { duration } from "../lib/duration";
import { errorText } from "../lib/error-text";
import { DEFAULT_STACK, npmRun } from "../plan/commands";
import type { Tuning } from "../plan/config/keys";
import { PUBLISHED_LAB } from "../plan/profiles";
import { repoPath } from "../toolchain/paths";
import { calibrate } from "./bench/calibration";
import { measureElsewhere } from "./bench/compare/other-checkout";
import { sidesOf, sideText, type Side } from "./bench/compare/sides";
import type { BenchFile, RunResult } from "./bench/file";
import { probeSeconds } from "./bench/ironic-probe";
import { BenchLab, labPlace } from "./bench/lab";
import { saveLogs, unexplained } from "./bench/logs";
import { measure } from "./bench/measure";
import { benchSizes, checkWays, settings, type BenchOptions, type BenchSize } from "./bench/options";
import { benchCommand, newRecorder } from "./bench/recording/new-recorder";
import { report } from "./bench/report/report";
import { checkResizing, resizeUnderLoad } from "./bench/resize";
import { parseRecord } from "./record/record";
import { readLimits, verdictText, writeJunit } from "./report";
import { hasFailed, type Limit } from "./report/limits/limit";
import { reported } from "./report/report";
import { Session } from "./session";

/** Of a lab on this machine: a network that no lab has by default, with room for about a thousand addresses. */
const DEFAULT_SETTINGS = { provisioningCidr: "192.168.244.0/22" };

/**
 * `npm run bench`: makes labs of several sizes one after another and measures them. The file of figures is written
 * after each lab.
 * @returns the exit code.
 */
export async function bench(options: BenchOptions): Promise<number> {
    const given = settings(options.set);
    const machinesPerCluster = Number(given["controlPlaneNodes"] ?? 1) + Number(given["workerNodes"] ?? 0);
    const sizes = benchSizes({
        nodes: options.nodes,
        machinesPerCluster,
        ...(options.clusters ? { clusters: options.clusters } : {}),
    });
    const place = labPlace(given);
    checkWays(options, place);
    const sides = sidesOf(options);
    const limits = await readLimits(options.thresholds);
    if (options.underLoad) {
        checkResizing(sizes);
    }
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    let ready = await session.ensure("up", options.stack, given);
    // The other side may have other images. Another checkout makes its own.
    for (const side of sides.slice(1).filter(({ checkout }) => checkout === undefined)) {
        ready = await session.ensure("up", options.stack, side.settings);
    }
    if (!place.isHere) {
        say("the lab's parts are not on this machine: their CPU and memory are not measured, and no logs are kept");
    }
    const lab = new BenchLab(ready, options.stack, options.parallel, say, place);
    const benchmark = new Benchmark(lab, options, given, say);
    await (options.underLoad ? benchmark.resize(sizes) : benchmark.measureAll(sizes, sides));
    process.stdout.write(`${report(benchmark.file)}\n`);
    return options.thresholds === undefined ? 0 : judged(benchmark.records, limits, options.junit);
}

/** Holds the runs against the limits, and says what has come of it. @returns the exit code */
async function judged(records: readonly string[], limits: readonly Limit[], file: string | undefined): Promise<number> {
    const runs = await Promise.all(
        records.map(async (path) => {
            const record = parseRecord(await readFile(repoPath(path), "utf8"), path);
            return reported(record.header.side ?? "", record, limits);
        }),
    );
    if (file !== undefined) {
        await writeJunit(file, runs);
    }
    process.stdout.write(`${verdictText({ runs })}\n`);
    return runs.some((run) => hasFailed(run.limits)) ? 1 : 0;
}

class Benchmark {
    /** Files of the records of the runs, from the top of the checkout. */
    readonly records: string[] = [];
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

    private get defaults(): Record<string, string> {
        return this.lab.place.isHere ? DEFAULT_SETTINGS : {};
    }

    /** @param sides what each size is measured with, in turn */
    async measureAll(sizes: readonly BenchSize[], sides: readonly Side[]): Promise<void> {
        const { options } = this;
        const [a, b] = sides;
        if (a !== undefined && b !== undefined) {
            this.file.sides = { A: sideText(a), B: sideText(b) };
        }
        const once = sizes.flatMap((size) => sides.map((side) => ({ size, side })));
        const plan = Array.from({ length: options.runs }, () => once).flat();
        for (const [index, { size, side }] of plan.entries()) {
            const last = index === plan.length - 1;
            const existing = options.grow && index > 0 ? (plan[index - 1]?.size.nodes ?? 0) : 0;
            await this.measureOne(size, side, "lab", existing, last && !options.reference);
            if (options.reference) {
                await this.measureOne(size, side, "published", 0, last);
            }
        }
    }

    /** Brings one lab to all sizes under load, `runs` times. */
    async resize(sizes: readonly BenchSize[]): Promise<void> {
        for (let done = 1; done <= this.options.runs; done++) {
            await this.freshStack();
            this.file.resizes.push(await resizeUnderLoad(this.lab, sizes, { ...this.defaults, ...this.given }));
            await this.write();
            if (!this.options.keep || done < this.options.runs) {
                await this.lab.end();
            }
        }
    }

    private async measureOne(
        size: BenchSize,
        side: Side,
        tuning: Tuning,
        existing: number,
        last: boolean,
    ): Promise<void> {
        const { lab, options, say } = this;
        if (existing === 0) {
            await this.freshStack();
        }
        const way = tuning === "published" ? "the published lab's way" : "the lab's own way";
        say(
            `== ${size.nodes} hosts, ${size.clusters} clusters, ${side.name ? `${side.name}: ${sideText(side)}` : way}`,
        );
        const name = side.name === undefined ? {} : { side: side.name };
        if (side.checkout !== undefined) {
            this.file.runs.push({ ...(await measureElsewhere(side.checkout, size, side.settings, options)), ...name });
            await this.write();
            return;
        }
        const own = { ...this.defaults, ...(tuning === "published" ? PUBLISHED_LAB : {}), ...side.settings };
        const before = calibrate();
        const about = { ...name, tuning, settings: own, calibrationMs: before, command: benchCommand(size, own) };
        const { file, recorder } = await newRecorder(lab, size, about, probeSeconds(size.clusters, lab.place));
        const settings = { tuning, settings: own, idleSeconds: options.idle, existing, recorder };
        const measured = measure(lab, size, settings).catch(async (error: unknown) => {
            await recorder.fail(errorText(error));
            throw error;
        });
        const result: RunResult = { ...name, ...(await measured) };
        result.calibrationMs = [before, calibrate()];
        this.file.runs.push(result);
        await this.write();
        if (tuning === "lab" && lab.place.isHere) {
            await this.keepLogs(unexplained(result.stages));
        }
        say(`== up took ${duration(result.up.seconds * 1000)}; figures so far in ${options.out}`);
        if (!(options.grow && !last) && !(options.keep && last)) {
            const destroy = await lab.end();
            if (destroy) {
                result.destroy = destroy;
            }
            await this.write();
        }
        recorder.end(result);
        if (recorder.lastError !== "") {
            say(`not all metrics could be read, the last time because: ${recorder.lastError}`);
        }
        this.records.push(file);
        say(`== the record of the run is in ${file}: ${npmRun("report", DEFAULT_STACK, file)} draws it`);
    }

    private async freshStack(): Promise<void> {
        await this.lab.end();
        await this.lab.begin();
    }

    /** Keeps the logs, which would go with the lab, when a part of the run needs an explanation. */
    private async keepLogs(reasons: readonly string[]): Promise<void> {
        if (reasons.length === 0) {
            return;
        }
        const logs = this.out.replace(/(\.json)?$/, `-${this.file.runs.length}-logs.tar.gz`);
        await saveLogs(this.options.stack, logs);
        const more = reasons.length > 1 ? ` and ${reasons.length - 1} more` : "";
        this.say(`needs an explanation: ${reasons[0]}${more}; logs in ${logs}`);
    }

    /** Replaces the file of figures as a whole, so that a benchmark which is stopped keeps its earlier figures. */
    private async write(): Promise<void> {
        await mkdir(dirname(this.out), { recursive: true });
        await writeFile(`${this.out}.new`, `${JSON.stringify(this.file, undefined, 1)}\n`);
        await rename(`${this.out}.new`, this.out);
    }
}
