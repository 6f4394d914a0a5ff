import { failureText } from "../../toolchain/run";
import { CTR } from "../docker-images";
import { isInsecureInDocker, isLoopback, registryHost } from "./insecure";

/** Runs a command as root in a node. @returns what it wrote to standard output */
export type NodeCommand = (command: readonly string[], input?: string) => Promise<string>;

/** The lab's registry, and where a node finds one that listens on the loopback interface of the machine. */
export interface NodeRegistry {
    /** The key `imageRegistry`. */
    prefix: string;
    /** Address of the machine on the provisioning network. */
    gateway: string;
}

/** Folder in which containerd looks for a file of each registry, at each pull. */
const CERTS = "/etc/containerd/certs.d";

/**
 * The hosts.toml by which containerd reaches a registry as Docker does. Undefined where it needs none: a registry with
 * a certificate that everybody trusts.
 * @param insecure whether Docker takes it without a certificate
 */
export function hostsFile(host: string, gateway: string, insecure: boolean): string | undefined {
    const capabilities = 'capabilities = ["pull", "resolve"]';
    const section = (url: string, more: string[] = []): string[] => [
        `[host."${url}"]`,
        ...[capabilities, ...more].map((line) => `  ${line}`),
    ];
    if (isLoopback(host)) {
        const [, port = "80"] = host.split(":");
        return [...section(`http://${gateway}:${port}`), ""].join("\n");
    }
    return insecure
        ? [...section(`https://${host}`, ["skip_verify = true"]), ...section(`http://${host}`), ""].join("\n")
        : undefined;
}

/** Tells a node's containerd how the registry is reached. The file lives as long as the node's container or machine. */
async function writeHosts(inNode: NodeCommand, { prefix, gateway }: NodeRegistry): Promise<void> {
    const host = registryHost(prefix);
    const content = hostsFile(host, gateway, await isInsecureInDocker(host));
    if (content !== undefined) {
        const folder = `${CERTS}/${host}`;
        await inNode(["sh", "-c", `mkdir -p '${folder}' && cat > '${folder}/hosts.toml'`], content);
    }
}

/**
 * Lets a node pull images from the lab's registry, without credentials: those belong to pods.
 * @param images references that the node does not have
 * @param say told why one could not be pulled, and how many were
 * @returns those that it still does not have. They have to be copied
 */
export async function pullInNode(
    inNode: NodeCommand,
    registry: NodeRegistry,
    images: readonly string[],
    say: (text: string) => void,
): Promise<string[]> {
    const wanted = images.filter((image) => image.startsWith(`${registry.prefix}/`));
    if (wanted.length === 0) {
        return [...images];
    }
    await writeHosts(inNode, registry);
    const began = Date.now();
    const pull = [...CTR, "pull", "--hosts-dir", CERTS];
    let pulled = 0;
    for (const image of wanted) {
        try {
            await inNode([...pull, image]);
            pulled++;
        } catch (error) {
            // What keeps the node from one image keeps it from all.
            say(`the node cannot pull from ${registry.prefix}, so images are copied into it: ${failureText(error)}`);
            break;
        }
    }
    if (pulled > 0) {
        say(`the node pulled ${pulled} images from ${registry.prefix} in ${Math.round((Date.now() - began) / 1000)} s`);
    }
    const have = new Set(wanted.slice(0, pulled));
    return images.filter((image) => !have.has(image));
}
