import Docker from "dockerode";
import type { PartStatus } from "./pending";

/** States of a container that Docker leaves for no restart policy: a person has stopped it, or it was never started. */
const STOPPED = ["exited", "created"];

/** What is read of a container in Docker's list of containers. */
export interface ListedContainer {
    Names: string[];
    /** "running", "exited", "restarting", … */
    State: string;
    /** The state in words, with exit code and health: "Exited (137) 2 minutes ago". */
    Status: string;
}

/**
 * Reads the state of a lab's Docker containers: the node, and the pairs of sushy-tools and fake-ipa.
 * @param label Docker label of the lab's objects, `name=value`
 * @param names the containers that the lab consists of
 */
export async function readContainers(label: string, names: readonly string[]): Promise<PartStatus[]> {
    const found = await new Docker().listContainers({ all: true, filters: { label: [label] } });
    const byName = new Map(found.map((each) => [(each.Names[0] ?? "").replace(/^\//, ""), each]));
    return names.map((name) => containerStatus(name, byName.get(name)));
}

/** What is to be said of a container. @param found undefined: the container does not exist */
export function containerStatus(name: string, found: ListedContainer | undefined): PartStatus {
    const part = { kind: "Container" as const, name };
    if (found === undefined) {
        return { ...part, trouble: "does not exist", lost: "refresh" };
    }
    const { State, Status } = found;
    if (State === "running" && !Status.includes("(unhealthy)")) {
        return part;
    }
    return { ...part, trouble: Status || State, ...(STOPPED.includes(State) ? { lost: "start" } : {}) };
}
