import { createServer } from "node:net";
import Docker from "dockerode";
import { fullReference } from "../../plan/image-reference";
import type { Problem } from "../../plan/problem";
import { substrateOf } from "../../plan/substrate/plan";
import { imagesInNode } from "../../toolchain/docker/node-images";
import { dockerProblems, lookAtDocker, pingProblems, type DockerFacts } from "../docker/preflight";
import type { WantedLab } from "../wanted-lab";

/** Facts about the machine that could stand in the way of a lab. */
export interface MachineFacts extends DockerFacts {
    /** Whether something other than this lab listens at the port of the API. */
    apiPortTaken: boolean;
}

/** Everything that cannot work on this machine: all problems at once, before anything is made. */
export function machineProblems(wanted: Pick<WantedLab, "config" | "plan" | "grows">, facts: MachineFacts): Problem[] {
    const taken = {
        key: "apiPort",
        value: String(substrateOf("embedded", wanted.plan).node.apiPort),
        rule: "is taken on 127.0.0.1: set another, or stop what listens there",
    };
    return [...dockerProblems(wanted, facts), ...(facts.apiPortTaken ? [taken] : [])];
}

/**
 * Looks at the machine, and says what stands in the way of the lab. Without a valid lab only Docker itself is looked
 * at.
 */
export async function embeddedProblems(wanted: WantedLab | undefined): Promise<Problem[]> {
    return wanted === undefined ? pingProblems("embedded") : machineProblems(wanted, await lookAtMachine(wanted));
}

async function lookAtMachine(wanted: WantedLab): Promise<MachineFacts> {
    const facts = await lookAtDocker(wanted);
    const { node, copiedInto } = substrateOf("embedded", wanted.plan);
    return {
        ...facts,
        missingImages: await missingInNodes(copiedInto, facts.missingImages),
        apiPortTaken: facts.dockerError === undefined && (await isApiPortTaken(node)),
    };
}

/**
 * The images of those that Docker lacks which one of the nodes lacks, too: what somebody has removed from Docker
 * (`docker image prune`) and all nodes have needs not be built again.
 */
export async function missingInNodes(nodes: readonly string[], lacking: readonly string[]): Promise<string[]> {
    if (lacking.length === 0) {
        return [];
    }
    // A node that does not run, or is not there, has none to show.
    const present = await Promise.all(nodes.map((node) => imagesInNode(node).catch(() => new Set<string>())));
    return lacking.filter((image) => !present.every((images) => images.has(fullReference(image))));
}

/**
 * Whether something else listens at the port of the API. The lab's own node may have it. A node that runs with another
 * port is replaced: it would be gone before Docker found out that the new port is taken.
 */
export async function isApiPortTaken(
    { name, apiPort }: { name: string; apiPort: number },
    docker = new Docker(),
): Promise<boolean> {
    const running = await docker.listContainers({ filters: { name: [`^/${name}$`] } });
    const isOwn = running.some(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === apiPort));
    return !isOwn && !(await portIsFree(apiPort));
}

const portIsFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
