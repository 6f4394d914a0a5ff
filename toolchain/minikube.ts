import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stateRoot } from "./paths";
import { look, run } from "./run";

/** Longest removal of a machine, milliseconds. */
const REMOVE_LIMIT_MS = 10 * 60_000;

/** File of the kubeconfig that minikube writes for one profile alone. It holds an administrator's key. */
export const minikubeKubeconfig = (profile: string): string =>
    join(stateRoot(process.env), "minikube", `${profile}.kubeconfig`);

/** Environment of every call of minikube: the user's own kubeconfig is neither read nor written. */
export const minikubeEnvironment = (profile: string): Record<string, string> => ({
    KUBECONFIG: minikubeKubeconfig(profile),
    // minikube asks GitHub for its newest version otherwise.
    MINIKUBE_WANTUPDATENOTIFICATION: "false",
});

/**
 * Removes a profile with its machine and kubeconfig, and nothing else. minikube forgets at each removal which profile
 * the user has made the active one, so that is set again.
 * @param minikube path of the program, or its name on PATH
 * @param more further environment
 */
export async function removeMachine(
    minikube: string,
    profile: string,
    more: Record<string, string> = {},
): Promise<void> {
    const env = { ...minikubeEnvironment(profile), ...more };
    const active = (await look(minikube, ["config", "get", "profile"], { env }))?.trim();
    await run(minikube, ["delete", `--profile=${profile}`], { env, timeoutMs: REMOVE_LIMIT_MS });
    if (active && active !== profile) {
        await run(minikube, ["config", "set", "profile", active], { env, timeoutMs: 60_000 });
    }
    await rm(minikubeKubeconfig(profile), { force: true });
}
