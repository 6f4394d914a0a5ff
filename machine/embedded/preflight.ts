import { createServer } from "node:net";
import Docker from "dockerode";
import { substrateOf } from "../../plan/substrate/plan";
import type { Problem } from "../../plan/validate";
import { dockerProblems, lookAtDocker, pingProblems, type DockerFacts } from "../docker/preflight";
import type { WantedLab } from "../wanted-lab";

/** Facts about the machine that could stand in the way of a lab. */
export interface MachineFacts extends DockerFacts {
    /** Whether something other than this lab listens at the port of the API. */
    apiPortTaken: boolean;
}

/** Everything that cannot work on this machine: all problems at once, before anything is made. */
export function machineProblems(wanted: Pick<WantedLab, "config" | "plan">, facts: MachineFacts): Problem[] {
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
    return { ...facts, apiPortTaken: facts.dockerError === undefined && (await isApiPortTaken(wanted)) };
}

async function isApiPortTaken({ plan }: WantedLab): Promise<boolean> {
    const { node } = substrateOf("embedded", plan);
    const running = await new Docker().listContainers({ filters: { name: [`^/${node.name}$`] } });
    return running.length === 0 && !(await portIsFree(node.apiPort));
}

const portIsFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
