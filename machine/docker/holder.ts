import Docker from "dockerode";
import { CONTROL_PLANE, WORKER } from "../../plan/identities";
import { readOwner } from "../../plan/lab-owner";
import { look, run } from "../../toolchain/run";
import type { Holder, LabTrace, MachineObject, RunningPart, StateObject } from "../holder";
import { knownIds } from "../state-objects";
import { KINDS, labLabel, listObjects, REMOVAL_ORDER, type DockerObject } from "./objects";
import { DockerPart } from "./part";

/** Longest removal of one Docker object, milliseconds. */
const REMOVE_LIMIT_MS = 120_000;

/** Names of containers in which Kubernetes nodes run, after the lab's prefix and a dash. */
const NODE = new RegExp(`^(${CONTROL_PLANE}|${WORKER})(-\\d+)?$`);

/** Docker: the provisioning network of an embedded lab, its nodes, and the pairs of sushy-tools and fake-ipa. */
export class DockerHolder implements Holder {
    /** @param docker client of Docker's API. Default: that of the environment. */
    constructor(private readonly docker: () => Docker = () => new Docker()) {}

    /**
     * The lab's network, or any container. Volumes alone are no lab: nothing runs on them, and nothing can be told of
     * them.
     */
    async findTrace(prefix: string): Promise<LabTrace | undefined> {
        const [networks, containers] = await Promise.all([
            listObjects(prefix, KINDS.NETWORKS),
            listObjects(prefix, KINDS.CONTAINERS),
        ]);
        const ids = [...networks, ...containers].map(({ id }) => id);
        if (ids.length === 0) {
            return undefined;
        }
        const [network] = networks;
        const text = network && (await look("docker", ["network", "inspect", network.id, "--format", "{{json .}}"]));
        if (network === undefined || !text) {
            return { ids };
        }
        const { Labels, Created } = JSON.parse(text) as { Labels?: Record<string, string>; Created: string };
        const owner = readOwner(Labels);
        return { ids, bearer: asMachineObject(network), since: new Date(Created), ...(owner ? { owner } : {}) };
    }

    /** The lab's volumes, and its containers that run: those that do not run may be half made. */
    async finishedObjects(prefix: string): Promise<MachineObject[]> {
        return [
            ...(await listObjects(prefix, KINDS.CONTAINERS, ["status=running"])),
            ...(await listObjects(prefix, KINDS.VOLUMES)),
        ].map(asMachineObject);
    }

    async runsCluster(prefix: string, resources: readonly StateObject[]): Promise<boolean> {
        const running = await listObjects(prefix, KINDS.CONTAINERS, ["status=running"]);
        const node = running.find(({ name }) => name === `${prefix}-${CONTROL_PLANE}`);
        return node !== undefined && resources.some(({ id }) => id === node.id);
    }

    async removeLeftovers(
        prefix: string,
        resources: readonly StateObject[],
        say: (text: string) => void,
    ): Promise<void> {
        const recorded = knownIds(resources);
        for (const kind of REMOVAL_ORDER) {
            for (const { id, name } of await listObjects(prefix, kind)) {
                if (recorded.has(id) || recorded.has(name)) {
                    continue;
                }
                await run("docker", [...kind.remove, id], { timeoutMs: REMOVE_LIMIT_MS });
                say(`removed ${kind.what} ${name}, which the stack's state does not know`);
            }
        }
    }

    /** The wait at the end of `up` names what is gone, because a person may have to be asked. */
    async missing(): Promise<string[]> {
        return [];
    }

    async runningParts(prefix: string, abortSignal: AbortSignal): Promise<RunningPart[]> {
        const docker = this.docker();
        const listed = await docker.listContainers({ filters: { label: [labLabel(prefix)] }, abortSignal });
        return listed.map(({ Id, Names }) => {
            const name = shortName((Names[0] ?? Id).replace(/^\//, ""), prefix);
            return new DockerPart(docker, Id, name, NODE.test(name));
        });
    }

    async containers(prefix: string): Promise<{ id: string; name: string }[]> {
        const listed = await this.docker().listContainers({ all: true, filters: { label: [labLabel(prefix)] } });
        return listed.map(({ Id, Names }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, "") }));
    }
}

const shortName = (name: string, prefix: string): string => name.replace(`${prefix}-`, "");

const asMachineObject = ({ kind, id, name }: DockerObject): MachineObject => ({ type: kind.type, id, name });
