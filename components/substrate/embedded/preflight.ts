import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import Docker from "dockerode";
import { overlap, parseNetwork } from "../../../plan/addresses";
import type { LabConfig } from "../../../plan/config/keys";
import type { Problem } from "../../../plan/config/validate";
import type { LabPlan } from "../../../plan/plan";

/** Disk a small lab needs beyond its images: etcd, the database, logs. */
const LEAST_FREE_GIB = 5;

/** What the machine has that could stand in the way of a lab. */
export interface MachineFacts {
    /** Undefined: Docker answers. */
    dockerError?: string;
    /** Docker networks other than this lab's own: name and subnet. */
    dockerNetworks: { name: string; cidr: string }[];
    /** Addresses of the machine's interfaces that belong to no Docker network of the lab. */
    interfaces: { name: string; address: string }[];
    /** The port of the API is taken, by something other than this lab. */
    apiPortTaken: boolean;
    freeGib: number;
    /** Images to be built here that Docker does not have: the checkout was changed since `npm run up` or `npm run setup`. */
    missingImages: string[];
}

/** What cannot work on this machine, by the same rule as configuration: all at once, before anything is made. */
export function machineProblems(config: LabConfig, plan: LabPlan, facts: MachineFacts): Problem[] {
    const problems: Problem[] = [];
    if (facts.dockerError !== undefined) {
        problems.push(dockerDoesNotAnswer(facts.dockerError));
    }
    const wanted = plan.network;
    for (const { name, cidr } of facts.dockerNetworks) {
        if (overlap(wanted, parseNetwork(cidr))) {
            problems.push({
                key: "provisioningCidr",
                value: wanted.cidr,
                rule: `is in use by the Docker network ${name} (${cidr})`,
            });
        }
    }
    for (const { name, address } of facts.interfaces) {
        if (overlap(wanted, parseNetwork(`${address}/32`))) {
            problems.push({
                key: "provisioningCidr",
                value: wanted.cidr,
                rule: `is in use by this machine's interface ${name} (${address})`,
            });
        }
    }
    if (facts.apiPortTaken) {
        problems.push({
            key: "apiPort",
            value: String(plan.apiPort),
            rule: "is taken on 127.0.0.1: set another, or stop what listens there",
        });
    }
    if (facts.freeGib < LEAST_FREE_GIB) {
        problems.push({
            key: "nodes",
            value: String(config.nodes),
            rule: `need ${LEAST_FREE_GIB} GiB of disk, ${facts.freeGib.toFixed(1)} GiB are free where Docker keeps its data`,
        });
    }
    if (facts.missingImages.length > 0) {
        problems.push({
            key: "images",
            value: config.images.source,
            rule: `lacks ${facts.missingImages.join(", ")}, not built yet on this machine: 'npm run setup' does`,
        });
    }
    return problems;
}

const dockerDoesNotAnswer = (error: string): Problem => ({
    key: "substrate",
    value: "embedded",
    rule: `needs Docker, which does not answer (${error}): start it, or let 'npm run up' do so as root; 'npm run doctor' tells more`,
});

/** The one problem of the machine that can be told without knowing what lab is wanted. */
export async function dockerProblem(): Promise<Problem[]> {
    try {
        await new Docker().ping();
        return [];
    } catch (error) {
        return [dockerDoesNotAnswer(error instanceof Error ? error.message : String(error))];
    }
}

/** Looks at Docker, its images, networks, ports and disk, without changing anything. */
export async function lookAtMachine(plan: LabPlan, builtImages: string[]): Promise<MachineFacts> {
    const docker = new Docker();
    let root: string;
    try {
        root = ((await docker.info()) as { DockerRootDir: string }).DockerRootDir;
    } catch (error) {
        const dockerError = error instanceof Error ? error.message : String(error);
        return {
            dockerError,
            dockerNetworks: [],
            interfaces: [],
            apiPortTaken: false,
            freeGib: Infinity,
            missingImages: [],
        };
    }
    const networks = await docker.listNetworks();
    const own = networks.find(({ Name }) => Name === plan.prefix);
    const foreign = networks.filter((network) => network !== own);
    const tags = new Set((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []));
    const running = await docker.listContainers({ filters: { name: [`^/${plan.nodeName}$`] } });
    return {
        dockerNetworks: foreign.flatMap(({ Name, IPAM }) =>
            (IPAM?.Config ?? []).flatMap(({ Subnet }) =>
                Subnet && !Subnet.includes(":") ? [{ name: Name, cidr: Subnet }] : [],
            ),
        ),
        // A lab's own bridge has the gateway's address; Docker's other bridges were told by their networks.
        interfaces: own ? [] : machineAddresses(foreign.map(({ Id }) => `br-${Id.slice(0, 12)}`)),
        apiPortTaken: running.length === 0 && !(await portIsFree(plan.apiPort)),
        freeGib: await freeGib(root),
        missingImages: builtImages.filter((reference) => !tags.has(reference)),
    };
}

const machineAddresses = (except: string[]): { name: string; address: string }[] =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
        name === "docker0" || except.includes(name)
            ? []
            : (addresses ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => ({ name, address })),
    );

const portIsFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });

/** A remote Docker's directory is not on this machine: there is nothing to measure then. */
async function freeGib(directory: string): Promise<number> {
    try {
        const { bavail, bsize } = await statfs(directory);
        return (bavail * bsize) / 2 ** 30;
    } catch {
        return Infinity;
    }
}
