import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { CoreV1Api } from "@kubernetes/client-node";
import { isForbidden, isUnauthorized, parseKubeconfig, requestErrorText } from "../lib/kubernetes";
import type { FoundCluster, reachedBy } from "../plan/substrate/existing";
import { UserError } from "../plan/user-error";
import { failureText, run } from "../toolchain/run";

/** Longest wait for kubectl, which only reads files, and for the cluster's API server, milliseconds. */
const KUBECTL_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 30_000;

type Reached = ReturnType<typeof reachedBy>;

/**
 * The context of the configuration alone, with the content of the files that it names.
 * @throws UserError in kubectl's words when there is no such file or context
 */
async function readKubeconfig({ kubeconfig, context }: Reached, env: NodeJS.ProcessEnv): Promise<string> {
    const args = ["config", "view", "--raw", "--minify", "--flatten"];
    const path = kubeconfig?.replace(/^~(?=\/)/, homedir());
    if (path !== undefined && !existsSync(path)) {
        throw new UserError(`there is no file ${path}`);
    }
    try {
        return await run(
            "kubectl",
            [
                ...args,
                ...(path === undefined ? [] : [`--kubeconfig=${path}`]),
                ...(context === undefined ? [] : [`--context=${context}`]),
            ],
            { timeoutMs: KUBECTL_LIMIT_MS, env },
        );
    } catch (error) {
        const where =
            path === undefined
                ? "what kubectl finds by itself ($KUBECONFIG, or ~/.kube/config), because kubeconfig is not set,"
                : `the kubeconfig ${path}`;
        throw new UserError(`${where} leads to no cluster: ${failureText(error)}`);
    }
}

/**
 * Finds the cluster that the configuration names.
 * @param env in which kubectl is found
 * @throws UserError when the kubeconfig leads to none, or the cluster does not answer
 */
export async function findCluster(plan: Reached, env: NodeJS.ProcessEnv = process.env): Promise<FoundCluster> {
    const kubeconfig = await readKubeconfig(plan, env);
    const config = parseKubeconfig(kubeconfig);
    const server = config.getCurrentCluster()?.server ?? "";
    const read = config.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        const error = new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`);
        limit = setTimeout(() => reject(error), ANSWER_LIMIT_MS);
    });
    try {
        const { metadata } = await Promise.race([read, late]);
        return { kubeconfig, server, id: String(metadata?.uid) };
    } catch (error) {
        throw new UserError(
            `the cluster at ${server} cannot be read (namespace kube-system): ` +
                `${requestErrorText(error)}${adviceOn(error)}`,
        );
    } finally {
        clearTimeout(limit);
    }
}

/** What the user of a kubeconfig can do about an answer. */
function adviceOn(error: unknown): string {
    if (isUnauthorized(error)) {
        return ". The cluster does not take the kubeconfig's credentials: its token or certificate may have expired";
    }
    return isForbidden(error) ? ". docs/existing-role.yaml has all the rights that a lab needs" : "";
}
