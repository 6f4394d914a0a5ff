import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { duration } from "../../lib/duration";
import { errorText } from "../../lib/error-text";
import { machineFacts } from "../../lib/machine-facts";
import { replaceFile } from "../../lib/replace-file";
import { DEFAULT_STACK, npmRun } from "../../plan/commands";
import type { Tuning } from "../../plan/config/keys";
import { PUBLISHED_LAB } from "../../plan/profiles";
import { repoPath } from "../../toolchain/paths";
import { calibrate } from "./calibration";
import { measureElsewhere } from "./compare/other-checkout";
import { sideText, type Side } from "./compare/sides";
import type { BenchFile, RunResult } from "./file";
import { probeSeconds } from "./ironic-probe";
import { currentCommit, type BenchLab } from "./lab";
import { saveLogs, unexplained } from "./logs";
import { measure } from "./measure";
import type { BenchOptions, BenchSize } from "./options";
import { benchCommand, newRecorder } from "./recording/new-recorder";
import type { Recorder } from "./recording/recorder";
import { resizeUnderLoad } from "./resize";
import { RealSizingLab } from "./sizing/lab";
import type { SizingRow } from "./sizing/row";
import { runSizing } from "./sizing/run";
import { waitingSeconds, type SizingStep } from "./sizing/steps";

/** Makes labs one after another and measures them. The file of figures is written after each. */
export class Benchmark {
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
            const before = options.grow ? plan[index - 1]?.size : undefined;
            await this.measureOne(size, side, "lab", before, last && !options.reference);
            if (options.reference) {
                await this.measureOne(size, side, "published", undefined, last);
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

    /** @param before size that the lab has; undefined: it is made from nothing */
    private async measureOne(
        size: BenchSize,
        side: Side,
        tuning: Tuning,
        before: BenchSize | undefined,
        last: boolean,
    ): Promise<void> {
        const { lab, options, say } = this;
        const existing = before?.nodes ?? 0;
        if (existing === 0) {
            await this.freshStack();
        }
        const way = tuning === "published" ? "the published lab's way" : "the lab's own way";
        say(
            `== ${size.nodes} hosts, ${size.clusters} clusters, ${side.name ? `${side.name}: ${sideText(side)}` : way}`,
        );
        const name = side.name === undefined ? {} : { side: side.name };
        if (side.checkout !== undefined) {
            this.file.runs.push({ ...(await measureElsewhere(side.checkout, size, side, options)), ...name });
            await this.write();
            return;
        }
        const own = { ...this.settings.defaults, ...(tuning === "published" ? PUBLISHED_LAB : {}), ...side.settings };
        const calibrationMs = calibrate();
        const grown = existing > 0 ? { existing, existingClusters: before?.clusters ?? 0 } : {};
        const about = {
            ...name,
            ...grown,
            tuning,
            settings: own,
            calibrationMs,
            command: benchCommand(size, own),
        };
        const record = side.isRecorded
            ? await newRecorder(lab, size, about, probeSeconds(size.clusters, lab.place))
            : undefined;
        const recorder = record?.recorder;
        const settings = { tuning, settings: own, idleSeconds: options.idle, existing, recorder };
        const measured = measure(lab, size, settings).catch(async (error: unknown) => {
            await recorder?.fail(errorText(error));
            throw error;
        });
        const result: RunResult = { ...name, ...(await measured) };
        result.calibrationMs = [calibrationMs, calibrate()];
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
        if (record !== undefined) {
            this.endRecord(record, result);
        }
    }

    private endRecord({ file, recorder }: { file: string; recorder: Recorder }, result: RunResult): void {
        recorder.end(result);
        if (recorder.lastError !== "") {
            this.say(`not all metrics could be read, the last time because: ${recorder.lastError}`);
        }
        this.records.push(file);
        this.say(`== the record of the run is in ${file}: ${npmRun("report", DEFAULT_STACK, file)} draws it`);
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
        await replaceFile(this.out, `${JSON.stringify(this.file, undefined, 1)}\n`);
    }
}
