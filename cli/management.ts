import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { npmRun } from "../plan/commands";
import { NAMESPACE } from "../plan/identities";
import { repoPath } from "../toolchain/paths";
import { rawConfig } from "./stack-file";

/** Namespace of hosts and clusters of a stack's lab, by its configuration. */
export const labNamespace = async (stack: string): Promise<string> =>
    (await rawConfig(stack))["namespace"] ?? NAMESPACE;

/** Folder for a lab's files in the checkout. */
export const labDirectory = (stack: string): string => repoPath(".lab", stack);

/** Which other labs of this checkout are up, for somebody who has asked for one that is not: "" where there is none. */
export function otherLabs(stack: string, folder = repoPath(".lab")): string {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const others = names.filter((name) => name !== stack && existsSync(join(folder, name, "kubeconfig"))).sort();
    return others.length === 0 ? "" : `; up are: ${others.map((name) => `${name} (--stack ${name})`).join(", ")}`;
}

/**
 * Administrator's kubeconfig of a running lab, as the program wrote it.
 * @throws Error when there is none: the lab is not up, or was made from another checkout.
 */
export async function managementKubeconfig(stack: string): Promise<string> {
    const file = repoPath(".lab", stack, "kubeconfig");
    if (!existsSync(file)) {
        throw new Error(
            `there is no ${file}: the lab of the stack ${stack} is not up${otherLabs(stack)}. Where it was made from ` +
                `another checkout, '${npmRun("kubeconfig", stack)}' writes one`,
        );
    }
    return readFile(file, "utf8");
}
