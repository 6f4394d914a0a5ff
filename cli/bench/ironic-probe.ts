import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../lib/error-text";
import { IronicApi } from "./ironic-api";
import type { ManagementCluster } from "./management";

/**
 * BMO's request before a host may begin an operation (loadBusyHosts in its Ironic provisioner): four fields of every
 * node.
 */
const LISTING = "/v1/nodes?fields=uuid,name,provision_state,boot_interface";
/** Pause between two pairs of requests. */
const PAUSE_MS = 2000;
/** Milliseconds that Ironic took to answer a request for one node, and a request for the list of all nodes. */
export interface LatencySample {
    /** Seconds since the probe began. */
    seconds: number;
    /** Number of enrolled nodes at the time. */
    nodes: number;
    oneNodeMs: number;
    listingMs: number;
}

/** Sends Ironic the requests that BMO sends it, every two seconds, and notes how long the answers take. */
export class IronicProbe {
    readonly samples: LatencySample[] = [];
    failures = 0;
    lastError = "";
    private stopped = false;
    private readonly began = Date.now();
    private done: Promise<void> = Promise.resolve();

    private constructor(private readonly api: IronicApi) {}

    /** @param endpoint Ironic's API on the provisioning network. */
    static async start(cluster: ManagementCluster, endpoint: string): Promise<IronicProbe> {
        const probe = new IronicProbe(await IronicApi.of(cluster, endpoint));
        probe.done = probe.loop();
        return probe;
    }

    async stop(): Promise<void> {
        this.stopped = true;
        await this.done;
        await this.api.close();
    }

    private async loop(): Promise<void> {
        while (!this.stopped) {
            try {
                const listing = await this.api.get(LISTING);
                const { nodes } = listing.body as { nodes: { uuid: string }[] };
                const some = nodes[Math.floor(Math.random() * nodes.length)];
                if (some) {
                    const one = await this.api.get(`/v1/nodes/${some.uuid}`);
                    this.samples.push({
                        seconds: (Date.now() - this.began) / 1000,
                        nodes: nodes.length,
                        oneNodeMs: one.ms,
                        listingMs: listing.ms,
                    });
                }
            } catch (error) {
                this.failures += 1;
                const cause = error instanceof Error && error.cause !== undefined ? `: ${errorText(error.cause)}` : "";
                this.lastError = `${errorText(error)}${cause}`;
            }
            await sleep(PAUSE_MS);
        }
    }
}
