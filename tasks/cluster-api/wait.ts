import { requestErrorText } from "../../lib/kubernetes";
import { waitUntil } from "../../lib/wait-until";
import type { Manifest } from "../../plan/manifests/documents";
import { webhookProbes } from "../../plan/manifests/probes";
import { isAvailable, podTrouble } from "../workloads";
import type { Cluster } from "./cluster";
import type { PreparedProvider } from "./clusterctl";

/** How each wait is limited, and who is told of its progress. */
export interface WaitOptions {
    seconds: number;
    signal: AbortSignal;
    onLine: (line: string) => void;
}

/**
 * Waits until nothing is missing.
 * @param missing says what is not there yet; a request that fails counts as missing.
 */
function untilNothingIsMissing(
    what: string,
    missing: () => Promise<string[]>,
    { seconds, signal, onLine }: WaitOptions,
): Promise<void> {
    return waitUntil<void>({
        what,
        timeoutMs: seconds * 1000,
        look: async () => {
            const pending = await missing().catch((error: unknown) => [requestErrorText(error)]);
            return pending.length === 0 ? { done: undefined } : { pending };
        },
        onProgress: onLine,
        signal,
    });
}

/** Waits until the Kubernetes API answers. @throws WaitTimeout */
export async function waitForApi(cluster: Cluster, options: WaitOptions): Promise<void> {
    const look = async (): Promise<string[]> =>
        (await cluster.read("v1", "Namespace", "default")) === undefined ? ["no namespace default yet"] : [];
    await untilNothingIsMissing(`the Kubernetes API at ${cluster.server}`, look, options);
}

/**
 * Waits until every controller is Available at its newest generation, then until the API server reaches its webhooks.
 * @throws WaitTimeout naming the controllers, or webhooks, that are missing and why.
 */
export async function waitForControllers(
    cluster: Cluster,
    providers: readonly PreparedProvider[],
    options: WaitOptions,
): Promise<void> {
    const controllers = async (): Promise<string[]> => {
        const states = providers.map(({ provider }) =>
            controllerState(cluster, provider.namespace, provider.deployment),
        );
        return (await Promise.all(states)).filter((state) => state !== undefined);
    };
    await untilNothingIsMissing("Cluster API's controllers to be Available", controllers, options);

    const probes = providers.flatMap(({ manifests }) => webhookProbes(manifests));
    await waitForWebhooks("Cluster API's webhooks to be reached", cluster, probes, options);
}

/**
 * Waits until the API server reaches the webhooks for these objects.
 * @throws WaitTimeout naming those that it does not reach, and why.
 */
export async function waitForWebhooks(
    what: string,
    cluster: Pick<Cluster, "webhookUnreachable">,
    probes: readonly Manifest[],
    options: WaitOptions,
): Promise<void> {
    const webhooks = async (): Promise<string[]> => {
        const answers = probes.map(async (probe) => {
            const reason = await cluster.webhookUnreachable(probe);
            return reason === undefined ? undefined : `${probe.kind}: ${reason}`;
        });
        return (await Promise.all(answers)).filter((answer) => answer !== undefined);
    };
    await untilNothingIsMissing(what, webhooks, options);
}

/** Why a controller is not Available; undefined when it is. */
async function controllerState(cluster: Cluster, namespace: string, name: string): Promise<string | undefined> {
    const deployment = await cluster.deployment(namespace, name);
    if (deployment === undefined) {
        return `${namespace}/${name} does not exist`;
    }
    if (isAvailable(deployment)) {
        return undefined;
    }
    const reasons = (await cluster.pods(namespace)).map(podTrouble).filter((reason) => reason !== undefined);
    const where = `kubectl -n ${namespace} describe deployment,pods`;
    return `${namespace}/${name}: ${reasons.join(", ") || "not Available yet"} (look with: ${where})`;
}
