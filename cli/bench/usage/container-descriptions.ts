import type { PodContainer } from "./names";

/**
 * A shell script that runs inside a node, with the ids of containers as its arguments. It prints for each container one
 * line: its id, and the configuration (JSON) that containerd gave the container runtime.
 */
export const DESCRIBE_SCRIPT = `
for id; do
    printf '%s ' "$id"
    cat "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id/config.json" 2> /dev/null
    echo
done`;

/** First part of the annotations that containerd's CRI plugin sets (containerd, pkg/cri/annotations). */
const ANNOTATION = "io.kubernetes.cri";

/** Reads what {@link DESCRIBE_SCRIPT} printed: pods' containers by id. A container that has ended is left out. */
export function parseDescriptions(text: string): Map<string, PodContainer> {
    const containers = new Map<string, PodContainer>();
    for (const line of text.split("\n")) {
        const [, id, json] = /^(\S+) (\{.*)$/.exec(line) ?? [];
        if (id === undefined || json === undefined) {
            continue;
        }
        const annotations = (JSON.parse(json) as { annotations?: Record<string, string> }).annotations ?? {};
        const pod = annotations[`${ANNOTATION}.sandbox-name`];
        const container = annotations[`${ANNOTATION}.container-name`];
        if (pod === undefined) {
            continue;
        }
        containers.set(id, container === undefined ? { pod } : { pod, container });
    }
    return containers;
}
