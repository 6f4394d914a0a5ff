import type { V1Node } from "@kubernetes/client-node";
import { condition, oneLine, type Condition } from "./conditions";
import type { NodeStatus } from "./evidence";
import type { Pending } from "./pending";

/** Below so many bytes a disk is as good as full: a node's programs, its pods and MariaDB write to it all the time. */
const FULL_BYTES = 2 ** 30;

/** Conditions of a node that are bad when they are true. */
const PRESSURES = ["DiskPressure", "MemoryPressure", "PIDPressure"];

const GIB = 2 ** 30;

export const nodeStatus = ({ metadata, status }: V1Node): NodeStatus => ({
    name: metadata?.name ?? "",
    conditions: (status?.conditions ?? []).map(({ type, status: value, message, lastTransitionTime }): Condition => ({
        type,
        status: value,
        ...(message === undefined ? {} : { message }),
        ...(lastTransitionTime === undefined ? {} : { lastTransitionTime: new Date(lastTransitionTime).toISOString() }),
    })),
});

/** The nodes on which nothing can go on: pods stop, and what runs cannot write. */
export const pendingNodes = (nodes: readonly NodeStatus[]): Pending[] =>
    nodes.flatMap((node) => {
        const trouble = nodeTrouble(node);
        return trouble === undefined ? [] : [{ kind: "Node", name: node.name, ...trouble }];
    });

function nodeTrouble({ conditions, disk }: NodeStatus): Pick<Pending, "reason" | "since"> | undefined {
    const found = PRESSURES.map((type) => condition({ conditions }, type)).find((each) => each?.status === "True");
    if (found !== undefined) {
        return { reason: `${found.type}: ${oneLine(found.message)}`, ...sinceOf(found) };
    }
    const ready = condition({ conditions }, "Ready");
    if (ready !== undefined && ready.status !== "True") {
        return { reason: `is not Ready: ${oneLine(ready.message)}`, ...sinceOf(ready) };
    }
    if (disk !== undefined && disk.available < FULL_BYTES) {
        const gib = (bytes: number): string => (bytes / GIB).toFixed(1);
        return { reason: `its disk is full: ${gib(disk.available)} of ${gib(disk.capacity)} GiB are free` };
    }
    return undefined;
}

const sinceOf = ({ lastTransitionTime }: Condition): Pick<Pending, "since"> =>
    lastTransitionTime === undefined ? {} : { since: lastTransitionTime };
