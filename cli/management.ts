import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { npmRun } from "../plan/commands";
import { NAMESPACE } from "../plan/identities";
import { repoPath } from "../toolchain/paths";
import { rawConfig } from "./stack-file";

/** Namespace of hosts and clusters of a stack's lab, by its configuration. */
export const labNamespace = async (stack: string): Promise<string> =>
    (await rawConfig(stack))["namespace"] ?? NAMESPACE;

/** Folder for a lab's files in the checkout. */
export const labDirectory = (stack: string): string => repoPath(".lab", stack);

/**
 * Administrator's kubeconfig of a running lab, as the program wrote it.
 * @throws Error when there is none: the lab is not up, or was made from another checkout.
 */
export async function managementKubeconfig(stack: string): Promise<string> {
    const file = repoPath(".lab", stack, "kubeconfig");
    if (!existsSync(file)) {
        throw new Error(
            `there is no ${file}: the lab of the stack ${stack} is not up. Where it was made from another checkout, ` +
                `'${npmRun("kubeconfig", stack)}' writes one`,
        );
    }
    return readFile(file, "utf8");
}
