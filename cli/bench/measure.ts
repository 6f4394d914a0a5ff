import type { Tuning } from "../../plan/config/keys";
import { validate } from "../../plan/config/validate";
import { osImage } from "../../plan/manifests/os-image";
import { plan as makePlan } from "../../plan/plan";
import { LAB_NAMESPACE } from "../management";
import { GrowthWatch, machineMemory, pause, type GrowthUsage } from "./growth";
import { IronicProbe, type LatencySample } from "./ironic-probe";
import { commit, until, type BenchLab, type MeasuredCommand } from "./lab";
import { CLUSTERS, HOSTS, MACHINES, METAL3_MACHINES, ManagementCluster, type StoredObject } from "./management";
import type { BenchSize } from "./options";
import { publishedClusters } from "./published";
import { stageReport, type StageReport } from "./stages";
import type { ComponentUsage } from "./usage";

/** Seconds for a host to be provisioned, times the number of hosts, and at least: twenty times what was seen. */
const PROVISION_SECONDS = { least: 1800, each: 30 };

export interface MeasureOptions {
    /** The lab's own way, or the published one: its limits, hosts first, then clusters one after another. */
    tuning: Tuning;
    /** Configuration over the sizes. */
    settings: Record<string, string>;
    /** Seconds to look at the idle lab; 0 does not. */
    idleSeconds: number;
    /** Hosts that are there already, when a lab grows. */
    known: number;
}

/** An idle lab. */
export interface IdleUsage {
    seconds: number;
    /** Cores in use on the whole machine. */
    machineCores: number;
    components: ComponentUsage[];
    /** Memory in use on the machine at the beginning and at the end of each quarter, bytes. */
    memoryBytes: number[];
}

export interface RunResult extends BenchSize {
    tuning: Tuning;
    settings: Record<string, string>;
    commit: string;
    began: string;
    preview: MeasuredCommand;
    up: MeasuredCommand;
    noChangeUp?: MeasuredCommand;
    previewAfter?: MeasuredCommand;
    destroy?: MeasuredCommand;
    /** {@link yardstick} before and after, CPU-ms. */
    yardstickMs?: [number, number];
    state: { resources: number; bytes?: number };
    growth: GrowthUsage;
    stages: StageReport;
    ironicLatency?: { samples: LatencySample[]; failures: number; lastError: string };
    idle?: IdleUsage;
}

/** Brings the lab to a size and measures it. The lab stays. */
export async function measure(lab: BenchLab, size: BenchSize, options: MeasureOptions): Promise<RunResult> {
    const { tuning } = options;
    const began = new Date();
    // The published lab makes its clusters only when its hosts are there, one by one, and not through Pulumi.
    const serial = tuning === "published";
    const target = serial ? { ...size, clusters: 0 } : size;
    const config = validate({
        ...options.settings,
        nodes: String(size.nodes),
        clusters: String(size.clusters),
        tuning,
    });
    const plan = makePlan(config, lab.stack);
    await lab.configure({ ...options.settings, nodes: String(size.nodes), clusters: String(target.clusters), tuning });
    const preview = await lab.preview();

    let probe: IronicProbe | undefined;
    const watch = new GrowthWatch(lab, options.known, async (cluster) => {
        if (size.clusters > 0) {
            return;
        }
        probe = await IronicProbe.start(cluster, `https://${plan.substrate.serviceAddress}:6385`);
    });
    const up = await lab.up().catch(async (error: unknown) => {
        await watch.end().catch(() => undefined);
        await probe?.stop();
        throw error;
    });
    const cluster = ManagementCluster.standing(lab.stack);
    if (serial && size.clusters > 0) {
        await publishedClusters(cluster, config, plan);
    }
    if (size.clusters === 0) {
        await provisionAll(cluster);
    }
    const growth = await watch.end();
    await probe?.stop();

    const since = new Date(growth.began).getTime() - 2000;
    const recent = async (kind: typeof HOSTS): Promise<StoredObject[]> =>
        (await cluster.list(kind)).filter(
            ({ metadata }) => options.known === 0 || Date.parse(metadata.creationTimestamp) >= since,
        );
    const stages = stageReport(
        {
            hosts: await recent(HOSTS),
            clusters: await recent(CLUSTERS),
            machines: await recent(MACHINES),
            metal3Machines: await recent(METAL3_MACHINES),
        },
        new Date(growth.began),
        { now: new Date() },
    );
    const result: RunResult = {
        ...size,
        tuning,
        settings: options.settings,
        commit: await commit(),
        began: began.toISOString(),
        preview,
        up,
        state: await lab.state(),
        growth,
        stages,
    };
    if (probe !== undefined) {
        result.ironicLatency = { samples: probe.samples, failures: probe.failures, lastError: probe.lastError };
    }
    if (options.idleSeconds > 0) {
        result.idle = await idle(watch, options.idleSeconds);
    }
    // Clusters made beside Pulumi, or hosts given an image: an `up` would take that back.
    if (!serial && size.clusters > 0) {
        result.noChangeUp = await lab.up(["--expect-no-changes"]);
        result.previewAfter = await lab.preview();
    }
    return result;
}

/** Gives every host an image and waits until each is provisioned: what a user without Cluster API does. */
async function provisionAll(cluster: ManagementCluster): Promise<void> {
    const { url, checksum, checksumType, diskFormat } = osImage(LAB_NAMESPACE);
    const image = { url, checksum, checksumType, format: diskFormat };
    const hosts = await cluster.list(HOSTS);
    for (const { metadata } of hosts) {
        await cluster.patch(HOSTS, metadata.name, { spec: { image, online: true } });
    }
    await until(
        "every host to be provisioned",
        Math.max(PROVISION_SECONDS.least, PROVISION_SECONDS.each * hosts.length),
        new AbortController().signal,
        async () => {
            const states = (await cluster.list(HOSTS)).map(({ status }) => status?.provisioning?.state);
            return states.every((state) => state === "provisioned") || undefined;
        },
    );
}

async function idle(watch: GrowthWatch, seconds: number): Promise<IdleUsage> {
    const { meter } = watch;
    await meter.sample();
    meter.mark();
    const memoryBytes = [await machineMemory()];
    const began = Date.now();
    for (const quarter of [1, 2, 3, 4]) {
        const end = began + (seconds * 1000 * quarter) / 4;
        while (Date.now() < end) {
            await pause(Math.min(15_000, end - Date.now()), new AbortController().signal);
            await meter.sample();
        }
        memoryBytes.push(await machineMemory());
    }
    const elapsed = (Date.now() - began) / 1000;
    return { seconds: elapsed, machineCores: meter.machine() / elapsed, components: meter.report(), memoryBytes };
}
