import { waitUntil } from "../../lib/wait-until";
import type { Tuning } from "../../plan/config/keys";
import { osImage } from "../../plan/manifests/os-image";
import { plan as makePlan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { HOSTS } from "../../tasks/wait-for-fleet/reader";
import type { RunResult } from "./file";
import { GrowthWatch, moreHostsThan } from "./growth";
import { IronicProbe, probeSeconds } from "./ironic-probe";
import { currentCommit, type BenchLab } from "./lab";
import type { ManagementCluster } from "./management";
import type { BenchSize } from "./options";
import { createClustersSerially } from "./published";
import type { Recorder } from "./recording/recorder";
import { idle } from "./rest";
import { stagesOf } from "./stages-of";
import { wayToIronic, type WayToIronic } from "./way-to-ironic";

/** Longest wait for all hosts to be provisioned: for each host, and at least. It is twenty times what was measured. */
const PROVISION_MS = { least: 1_800_000, each: 30_000 };

export interface MeasureOptions {
    /** The lab's own way, or the published lab's: its limits, and clusters one after another when all hosts exist. */
    tuning: Tuning;
    /** Configuration beside the sizes. */
    settings: Record<string, string>;
    /** How long to measure the idle lab, seconds. 0: not at all. */
    idleSeconds: number;
    /** Number of hosts that the lab already has. More than 0 when a lab grows. */
    existing: number;
    /** Undefined: no record is kept. */
    recorder: Recorder | undefined;
    /** Whether only the growth is measured: no host is provisioned without a cluster, and no `up` is repeated. */
    onlyGrowth?: boolean;
    /** Memory in use before there was a lab, bytes. Default: before it began to grow. */
    bytesBefore?: number;
}

/** Brings the lab to a size and measures it. The lab stays up. */
export async function measure(lab: BenchLab, size: BenchSize, options: MeasureOptions): Promise<RunResult> {
    const { tuning, recorder } = options;
    const began = new Date();
    const since = options.existing > 0 ? began : undefined;
    // The published lab makes its clusters only when its hosts exist, one by one, and not through Pulumi.
    const serial = tuning === "published";
    const target = serial ? { ...size, clusters: 0 } : size;
    const config = validate({
        tuning,
        ...options.settings,
        nodes: String(size.nodes),
        clusters: String(size.clusters),
    });
    const plan = makePlan(config, lab.stack);
    await lab.configure({ tuning, ...options.settings, nodes: String(size.nodes), clusters: String(target.clusters) });
    const preview = await lab.preview();

    let way: WayToIronic | undefined;
    let probe: IronicProbe | undefined;
    const endProbe = async (): Promise<void> => {
        await probe?.stop();
        await way?.close();
    };
    const begin = async (cluster: ManagementCluster): Promise<void> => {
        recorder?.firstHost(cluster, size.clusters > 0, since);
        const pauseSeconds = probeSeconds(size.clusters, lab.place);
        if (pauseSeconds === undefined) {
            return;
        }
        way = await wayToIronic(cluster, plan, lab.ready.env);
        probe = await IronicProbe.start(cluster, way.endpoint, {
            pauseSeconds,
            told: (each) => recorder?.ironic(each),
        });
    };
    const watch = new GrowthWatch(lab, moreHostsThan(options.existing), begin, (sample) => recorder?.sample(sample));
    const up = await lab.up().catch(async (error: unknown) => {
        await watch.end().catch(() => undefined);
        await endProbe();
        throw error;
    });
    const cluster = lab.runningCluster;
    if (serial && size.clusters > 0) {
        await createClustersSerially(cluster, config, plan);
    }
    if (size.clusters === 0 && !options.onlyGrowth) {
        await provisionAll(cluster);
    }
    const growth = await watch.end();
    if (growth.machine !== undefined) {
        growth.machine.bytesBefore = options.bytesBefore ?? growth.machine.bytesBefore;
    }
    await endProbe();
    await recorder?.stopSampling();

    const stages = await stagesOf(cluster, growth, since);
    const result: RunResult = {
        ...size,
        tuning,
        settings: options.settings,
        commit: await currentCommit(),
        began: began.toISOString(),
        preview,
        up,
        state: await lab.state(),
        growth,
        stages,
    };
    if (probe !== undefined) {
        const { samples, failures, lastError } = probe;
        result.ironicLatency = { samples, failures, lastError, isForwarded: way?.isForwarded ?? false };
    }
    if (options.idleSeconds > 0) {
        result.idle = await idle(watch.meter, options.idleSeconds);
    }
    // Not after clusters were made without Pulumi, or hosts were given an image: an `up` would undo both.
    if (!serial && size.clusters > 0 && !options.onlyGrowth) {
        result.noChangeUp = await lab.up(["--expect-no-changes"]);
        result.previewAfter = await lab.preview();
    }
    recorder?.finish(result);
    return result;
}

/** Gives every host an image and waits until all are provisioned, as a user without Cluster API does. */
async function provisionAll(cluster: ManagementCluster): Promise<void> {
    const { url, checksum, checksumType, diskFormat } = osImage(cluster.namespace);
    const image = { url, checksum, checksumType, format: diskFormat };
    const hosts = await cluster.list(HOSTS);
    for (const { metadata } of hosts) {
        await cluster.patch(HOSTS, metadata.name, { spec: { image, online: true } });
    }
    await waitUntil({
        what: "every host to be provisioned",
        timeoutMs: Math.max(PROVISION_MS.least, PROVISION_MS.each * hosts.length),
        look: async () => {
            const states = (await cluster.list(HOSTS)).map(({ status }) => status?.provisioning?.state);
            const pending = states.filter((state) => state !== "provisioned").length;
            return pending === 0 ? { done: true } : { pending: [`${pending} of ${states.length} hosts are not`] };
        },
    });
}
