import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../lib/error-text";
import { IronicApi } from "./ironic-api";
import type { ManagementCluster } from "./management";

/**
 * BMO's request before a host may begin an operation (loadBusyHosts in its Ironic provisioner): four fields of every
 * node.
 */
const LISTING = "/v1/nodes?fields=uuid,name,provision_state,boot_interface";
/** Pause between two pairs of requests, seconds: where hosts alone are measured, and beside clusters. */
export const ALONE_SECONDS = 2;
const BESIDE_CLUSTERS_SECONDS = 10;

/**
 * How often Ironic is asked in a lab with so many clusters, as a pause in seconds; undefined: not at all. In a cluster
 * that is there the way to it needs a right of its own, which only a benchmark of hosts alone asks for.
 */
export function probeSeconds(clusters: number, { isHere }: { isHere: boolean }): number | undefined {
    const beside = isHere ? BESIDE_CLUSTERS_SECONDS : undefined;
    return clusters > 0 ? beside : ALONE_SECONDS;
}

/** Milliseconds that Ironic took to answer a request for one node, and a request for the list of all nodes. */
export interface LatencySample {
    /** Seconds since the probe began. */
    seconds: number;
    /** Number of enrolled nodes at the time. */
    nodes: number;
    oneNodeMs: number;
    listingMs: number;
}

/** How often Ironic is asked, and who is told of the answers. */
export interface ProbeOptions {
    pauseSeconds: number;
    told?: (sample: LatencySample) => void;
}

/** Sends Ironic the requests that BMO sends it, and notes how long the answers take. */
export class IronicProbe {
    readonly samples: LatencySample[] = [];
    failures = 0;
    lastError = "";
    private readonly end = new AbortController();
    private readonly began = Date.now();
    private done: Promise<void> = Promise.resolve();

    private constructor(
        private readonly api: IronicApi,
        private readonly options: ProbeOptions,
    ) {}

    /** @param endpoint Ironic's API on the provisioning network. */
    static async start(cluster: ManagementCluster, endpoint: string, options: ProbeOptions): Promise<IronicProbe> {
        const probe = new IronicProbe(await IronicApi.of(cluster, endpoint), options);
        probe.done = probe.loop();
        return probe;
    }

    async stop(): Promise<void> {
        this.end.abort();
        await this.done;
        await this.api.close();
    }

    private async loop(): Promise<void> {
        const { signal } = this.end;
        while (!signal.aborted) {
            try {
                const listing = await this.api.get(LISTING);
                const { nodes } = listing.body as { nodes: { uuid: string }[] };
                const some = nodes[Math.floor(Math.random() * nodes.length)];
                if (some) {
                    const one = await this.api.get(`/v1/nodes/${some.uuid}`);
                    const sample = {
                        seconds: (Date.now() - this.began) / 1000,
                        nodes: nodes.length,
                        oneNodeMs: one.ms,
                        listingMs: listing.ms,
                    };
                    this.samples.push(sample);
                    this.options.told?.(sample);
                }
            } catch (error) {
                this.failures += 1;
                const cause = error instanceof Error && error.cause !== undefined ? `: ${errorText(error.cause)}` : "";
                this.lastError = `${errorText(error)}${cause}`;
            }
            // The signal ends the pause with an error, and the loop with it.
            await sleep(this.options.pauseSeconds * 1000, undefined, { signal }).catch(() => undefined);
        }
    }
}
