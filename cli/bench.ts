import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { duration } from "../lib/duration";
import { errorText } from "../lib/error-text";
import { machineFacts } from "../lib/machine-facts";
import { DEFAULT_STACK, npmRun } from "../plan/commands";
import type { Tuning } from "../plan/config/keys";
import { PUBLISHED_LAB } from "../plan/profiles";
import { repoPath } from "../toolchain/paths";
import { calibrate } from "./bench/calibration";
import { measureElsewhere } from "./bench/compare/other-checkout";
import { sidesOf, sideText, type Side } from "./bench/compare/sides";
import type { BenchFile, RunResult } from "./bench/file";
import { probeSeconds } from "./bench/ironic-probe";
import { BenchLab, currentCommit, labPlace, type LabPlace } from "./bench/lab";
import { saveLogs, unexplained } from "./bench/logs";
import { measure } from "./bench/measure";
import { benchSizes, checkWays, nodesOf, settings, type BenchOptions, type BenchSize } from "./bench/options";
import { benchCommand, newRecorder } from "./bench/recording/new-recorder";
import { report } from "./bench/report/report";
import { checkResizing, resizeUnderLoad } from "./bench/resize";
import { planOf, RealSizingLab } from "./bench/sizing/lab";
import { checkSizing, sizingPlan } from "./bench/sizing/options";
import type { SizingRow } from "./bench/sizing/row";
import { runSizing } from "./bench/sizing/run";
import { sizingSteps, waitingSeconds, type SizingStep } from "./bench/sizing/steps";
import { judged, readLimits } from "./report";
import { Session } from "./session";

/** Of a lab on this machine: a network that no lab has by default, with room for about a thousand addresses. */
export const DEFAULT_SETTINGS = { provisioningCidr: "192.168.244.0/22" };

/**
 * `npm run bench`: makes labs of several sizes one after another and measures them. The file of figures is written
 * after each lab.
 * @returns the exit code.
 */
export async function bench(options: BenchOptions): Promise<number> {
    const given = settings(options.set);
    const place = labPlace(given);
    checkSizing(options, given, place);
    const defaults = place.isHere ? DEFAULT_SETTINGS : {};
    const way = options.sizing ? waySizing(options, { ...defaults, ...given }) : waySizes(options, given, place);
    const limits = await readLimits(options.thresholds);
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    let ready = await session.ensure("up", options.stack, given);
    // The other side may have other images. Another checkout makes its own.
    for (const side of way.further) {
        ready = await session.ensure("up", options.stack, side.settings);
    }
    if (!place.isHere) {
        say("the lab's parts are not on this machine: their CPU and memory are not measured, and no logs are kept");
    }
    const lab = new BenchLab(ready, options.stack, options.parallel, say, place);
    const benchmark = new Benchmark(lab, options, { defaults, given }, say);
    await way.go(benchmark);
    process.stdout.write(`${report(benchmark.file)}\n`);
    return options.thresholds === undefined ? 0 : judged(benchmark.records, limits, options.junit);
}

/** What a benchmark measures. */
interface Way {
    /** Labs beside the first one whose parts this checkout has to make as well. */
    further: readonly Side[];
    go: (benchmark: Benchmark) => Promise<void>;
}

/** @throws UserError with what contradicts itself, before anything is made */
function waySizes(options: BenchOptions, given: Record<string, string>, place: LabPlace): Way {
    const machinesPerCluster = Number(given["controlPlaneNodes"] ?? 1) + Number(given["workerNodes"] ?? 0);
    const { clusters } = options;
    const sizes = benchSizes({ nodes: nodesOf(options), machinesPerCluster, ...(clusters ? { clusters } : {}) });
    checkWays(options, place);
    const sides = sidesOf(options);
    if (options.underLoad) {
        checkResizing(sizes);
    }
    return {
        further: sides.slice(1).filter(({ checkout }) => checkout === undefined),
        go: (benchmark) => (options.underLoad ? benchmark.resize(sizes) : benchmark.measureAll(sizes, sides)),
    };
}

/** @throws UserError when the configuration of a lab cannot work, before anything is made */
function waySizing(options: BenchOptions, common: Record<string, string>): Way {
    const steps = sizingSteps(sizingPlan(options), options.keep);
    for (const step of steps.filter((each) => each.do === "measure")) {
        planOf(step.point, common, options.stack);
    }
    return { further: [], go: (benchmark) => benchmark.size(steps) };
}

class Benchmark {
    /** Files of the records of the runs, from the top of the checkout. */
    readonly records: string[] = [];
    readonly file: BenchFile = {
        machine: machineFacts(),
        runs: [],
        resizes: [],
    };
    private readonly out: string;

    constructor(
        private readonly lab: BenchLab,
        private readonly options: BenchOptions,
        /** Configuration of all labs: what a benchmark has by default, and what was given. */
        private readonly settings: { defaults: Record<string, string>; given: Record<string, string> },
        private readonly say: (text: string) => void,
    ) {
        this.out = resolve(repoPath(), options.out);
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
        const { defaults, given } = this.settings;
        for (let done = 1; done <= this.options.runs; done++) {
            await this.freshStack();
            this.file.resizes.push(await resizeUnderLoad(this.lab, sizes, { ...defaults, ...given }));
            await this.write();
            if (!this.options.keep || done < this.options.runs) {
                await this.lab.end();
            }
        }
    }

    /** Goes a way through labs of several numbers of hosts and of conductors. */
    async size(steps: readonly SizingStep[]): Promise<void> {
        const common = { ...this.settings.defaults, ...this.settings.given };
        const lab = new RealSizingLab(this.lab, common, this.say);
        const waiting = waitingSeconds(steps, (point) => lab.interval(point));
        this.say(`the labs are measured at rest for ${duration(waiting * 1000)} in all; making them comes on top`);
        const rows: SizingRow[] = [];
        this.file.sizing = { settings: common, commit: await currentCommit(), rows };
        await runSizing(steps, lab, rows, () => this.write());
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
        const own = { ...this.settings.defaults, ...(tuning === "published" ? PUBLISHED_LAB : {}), ...side.settings };
        const before = calibrate();
        const grown = existing > 0 ? { existing } : {};
        const about = {
            ...name,
            ...grown,
            tuning,
            settings: own,
            calibrationMs: before,
            command: benchCommand(size, own),
        };
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
