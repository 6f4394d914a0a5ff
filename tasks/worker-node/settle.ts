import { look, run } from "../../toolchain/run";

/** Annotation of a Node that the lab drains to take it out. It tells the lab's own cordon from a person's. */
export const LEAVING_ANNOTATION = "metal3-scale-lab/leaving";

/** Longest run of one short command, milliseconds. */
const COMMAND_LIMIT_MS = 60_000;

/** A worker as the API server and Docker know it. */
export interface WorkerSight {
    name: string;
    /** Its Node: undefined where there is none. */
    node?: { isLeaving: boolean };
    /** Whether its container runs; undefined where there is none. */
    runs?: boolean;
    /** Whether its container may have become a Node: the lab has copied the pods' images into it. */
    hasImages?: boolean;
}

/** What is to be done about a worker that an earlier run, or a person, has left half way. */
export type Repair = "stay" | "register" | "forget";

/**
 * What is to be done about a worker.
 * @param isWanted whether the lab is to have it
 * @returns `stay`: its drain was broken off, and it takes pods again; `register`: its Node is gone, and its kubelet
 * makes a Node only when it begins; `forget`: only its Node is left. Undefined: nothing
 */
export function repairOf({ node, runs, hasImages }: WorkerSight, isWanted: boolean): Repair | undefined {
    if (!isWanted) {
        // As long as its container is there, Pulumi removes both, the Node first.
        return node !== undefined && runs === undefined ? "forget" : undefined;
    }
    if (node?.isLeaving === true) {
        return "stay";
    }
    return node === undefined && runs === true && hasImages === true ? "register" : undefined;
}

export interface SettleArgs {
    /** Name of the control plane's container. */
    controlPlane: string;
    /** Names of the workers that the lab is to have, as Nodes and as containers. */
    workers: readonly string[];
    /** First part of the names of all workers that it ever had. */
    prefix: string;
    /** Told each repair, a line each. */
    say: (text: string) => void;
}

/**
 * Puts right what Pulumi does not see of the workers of a lab that is there: an `up` that was killed while it took one
 * out, and a Node that somebody has deleted. Does nothing where the control plane does not run, as before a first `up`.
 * @throws CommandError when a repair fails
 */
export async function settleWorkers({ controlPlane, workers, prefix, say }: SettleArgs): Promise<void> {
    const kubectl = ["exec", controlPlane, "kubectl"];
    const format = `{range .items[*]}{.metadata.name}{" "}{.metadata.annotations.metal3-scale-lab/leaving}{"\\n"}{end}`;
    const listed = await look("docker", [...kubectl, "get", "nodes", "--output", `jsonpath=${format}`]);
    if (listed === undefined) {
        return;
    }
    const nodes = new Map(
        listed
            .split("\n")
            .map((line) => line.split(" "))
            .map(([name = "", leaving]) => [name, { isLeaving: leaving === "true" }] as const)
            .filter(([name]) => name.startsWith(prefix)),
    );
    for (const name of new Set([...workers, ...nodes.keys()])) {
        const node = nodes.get(name);
        const repair = repairOf({ name, ...(node && { node }), ...(await seen(name)) }, workers.includes(name));
        if (repair !== undefined) {
            say(await carryOut(repair, name, controlPlane));
        }
    }
}

async function seen(name: string): Promise<Pick<WorkerSight, "runs" | "hasImages">> {
    const running = await look("docker", ["inspect", "--format", "{{.State.Running}}", name]);
    if (running !== "true") {
        return running === undefined ? {} : { runs: false };
    }
    const marked = await look("docker", ["exec", name, "test", "-e", "/var/lib/lab-node/has-images"]);
    return { runs: true, hasImages: marked !== undefined };
}

async function carryOut(repair: Repair, name: string, controlPlane: string): Promise<string> {
    const docker = (...args: string[]): Promise<string> => run("docker", args, { timeoutMs: COMMAND_LIMIT_MS });
    const kubectl = (...args: string[]): Promise<string> => docker("exec", controlPlane, "kubectl", ...args);
    switch (repair) {
        case "stay":
            // What runs in a container outlives the run that began it, and would go on to evict pods.
            await look("docker", ["exec", controlPlane, "pkill", "-f", `^kubectl drain ${name} `]);
            await kubectl("uncordon", name);
            await kubectl("annotate", "node", name, `${LEAVING_ANNOTATION}-`);
            return `the node ${name} stays after all, and takes pods again`;
        case "register":
            await docker("exec", name, "sv", "restart", "/run/service/kubelet");
            return `the node ${name} had gone from the cluster: its kubelet begins anew`;
        case "forget":
            await kubectl("delete", "node", name, "--ignore-not-found");
            return `the node ${name} had left, and its Node is deleted`;
    }
}
