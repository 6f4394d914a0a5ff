import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../../lib/error-text";
import { DEFAULT_STACK, npmRun } from "../../../plan/commands";
import { HOSTS } from "../../../tasks/wait-for-fleet/reader";
import { GrowthWatch } from "../growth";
import type { LabPlace } from "../lab";
import { ManagementCluster } from "../management";
import { ProcessMeter } from "../process-meter";
import { stagesOf } from "../stages-of";
import { newRecorder } from "./new-recorder";
import type { Recorder } from "./recorder";
import type { Outcome } from "./result-lines";

/** What an `up` that is recorded is to bring the lab to. */
export interface UpTarget {
    stack: string;
    place: LabPlace;
    hosts: number;
    clusters: number;
    tuning: string;
    /** Configuration beside the sizes. */
    settings: Record<string, string>;
}

/** What the record of an `up` holds. */
export interface RecordedUp {
    file: string;
    /** Most memory that the lab took, GiB; null where it is not on this machine. */
    gib: number | null;
}

/** Longest wait for the answer of a cluster that may not run. */
const THERE_MS = 5000;

/**
 * The record of an `up` of a lab that has no hosts yet. A lab that has some is not recorded: to see the first new one
 * among a thousand costs too much. Nothing of a record may make the `up` fail: what goes wrong is said, and there is no
 * record, or a part of one.
 */
export class UpRecording {
    private readonly began = Date.now();
    private watch: GrowthWatch | undefined;
    private record: { file: string; recorder: Recorder } | undefined;
    private meter: ProcessMeter | undefined;
    private isBegun = false;

    constructor(
        private readonly target: UpTarget,
        private readonly say: (text: string) => void,
    ) {}

    get stack(): string {
        return this.target.stack;
    }

    get place(): LabPlace {
        return this.target.place;
    }

    get cluster(): ManagementCluster | undefined {
        return ManagementCluster.of(this.stack, this.place.namespace);
    }

    get pulumiCpuSeconds(): number {
        return this.meter?.usage.cpuSeconds ?? 0;
    }

    /** Begins to wait for the first host, unless there is one. Called before `pulumi up`. */
    async begin(): Promise<void> {
        if (this.target.hosts > 0 && !(await this.hasHosts())) {
            this.watch = new GrowthWatch(
                this,
                0,
                (cluster) => this.firstHost(cluster),
                (sample) => this.record?.recorder.sample(sample),
            );
        }
    }

    /** Measures Pulumi. @param pid of its process */
    started(pid: number): void {
        this.meter = new ProcessMeter(pid);
    }

    /**
     * Ends the record.
     * @param code Pulumi's exit code
     * @returns what was recorded; undefined: nothing, or not until the end
     */
    async end(code: number): Promise<RecordedUp | undefined> {
        const usage = this.meter?.stop() ?? { cpuSeconds: 0, peakMemoryBytes: 0 };
        const up = { seconds: (Date.now() - this.began) / 1000, ...usage };
        try {
            const growth = await this.watch?.end();
            const { record, cluster } = this;
            if (growth === undefined || record === undefined || cluster === undefined) {
                return undefined;
            }
            await finish(record.recorder, code, async () => ({
                stages: await stagesOf(cluster, growth, 0),
                growth,
                up,
            }));
            this.say(
                `the record of this run is in ${record.file}: ${npmRun("report", DEFAULT_STACK, record.file)} draws it`,
            );
            const { machine } = growth;
            return { file: record.file, gib: machine ? (machine.peakBytes - machine.bytesBefore) / 2 ** 30 : null };
        } catch (error) {
            // Without a host there is nothing to record, and the watch ends with that error.
            if (this.isBegun) {
                this.say(`this run has no whole record: ${errorText(error)}`);
            }
            return undefined;
        }
    }

    /** Whether the lab has hosts. A lab that stands still, or is not there any more, does not answer in time. */
    private async hasHosts(): Promise<boolean> {
        const { cluster } = this;
        if (cluster === undefined) {
            return false;
        }
        const count = cluster.list(HOSTS, 1).then(
            ({ length }) => length,
            () => 0,
        );
        return (await Promise.race([count, sleep(THERE_MS, 0, { ref: false })])) > 0;
    }

    private async firstHost(cluster: ManagementCluster): Promise<void> {
        this.isBegun = true;
        const { stack, place, hosts, clusters, tuning, settings } = this.target;
        const about = { tuning, settings, calibrationMs: null, command: npmRun("up", stack) };
        this.record = await newRecorder({ stack, place }, { nodes: hosts, clusters }, about, undefined);
        this.record.recorder.firstHost(cluster, clusters > 0);
    }
}

/** Writes the end of a record. @param outcome reads what has become of the lab */
async function finish(recorder: Recorder, code: number, outcome: () => Promise<Outcome>): Promise<void> {
    await recorder.stopSampling();
    if (code === 0) {
        recorder.finish(await outcome());
        recorder.end();
    } else {
        await recorder.fail(`pulumi up ended with exit code ${code}`);
    }
}
