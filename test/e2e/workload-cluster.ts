import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pulumiEnvironment, run, STACK, type Result } from "./harness";

/** A workload cluster that this machine reaches, as `npm run kubeconfig` makes it. */
export interface ReachedCluster {
    /** Path of its kubeconfig. */
    kubeconfig: string;
    /** Ends what leads to it. */
    close: () => void;
}

/**
 * `npm run kubeconfig -- NAME --forward`, which goes on running where the cluster is reached through it alone.
 * @throws Error with what it said when it hands out no kubeconfig
 */
export function reach(cluster: string): Promise<ReachedCluster> {
    const args = ["toolchain/bootstrap.mjs", "kubeconfig", cluster, "--forward", "--stack", STACK];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return new Promise((resolve, reject) => {
        createInterface(child.stdout).on("line", (line) => {
            if (line.endsWith(".kubeconfig")) {
                resolve({ kubeconfig: line, close: () => void child.kill("SIGINT") });
            }
        });
        child.on("error", reject);
        child.on("close", (code) => reject(new Error(`npm run kubeconfig ended with ${code}: ${said}`)));
    });
}

/** kubectl on a workload cluster, as a person runs it. */
export const kubectlOf = async (kubeconfig: string, args: string[]): Promise<Result> =>
    run("kubectl", ["--kubeconfig", kubeconfig, ...args], { quiet: true, env: await pulumiEnvironment() });
