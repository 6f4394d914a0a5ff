import { IRONIC_API_PORT, ironicUrl } from "../../plan/addresses";
import type { LabPlan } from "../../plan/plan";
import { forward } from "../forward";
import type { ManagementCluster } from "./management";

/** How this machine reaches Ironic's API. */
export interface WayToIronic {
    /** Base URL of the API. */
    endpoint: string;
    /** Whether it goes through the cluster's API server, to one conductor. */
    isForwarded: boolean;
    close(): Promise<void>;
}

/**
 * Opens a way to Ironic's API for as long as it is used.
 * @throws Error where this machine has none: kubectl is not on PATH, or no conductor is ready
 */
export async function throughIronic<Found>(
    cluster: ManagementCluster,
    plan: Pick<LabPlan, "substrate">,
    env: NodeJS.ProcessEnv,
    use: (endpoint: string) => Promise<Found>,
): Promise<Found> {
    const way = await wayToIronic(cluster, plan, env);
    try {
        return await use(way.endpoint);
    } finally {
        await way.close();
    }
}

/** Label of the conductors' pods (charts/ironic). */
export const CONDUCTORS = "app.kubernetes.io/component=conductor";

/**
 * The way to Ironic's API: its address where the substrate has one, else a port of this machine that leads to a
 * conductor. Ironic's certificate covers 127.0.0.1.
 * @param env in which kubectl is found
 */
export async function wayToIronic(
    cluster: ManagementCluster,
    { substrate }: Pick<LabPlan, "substrate">,
    env: NodeJS.ProcessEnv,
): Promise<WayToIronic> {
    if (substrate.serviceAddress !== undefined) {
        const endpoint = ironicUrl(substrate.serviceAddress);
        return { endpoint, isForwarded: false, close: () => Promise.resolve() };
    }
    const end = new AbortController();
    const of = `pod/${await cluster.readyPod(CONDUCTORS)}`;
    const place = { namespace: cluster.namespace, of, port: IRONIC_API_PORT };
    return new Promise((resolve, reject) => {
        const ended = forward(
            env,
            cluster.kubeconfig,
            place,
            (port) => {
                const endpoint = `https://127.0.0.1:${port}`;
                resolve({ endpoint, isForwarded: true, close: async () => (end.abort(), void (await ended)) });
                return Promise.resolve();
            },
            end.signal,
        );
        ended.catch(reject);
    });
}
