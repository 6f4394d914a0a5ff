import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { allProcesses, processArguments } from "../lib/proc";
import { waitUntil } from "../lib/wait-until";
import { machineState, type MachineState } from "../plan/substrate/minikube-status";
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

/** Longest look at a machine, milliseconds. */
const STATUS_LIMIT_MS = 60_000;

/**
 * Whether the machine of a profile runs. minikube answers for one profile, by exit code and JSON.
 * @param minikube path of the program, or its name on PATH
 * @param more further environment
 */
export async function stateOfMachine(
    minikube: string,
    profile: string,
    more: Record<string, string> = {},
): Promise<MachineState> {
    // The Pulumi program is CommonJS, and loads this ES module by a dynamic import (toolchain/run.ts).
    const { execa } = await import("execa");
    const { stdout, exitCode } = await execa(minikube, ["status", `--profile=${profile}`, "--output=json"], {
        env: { ...minikubeEnvironment(profile), ...more },
        reject: false,
        timeout: STATUS_LIMIT_MS,
    });
    return machineState(stdout, exitCode);
}

/** Longest wait for a run of minikube to end after it was told to, milliseconds. */
const END_LIMIT_MS = 60_000;

/** Processes that are making or starting the machine of a profile. */
const startsOf = (profile: string): number[] =>
    allProcesses()
        .map(({ pid }) => pid)
        .filter((pid) => {
            const args = processArguments(pid);
            return (
                args.some((arg) => basename(arg) === "minikube") &&
                args.includes("start") &&
                args.includes(`--profile=${profile}`)
            );
        });

/**
 * Ends what a killed run has left at work on a machine: Pulumi's death does not end it, and it would make the machine
 * again while it is removed.
 * @returns the processes that were ended
 */
export async function endStarts(profile: string): Promise<number[]> {
    const pids = startsOf(profile);
    for (const pid of pids) {
        process.kill(pid, "SIGTERM");
    }
    await waitUntil({
        what: `minikube's start of ${profile} to end`,
        timeoutMs: END_LIMIT_MS,
        everyMs: 200,
        look: async () => {
            const left = startsOf(profile);
            return left.length === 0 ? { done: undefined } : { pending: left.map((pid) => `process ${pid}`) };
        },
    });
    return pids;
}

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
