import { DockerHolder } from "./docker/holder";
import type { Holder, LabTrace } from "./holder";
import { MinikubeHolder } from "./minikube/holder";
import { LibvirtHolder } from "./minikube/libvirt-holder";

/**
 * Every tool of a machine that may hold parts of a lab, whatever the kind of its substrate, in the order of removal:
 * minikube's machine stands on a network of Docker, and that on one of libvirt.
 */
export const HOLDERS: readonly Holder[] = [new MinikubeHolder(), new DockerHolder(), new LibvirtHolder()];

/** Finds the lab of that prefix on this machine, whoever made it, by the traces that all tools have of it. */
export async function findLab(prefix: string, holders = HOLDERS): Promise<LabTrace | undefined> {
    const traces = (await Promise.all(holders.map((holder) => holder.findTrace(prefix)))).filter(
        (trace) => trace !== undefined,
    );
    if (traces.length === 0) {
        return undefined;
    }
    const bearer = traces.find((trace) => trace.bearer !== undefined);
    return { ...bearer, ids: traces.flatMap(({ ids }) => ids) };
}
