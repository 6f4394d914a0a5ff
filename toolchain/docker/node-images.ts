import { run } from "../run";

/** Longest listing of a node's images, milliseconds. */
const LIST_LIMIT_MS = 30_000;

/**
 * Full references of the images in the containerd of a node that is a container.
 * @throws Error when the container does not run
 */
export async function imagesInNode(node: string): Promise<Set<string>> {
    const list = ["exec", node, "ctr", "--namespace", "k8s.io", "images", "ls", "--quiet"];
    return new Set((await run("docker", list, { timeoutMs: LIST_LIMIT_MS })).split("\n").filter(Boolean));
}
