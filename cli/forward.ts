import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { parseKubeconfig } from "../lib/kubernetes";
import { UserError } from "../plan/user-error";

/** A port that only pods and nodes of the cluster reach. */
export interface PortInCluster {
    namespace: string;
    /** What has the port, as kubectl names it: service/NAME, pod/NAME. */
    of: string;
    port: number;
}

/**
 * The Service whose own address a workload cluster's kubeconfig has.
 * @param management the management cluster, in which the Service is
 * @returns undefined where the API server has an address of another kind, which this machine reaches by itself
 */
export async function serviceBehind(
    kubeconfig: string,
    management: KubeConfig,
    namespace: string,
): Promise<PortInCluster | undefined> {
    const { hostname, port } = new URL(parseKubeconfig(kubeconfig).getCurrentCluster()?.server ?? "");
    const { items } = await management.makeApiClient(CoreV1Api).listNamespacedService({ namespace });
    const service = items.find(({ spec }) => spec?.clusterIP === hostname)?.metadata?.name;
    return service === undefined ? undefined : { namespace, of: `service/${service}`, port: Number(port) };
}

/**
 * The kubeconfig for a port of this machine that leads to the API server. Its certificate is still held against the
 * address that it was issued for.
 */
export function throughPort(kubeconfig: string, port: number): string {
    const config = parseKubeconfig(kubeconfig);
    const current = config.getCurrentCluster();
    const clusters = config.getClusters().map((cluster) => {
        const tlsServerName = new URL(cluster.server).hostname;
        return cluster === current ? { ...cluster, server: `https://127.0.0.1:${port}`, tlsServerName } : cluster;
    });
    const forwarded = new KubeConfig();
    forwarded.loadFromOptions({
        clusters,
        users: config.getUsers(),
        contexts: config.getContexts(),
        currentContext: config.getCurrentContext(),
    });
    return forwarded.exportConfig();
}

/** How kubectl says which port of this machine it has taken. */
const FORWARDING = /^Forwarding from 127\.0\.0\.1:(\d+) /;

/**
 * Forwards a free port of this machine to one in the cluster, until this process is told to end or kubectl ends.
 * @param env in which kubectl is found
 * @param kubeconfig path of the management cluster's kubeconfig
 * @param ready is told the port, once it is open
 * @param signal ends it, too
 * @returns kubectl's exit code; 0 when a signal ended it
 * @throws UserError when kubectl ended before the port was open, in kubectl's words
 */
export async function forward(
    env: NodeJS.ProcessEnv,
    kubeconfig: string,
    { namespace, of, port }: PortInCluster,
    ready: (port: number) => Promise<void>,
    signal?: AbortSignal,
): Promise<number> {
    const where = ["--kubeconfig", kubeconfig, "--namespace", namespace];
    const args = [...where, "port-forward", "--address", "127.0.0.1", of, `:${port}`];
    const child = spawn("kubectl", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const end = (): void => void child.kill();
    process.once("SIGINT", end).once("SIGTERM", end);
    signal?.addEventListener("abort", end, { once: true });
    let said = "";
    let isReady: Promise<void> | undefined;
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    createInterface(child.stdout).on("line", (line) => {
        const found = FORWARDING.exec(line)?.[1];
        isReady ??= found === undefined ? undefined : ready(Number(found));
    });
    const code = await new Promise<number | null>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", resolve);
    });
    process.off("SIGINT", end).off("SIGTERM", end);
    await isReady;
    if (isReady === undefined) {
        throw new UserError(`kubectl port-forward ${of} ended: ${said.trim() || `exit code ${code}`}`);
    }
    process.stderr.write(said);
    return code ?? 0;
}
