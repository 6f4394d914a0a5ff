import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../../lib/error-text";
import type { CustomKind } from "../../../lib/kubernetes";
import { DEFAULT_STACK, npmRun } from "../../../plan/commands";
import { clusterName, hostName } from "../../../plan/identities";
import { CLUSTERS, HOSTS } from "../../../tasks/wait-for-fleet/reader";
import { anyOf, GrowthWatch, moreHostsThan, type HasBegun } from "../growth";
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
    /** Numbers of hosts and clusters. */
    hosts: number;
    clusters: number;
    tuning: string;
    /** Configuration beside the sizes. */
    settings: Record<string, string>;
}

/** What the record of an `up` holds. */
export interface RecordedUp {
    file: string;
    /** Most memory that the lab took, GiB; null where it is not on this machine, or was there before. */
    gib: number | null;
}

/** Longest wait for the answer of a cluster that may not run. */
const THERE_MS = 5000;

/** Names of a lab's hosts and clusters. */
interface Names {
    hosts: string[];
    clusters: string[];
}

const NOTHING: Names = { hosts: [], clusters: [] };

/**
 * The record of an `up` that makes hosts or clusters, in a lab that has none or some already. Nothing of a record may
 * make the `up` fail: what goes wrong is said, and there is no record, or a part of one.
 */
export class UpRecording {
    private readonly began = Date.now();
    private watch: GrowthWatch | undefined;
    private record: { file: string; recorder: Recorder } | undefined;
    private meter: ProcessMeter | undefined;
    private isBegun = false;
    /** When the run began, where there were hosts before; and how many of what is wanted there was. */
    private since: Date | undefined;
    private existing = { hosts: 0, clusters: 0 };

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

    /** Begins to wait for the first new host, or cluster, if there is to be one. Called before `pulumi up`. */
    async begin(): Promise<void> {
        const there = await this.living().catch(() => undefined);
        const hasBegun = there === undefined ? undefined : this.beginning(there);
        if (hasBegun !== undefined) {
            this.watch = new GrowthWatch(
                this,
                hasBegun,
                (cluster) => this.firstHost(cluster),
                (sample) => this.record?.recorder.sample(sample),
            );
        }
    }

    /**
     * How it is seen that the lab grows; undefined: nothing is to be made. Where hosts are there, the first new one is
     * asked for by its name: to list a thousand each second would cost more than what is measured.
     */
    private beginning(there: Names): HasBegun | undefined {
        const { target } = this;
        if (there.hosts.length === 0) {
            return target.hosts > 0 ? moreHostsThan(0) : undefined;
        }
        const had = { hosts: new Set(there.hosts), clusters: new Set(there.clusters) };
        const wanted = { hosts: named(target.hosts, hostName), clusters: named(target.clusters, clusterName) };
        const firsts = [
            { kind: HOSTS, name: wanted.hosts.find((name) => !had.hosts.has(name)) },
            { kind: CLUSTERS, name: wanted.clusters.find((name) => !had.clusters.has(name)) },
        ].flatMap(({ kind, name }) => (name === undefined ? [] : [{ kind, name }]));
        this.since = new Date(this.began);
        this.existing = {
            hosts: wanted.hosts.filter((name) => had.hosts.has(name)).length,
            clusters: wanted.clusters.filter((name) => had.clusters.has(name)).length,
        };
        return firsts.length === 0 ? undefined : anyOf(firsts);
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
                stages: await stagesOf(cluster, growth, this.since),
                growth,
                up,
            }));
            this.say(
                `the record of this run is in ${record.file}: ${npmRun("report", DEFAULT_STACK, record.file)} draws it`,
            );
            // Of a lab that was there, only what it took more is known.
            const machine = this.since === undefined ? growth.machine : undefined;
            return { file: record.file, gib: machine ? (machine.peakBytes - machine.bytesBefore) / 2 ** 30 : null };
        } catch (error) {
            // Without a host there is nothing to record, and the watch ends with that error.
            if (this.isBegun) {
                this.say(`this run has no whole record: ${errorText(error)}`);
            }
            return undefined;
        }
    }

    /** What the lab has: nothing, where it does not answer in time, as it stands still or is not there any more. */
    private async living(): Promise<Names> {
        const { cluster } = this;
        if (cluster === undefined) {
            return NOTHING;
        }
        const count = cluster.list(HOSTS, 1).then(
            ({ length }) => length,
            () => 0,
        );
        if ((await Promise.race([count, sleep(THERE_MS, 0, { ref: false })])) === 0) {
            return NOTHING;
        }
        const names = async (kind: CustomKind): Promise<string[]> =>
            (await cluster.list(kind)).map(({ metadata }) => metadata.name);
        return { hosts: await names(HOSTS), clusters: await names(CLUSTERS) };
    }

    private async firstHost(cluster: ManagementCluster): Promise<void> {
        this.isBegun = true;
        const { stack, place, hosts, clusters, tuning, settings } = this.target;
        const { existing, since } = this;
        const about = {
            ...(since !== undefined && { existing: existing.hosts, existingClusters: existing.clusters }),
            tuning,
            settings,
            calibrationMs: null,
            command: npmRun("up", stack),
        };
        this.record = await newRecorder({ stack, place }, { nodes: hosts, clusters }, about, undefined);
        this.record.recorder.firstHost(cluster, clusters > 0, since);
    }
}

const named = (count: number, nameOf: (index: number) => string): string[] =>
    Array.from({ length: count }, (_, index) => nameOf(index));

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
