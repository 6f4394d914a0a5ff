import { stat, statfs } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import Docker from "dockerode";
import { errorText } from "../../lib/error-text";
import { overlap, parseNetwork } from "../../plan/addresses";
import type { Problem } from "../../plan/problem";
import type { WantedLab } from "../wanted-lab";

/** Free disk space that a small lab needs beyond its images, for etcd, the database and logs. GiB. */
const LEAST_FREE_GIB = 5;

/** Facts about Docker, and the machine that it is on, that could stand in the way of a lab. */
export interface DockerFacts {
    /** Why Docker does not answer. Undefined when it does. */
    dockerError?: string;
    /** Docker networks other than this lab's own: name and subnet. */
    dockerNetworks: { name: string; cidr: string }[];
    /** Addresses of the machine's interfaces that belong to no Docker network of the lab. */
    interfaces: { name: string; address: string }[];
    /** The file system on which Docker keeps its data. Undefined: it is not on this machine. */
    disk?: DiskFacts;
    /**
     * Images that are built here but are not in Docker, because the checkout changed since `npm run up` or `npm run
     * setup`.
     */
    missingImages: string[];
}

/** A file system, as far as a lab needs it. */
export interface DiskFacts {
    /** Where it is mounted. */
    mountPoint: string;
    freeGib: number;
}

/** What keeps Docker from holding the lab's network and containers. */
export function dockerProblems(
    { config, plan, grows }: Pick<WantedLab, "config" | "plan" | "grows">,
    facts: DockerFacts,
): Problem[] {
    const problems: Problem[] = [];
    if (facts.dockerError !== undefined) {
        problems.push(dockerDoesNotAnswer(config.substrate, facts.dockerError));
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
    // A lab that shrinks or stays as it is must not be refused: shrinking makes room.
    if (grows && facts.disk !== undefined && facts.disk.freeGib < LEAST_FREE_GIB) {
        const { mountPoint, freeGib } = facts.disk;
        problems.push({
            key: "nodes",
            value: String(config.nodes),
            rule:
                `a lab that grows needs ${LEAST_FREE_GIB} GiB of free disk, and ${freeGib.toFixed(1)} GiB are free ` +
                `at ${mountPoint}, where Docker keeps its data: make room there, or let the lab be as large as it is`,
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

const dockerDoesNotAnswer = (substrate: string, error: string): Problem => ({
    key: "substrate",
    value: substrate,
    rule:
        `needs Docker, which does not answer (${error}): start it, or let 'npm run up' do so as root; ` +
        "'npm run doctor' tells more",
});

/** The one problem that is known without a valid configuration: Docker does not answer. */
export async function pingProblems(substrate: string): Promise<Problem[]> {
    try {
        await new Docker().ping();
        return [];
    } catch (error) {
        return [dockerDoesNotAnswer(substrate, errorText(error))];
    }
}

/**
 * Looks at Docker, its images, networks and disk, without changing anything.
 * @param ownBridges bridges of the lab that Docker has not made
 */
export async function lookAtDocker(
    { plan, builtImages }: Pick<WantedLab, "plan" | "builtImages">,
    ownBridges: readonly string[] = [],
): Promise<DockerFacts> {
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
            missingImages: [],
        };
    }
    const networks = await docker.listNetworks();
    const ownName = "dockerNetwork" in plan.substrate ? plan.substrate.dockerNetwork : undefined;
    const own = networks.find(({ Name }) => Name === ownName);
    const foreign = networks.filter((network) => network !== own);
    const disk = await diskOf(root);
    const tags = new Set((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []));
    return {
        dockerNetworks: foreign.flatMap(({ Name, IPAM }) =>
            (IPAM?.Config ?? []).flatMap(({ Subnet }) =>
                Subnet && !Subnet.includes(":") ? [{ name: Name, cidr: Subnet }] : [],
            ),
        ),
        // The lab's own bridge has the gateway's address. Bridges of other Docker networks were reported with their
        // networks.
        interfaces: own ? [] : machineAddresses([...foreign.map(({ Id }) => `br-${Id.slice(0, 12)}`), ...ownBridges]),
        ...(disk === undefined ? {} : { disk }),
        missingImages: builtImages.filter((reference) => !tags.has(reference)),
    };
}

const machineAddresses = (except: string[]): { name: string; address: string }[] =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
        name === "docker0" || except.includes(name)
            ? []
            : (addresses ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => ({ name, address })),
    );

/** The file system of a directory. Undefined when the directory is not on this machine, as with a remote Docker. */
export async function diskOf(directory: string): Promise<DiskFacts | undefined> {
    try {
        const { bavail, bsize } = await statfs(directory);
        let mountPoint = directory;
        const { dev } = await stat(directory);
        while (mountPoint !== dirname(mountPoint) && (await stat(dirname(mountPoint))).dev === dev) {
            mountPoint = dirname(mountPoint);
        }
        return { mountPoint, freeGib: (bavail * bsize) / 2 ** 30 };
    } catch {
        return undefined;
    }
}
