import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import Docker from "dockerode";
import { errorText } from "../../lib/error-text";
import { overlap, parseNetwork } from "../../plan/addresses";
import type { LabPlan } from "../../plan/plan";
import type { Problem } from "../../plan/validate";
import type { WantedLab } from "../wanted-lab";

/** Free disk space that a small lab needs beyond its images, for etcd, the database and logs. GiB. */
const LEAST_FREE_GIB = 5;

/** Facts about the machine that could stand in the way of a lab. */
export interface MachineFacts {
    /** Why Docker does not answer. Undefined when it does. */
    dockerError?: string;
    /** Docker networks other than this lab's own: name and subnet. */
    dockerNetworks: { name: string; cidr: string }[];
    /** Addresses of the machine's interfaces that belong to no Docker network of the lab. */
    interfaces: { name: string; address: string }[];
    /** Whether something other than this lab listens at the port of the API. */
    apiPortTaken: boolean;
    /** Free disk space where Docker keeps its data, GiB. */
    freeGib: number;
    /**
     * Images that are built here but are not in Docker, because the checkout changed since `npm run up` or `npm run
     * setup`.
     */
    missingImages: string[];
}

/** Everything that cannot work on this machine: all problems at once, before anything is made. */
export function machineProblems({ config, plan }: Pick<WantedLab, "config" | "plan">, facts: MachineFacts): Problem[] {
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
            value: String(plan.substrate.node.apiPort),
            rule: "is taken on 127.0.0.1: set another, or stop what listens there",
        });
    }
    if (facts.freeGib < LEAST_FREE_GIB) {
        problems.push({
            key: "nodes",
            value: String(config.nodes),
            rule:
                `need ${LEAST_FREE_GIB} GiB of disk, ` +
                `${facts.freeGib.toFixed(1)} GiB are free where Docker keeps its data`,
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
    rule:
        `needs Docker, which does not answer (${error}): start it, or let 'npm run up' do so as root; ` +
        "'npm run doctor' tells more",
});

/**
 * Looks at the machine, and says what stands in the way of the lab. Without a valid lab only Docker itself is looked
 * at.
 */
export async function embeddedProblems(wanted: WantedLab | undefined): Promise<Problem[]> {
    return wanted === undefined
        ? dockerProblem()
        : machineProblems(wanted, await lookAtMachine(wanted.plan, wanted.builtImages));
}

async function dockerProblem(): Promise<Problem[]> {
    try {
        await new Docker().ping();
        return [];
    } catch (error) {
        return [dockerDoesNotAnswer(errorText(error))];
    }
}

/** Looks at Docker, its images, networks, ports and disk, without changing anything. */
export async function lookAtMachine(plan: LabPlan, builtImages: readonly string[]): Promise<MachineFacts> {
    const docker = new Docker();
    let root: string;
    try {
        root = ((await docker.info()) as { DockerRootDir: string }).DockerRootDir;
    } catch (error) {
        const dockerError = errorText(error);
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
    const running = await docker.listContainers({ filters: { name: [`^/${plan.substrate.node.name}$`] } });
    return {
        dockerNetworks: foreign.flatMap(({ Name, IPAM }) =>
            (IPAM?.Config ?? []).flatMap(({ Subnet }) =>
                Subnet && !Subnet.includes(":") ? [{ name: Name, cidr: Subnet }] : [],
            ),
        ),
        // The lab's own bridge has the gateway's address. Bridges of other Docker networks were reported with their
        // networks.
        interfaces: own ? [] : machineAddresses(foreign.map(({ Id }) => `br-${Id.slice(0, 12)}`)),
        apiPortTaken: running.length === 0 && !(await portIsFree(plan.substrate.node.apiPort)),
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

/**
 * Free space of a directory. Infinity when it is not on this machine, as with a remote Docker: it cannot be measured
 * then.
 */
async function freeGib(directory: string): Promise<number> {
    try {
        const { bavail, bsize } = await statfs(directory);
        return (bavail * bsize) / 2 ** 30;
    } catch {
        return Infinity;
    }
}
