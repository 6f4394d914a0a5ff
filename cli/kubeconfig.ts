import { existsSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CoreV1Api, CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, renameKubeconfig, type ObjectMetadata } from "../lib/kubernetes";
import { npmRun } from "../plan/commands";
import { stackPrefix } from "../plan/identities";
import { UserError } from "../plan/user-error";
import { CLUSTERS } from "../tasks/wait-for-fleet/reader";
import { withoutCredentials } from "../toolchain/pulumi/backend";
import { forward, serviceBehind, throughPort } from "./forward";
import { labDirectory, labNamespace, managementKubeconfig, otherLabs } from "./management";
import { kubeconfigOfState } from "./recovery/state";
import { Session } from "./session";
import { stackExists } from "./stack";
import { presentSetup } from "./state-finding";

export interface KubeconfigOptions {
    stack: string;
    /** Name of a workload cluster. Default: the management cluster. */
    cluster?: string;
    /** Whether to open a port of this machine that leads to the cluster's API server, and to keep it open. */
    forward?: boolean;
}

const KNOWN_CLUSTERS_SHOWN = 10;

/**
 * `npm run kubeconfig -- NAME`: writes a cluster's kubeconfig, ready for use on this machine, and prints its path.
 * Where the cluster's API server is reached from within the management cluster alone, `--forward` makes it reachable as
 * long as the command runs.
 */
export async function kubeconfig({ stack, cluster, forward: forwarded }: KubeconfigOptions): Promise<number> {
    const management = await ensureManagementKubeconfig(stack);
    if (cluster === undefined) {
        if (forwarded) {
            throw new UserError("--forward leads to a workload cluster: give its name");
        }
        process.stdout.write(`${management}\n`);
        return 0;
    }
    const config = parseKubeconfig(await managementKubeconfig(stack));
    const namespace = await labNamespace(stack);
    const content = renameKubeconfig(
        await workloadKubeconfig(config, namespace, cluster),
        `${stackPrefix(stack)}-${cluster}`,
    );
    const file = join(labDirectory(stack), `${cluster}.kubeconfig`);
    const hand = async (text: string): Promise<void> => {
        await place(file, text);
        process.stdout.write(`${file}\n`);
    };
    const within = await serviceBehind(content, config, namespace);
    if (within === undefined || !forwarded) {
        await hand(content);
        if (within !== undefined) {
            process.stderr.write(
                `The API server of ${cluster} is reached from within the management cluster alone. From here: ` +
                    `${npmRun("kubeconfig", stack, cluster, "--forward")}\n`,
            );
        } else if (forwarded) {
            process.stderr.write(`This machine reaches the API server of ${cluster}: nothing is forwarded.\n`);
        }
        return 0;
    }
    const { env } = await new Session().ensure("preview", stack);
    return forward(env, management, within, async (port) => {
        await hand(throughPort(content, port));
        process.stderr.write("It works as long as this command runs: Ctrl-C ends it.\n");
    });
}

/**
 * Path of the administrator's kubeconfig of a lab, which is taken from the stack's state where the lab was made from
 * another checkout.
 * @throws UserError when the lab is not up
 */
export async function ensureManagementKubeconfig(stack: string): Promise<string> {
    const file = join(labDirectory(stack), "kubeconfig");
    if (!existsSync(file)) {
        await fetchManagement(stack, file);
    }
    return file;
}

/** Writes a file that only this user can read, as a whole or not at all. */
async function place(file: string, content: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.partial`, content, { mode: 0o600 });
    await chmod(`${file}.partial`, 0o600);
    await rename(`${file}.partial`, file);
}

/**
 * Takes the administrator's kubeconfig out of the stack's state, for a lab that was brought up from another checkout.
 * @throws Error when the backend knows no such lab
 */
async function fetchManagement(stack: string, file: string): Promise<void> {
    const { backend, backendFolder } = await presentSetup();
    // Whoever asks Pulumi makes the folder of its state first: who only looks is to leave nothing behind.
    const content =
        backendFolder === undefined || existsSync(backendFolder) ? await managementOfState(stack) : undefined;
    if (content === undefined) {
        throw new UserError(
            `the lab of the stack ${stack} is not up, as far as its state in ` +
                `${withoutCredentials(backend)} says${otherLabs(stack)}`,
        );
    }
    await place(file, content);
}

/** The administrator's kubeconfig in the stack's state; undefined where there is no such stack, or it has none. */
async function managementOfState(stack: string): Promise<string | undefined> {
    const ready = await new Session().ensure("preview", stack);
    return (await stackExists(ready, stack)) ? kubeconfigOfState(ready, stack) : undefined;
}

/**
 * The kubeconfig that Cluster API keeps for a cluster.
 * @throws Error when there is none yet, or no such cluster: names those there are
 */
async function workloadKubeconfig(config: KubeConfig, namespace: string, cluster: string): Promise<string> {
    try {
        const secret = await config
            .makeApiClient(CoreV1Api)
            .readNamespacedSecret({ name: `${cluster}-kubeconfig`, namespace });
        const value = secret.data?.["value"];
        if (value === undefined) {
            throw new Error(`the secret ${cluster}-kubeconfig holds no kubeconfig`);
        }
        return Buffer.from(value, "base64").toString();
    } catch (error) {
        if (!isAbsent(error)) {
            throw error;
        }
    }
    const clusters = await listObjects<{ metadata: ObjectMetadata }>(
        config.makeApiClient(CustomObjectsApi),
        CLUSTERS,
        namespace,
    );
    const names = clusters.map(({ metadata }) => String(metadata.name));
    if (names.includes(cluster)) {
        throw new Error(`${cluster} has no kubeconfig yet: its control plane is still being made`);
    }
    const shown = names.slice(0, KNOWN_CLUSTERS_SHOWN).join(", ");
    const more = names.length > KNOWN_CLUSTERS_SHOWN ? ", …" : "";
    throw new Error(`there is no cluster ${cluster}; there are ${names.length}: ${shown}${more}`);
}
