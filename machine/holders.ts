import { DockerHolder } from "./docker/holder";
import type { Holder, LabTrace } from "./holder";

/** Every tool of a machine that may hold parts of a lab, whatever the kind of its substrate. */
export const HOLDERS: readonly Holder[] = [new DockerHolder()];

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
