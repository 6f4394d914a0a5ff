import type { Readable } from "node:stream";
import type { LabOwner } from "../plan/lab-owner";

/**
 * A tool of this machine, such as Docker, that holds parts of labs outside of their Kubernetes. It is asked about a lab
 * by the lab's prefix alone (`LabPlan`), because neither the configuration nor the state need to know of what is there.
 * A tool that is not installed, or does not answer, holds nothing. The tools are listed in holders.ts.
 */
export interface Holder {
    /** What the tool tells of the lab of that prefix, whoever made it; undefined when it holds no lab. */
    findTrace(prefix: string): Promise<LabTrace | undefined>;
    /** Whether the lab's management cluster runs with this tool, and is among the resources of a state. */
    runsCluster(prefix: string, resources: readonly StateObject[]): Promise<boolean>;
    /** Objects of the lab that are whole, and can be adopted into a state that does not know them. */
    finishedObjects(prefix: string): Promise<MachineObject[]>;
    /**
     * Removes every object of the lab that the state does not know, such as one that a run had made and was killed
     * before it recorded it. Whoever calls this has made sure whose lab it is.
     * @param resources of the state
     * @param say told each removal, a line each
     */
    removeLeftovers(prefix: string, resources: readonly StateObject[], say: (text: string) => void): Promise<void>;
    /**
     * URNs of the resources in a state whose objects are gone, where Pulumi does not notice that by itself. Pulumi has
     * to read them again before the next `up` or `destroy`.
     */
    missing(prefix: string, resources: readonly StateObject[]): Promise<string[]>;
    /** The parts of the lab that run now. @throws Error when the tool does not answer. */
    runningParts(prefix: string, signal: AbortSignal): Promise<RunningPart[]>;
    /** Ids and names of the lab's containers or machines, whether or not they run. */
    containers(prefix: string): Promise<{ id: string; name: string }[]>;
}

/** A lab that is on this machine, whether or not it runs, as one tool knows it. */
export interface LabTrace {
    /** Ids of what is there; unique, so that no two labs share one. */
    ids: string[];
    /** The object that bears the record of who made the lab; undefined when only other objects are left. */
    bearer?: MachineObject;
    /** The record of who made it. */
    owner?: LabOwner;
    /** When the bearer of the record was made. */
    since?: Date;
}

/** An object of a lab on this machine. */
export interface MachineObject {
    /** Pulumi's type of it. */
    type: string;
    /** The id that Pulumi's provider gives it. */
    id: string;
    name: string;
}

/** A resource in a stack's state, as far as it can be found on the machine. */
export interface StateObject {
    urn: string;
    id?: string;
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
}

/** A part of a lab that uses CPU and memory of this machine. */
export interface RunningPart {
    id: string;
    /** Its name without the lab's prefix. */
    name: string;
    /**
     * How to look into it: a Kubernetes node, whose parts are measured one by one, or a part that is measured whole.
     */
    node?: NodeAccess;
    /** Reads its usage since it began. */
    usage(signal: AbortSignal): Promise<PartUsage>;
    /** Whether it has stopped since it was listed. */
    hasEnded(signal: AbortSignal): Promise<boolean>;
}

/** How to look into a Kubernetes node. */
export interface NodeAccess {
    /** Runs a command. @returns its standard output. @throws Error with its standard error when it failed. */
    exec(command: string[], signal: AbortSignal): Promise<string>;
    /** The folder /var/log as a tar archive: logs of all pods and of the node's own services. */
    logs(): Promise<Readable>;
}

/** What a part has used. */
export interface PartUsage {
    cpuSeconds: number;
    /** Memory without page cache that could be dropped. */
    memoryBytes: number;
}
