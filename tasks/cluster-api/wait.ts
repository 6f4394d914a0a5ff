import { setTimeout as sleep } from "node:timers/promises";
import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { requestErrorText } from "../../lib/kubernetes";
import { webhookProbes } from "../../plan/manifests/probes";
import type { Cluster } from "./cluster";
import type { PreparedProvider } from "./clusterctl";

const POLL_MS = 1000;
const PROGRESS_MS = 15_000;

/** How a wait is limited and told. */
export interface WaitOptions {
    seconds: number;
    signal: AbortSignal;
    onLine: (line: string) => void;
}

/**
 * Asks again until nothing is missing.
 *
 * @param what of the waiting, for progress and the error.
 * @param missing says what is not there yet; an error it throws counts as such.
 * @throws Error saying what was waited for and what was missing in the end.
 */
export async function waitUntil(what: string, missing: () => Promise<string[]>, options: WaitOptions): Promise<void> {
    const started = Date.now();
    let told = started;
    for (;;) {
        const left = await missing().catch((error: unknown) => [requestErrorText(error)]);
        if (left.length === 0) {
            return;
        }
        const elapsed = Date.now() - started;
        if (elapsed >= options.seconds * 1000) {
            throw new Error(
                `waited ${options.seconds} s for ${what}; in the end:\n${left.map((line) => `  ${line}`).join("\n")}`,
            );
        }
        if (Date.now() - told >= PROGRESS_MS) {
            told = Date.now();
            options.onLine(`waiting for ${what} (${Math.round(elapsed / 1000)} s): ${left.join("; ")}`);
        }
        await sleep(POLL_MS, undefined, { signal: options.signal });
    }
}

/** Waits until the Kubernetes API answers. */
export async function waitForApi(cluster: Cluster, options: WaitOptions): Promise<void> {
    const look = async (): Promise<string[]> =>
        (await cluster.read("v1", "Namespace", "default")) === undefined ? ["no namespace default yet"] : [];
    await waitUntil(`the Kubernetes API at ${cluster.server}`, look, options);
}

/** Waits until every controller is Available at its newest generation, then until the API server reaches its webhooks. */
export async function waitForControllers(
    cluster: Cluster,
    providers: readonly PreparedProvider[],
    options: WaitOptions,
): Promise<void> {
    await waitUntil(
        "Cluster API's controllers to be Available",
        async () => {
            const states = providers.map(({ provider }) =>
                controllerState(cluster, provider.namespace, provider.deployment),
            );
            return (await Promise.all(states)).filter((state) => state !== undefined);
        },
        options,
    );
    const probes = providers.flatMap(({ manifests }) => webhookProbes(manifests));
    await waitUntil(
        "Cluster API's webhooks to be reached",
        async () => {
            const answers = probes.map(async (probe) => {
                const reason = await cluster.webhookUnreachable(probe);
                return reason === undefined ? undefined : `${probe.kind}: ${reason}`;
            });
            return (await Promise.all(answers)).filter((answer) => answer !== undefined);
        },
        options,
    );
}

async function controllerState(cluster: Cluster, namespace: string, name: string): Promise<string | undefined> {
    const deployment = await cluster.deployment(namespace, name);
    if (deployment !== undefined && isAvailable(deployment)) {
        return undefined;
    }
    const where = `kubectl -n ${namespace} describe deployment,pods`;
    if (deployment === undefined) {
        return `${namespace}/${name} does not exist`;
    }
    const reasons = (await cluster.pods(namespace)).map(podTrouble).filter((reason) => reason !== undefined);
    return `${namespace}/${name}: ${reasons.join(", ") || "not Available yet"} (look with: ${where})`;
}

/** Available, and that of the newest generation: an old pod's answer says nothing of a changed Deployment. */
export function isAvailable(deployment: V1Deployment): boolean {
    const { status, spec, metadata } = deployment;
    const wanted = spec?.replicas ?? 1;
    return (
        (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 1) &&
        (status?.updatedReplicas ?? 0) >= wanted &&
        (status?.availableReplicas ?? 0) >= wanted &&
        (status?.conditions ?? []).some((condition) => condition.type === "Available" && condition.status === "True")
    );
}

/** Why a pod does not run, in a few words; undefined when it is ready. */
export function podTrouble(pod: V1Pod): string | undefined {
    const conditions = pod.status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === "Ready" && condition.status === "True")) {
        return undefined;
    }
    const name = pod.metadata?.name ?? "a pod";
    for (const container of pod.status?.containerStatuses ?? []) {
        const waiting = container.state?.waiting;
        const ended = container.lastState?.terminated;
        if (waiting !== undefined) {
            const last =
                ended === undefined
                    ? ""
                    : `, last exit code ${ended.exitCode}: ${oneLine(ended.message ?? ended.reason)}`;
            return `${name} ${waiting.reason ?? "waiting"} ${oneLine(waiting.message)}${last}`.trim();
        }
    }
    const unscheduled = conditions.find(
        (condition) => condition.type === "PodScheduled" && condition.status === "False",
    );
    return unscheduled === undefined
        ? `${name} ${pod.status?.phase ?? "unknown"}, not ready`
        : `${name} not scheduled: ${oneLine(unscheduled.message)}`;
}

function oneLine(text: string | undefined): string {
    return (text ?? "").replace(/\s+/g, " ").trim().slice(-300);
}
