import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { Cache } from "../../toolchain/cache/cache";
import { endStarts, removeMachine, stateOfMachine } from "../../toolchain/minikube";
import { cacheRoot } from "../../toolchain/paths";
import { findTool } from "../../toolchain/tools";
import { DockerPart } from "../docker/part";
import type { Holder, LabTrace, MachineObject, RunningPart, StateObject } from "../holder";
import { hasResource } from "../state-objects";

/** Pulumi's type and name of the resource that is the machine (components/substrate/minikube). */
const MACHINE = { type: "command:local:Command", name: "kubernetes-machine" };

/** Label that minikube gives to the container of a profile's machine. */
const LABEL = "name.minikube.sigs.k8s.io";

/** minikube: the machine in which the management cluster runs, under a profile of the lab's prefix. */
export class MinikubeHolder implements Holder {
    constructor(
        private readonly home = process.env["MINIKUBE_HOME"] ?? homedir(),
        private readonly docker: () => Docker = () => new Docker(),
    ) {}

    /** minikube keeps each profile in a folder. Looking there starts no program where there is no minikube. */
    hasProfile(prefix: string): boolean {
        // MINIKUBE_HOME may name the folder itself, or the one that holds it.
        return [this.home, join(this.home, ".minikube")].some((folder) =>
            existsSync(join(folder, "profiles", prefix, "config.json")),
        );
    }

    /** @throws Error when the machine that it is wanted for is there, but the program is not */
    private async program(prefix: string): Promise<string> {
        const { path, where } = await findTool(new Cache(cacheRoot()), "minikube");
        if (where === "nowhere") {
            throw new Error(
                `minikube has the profile ${prefix}, but is not here any more: 'npm run setup' provides it`,
            );
        }
        return path;
    }

    /**
     * A profile bears no record of who made it. Docker's network does, which is there before the machine and after it.
     * A profile of the lab's name without that network, and without a state that knows the network, is somebody else's.
     */
    async findTrace(prefix: string): Promise<LabTrace | undefined> {
        return this.hasProfile(prefix) ? { ids: [prefix] } : undefined;
    }

    async runsCluster(prefix: string, resources: readonly StateObject[]): Promise<boolean> {
        if (!this.hasProfile(prefix) || !hasResource(resources, MACHINE.type, MACHINE.name)) {
            return false;
        }
        return (await stateOfMachine(await this.program(prefix), prefix)) === "running";
    }

    /** Pulumi cannot adopt what a command has made: a machine that no state knows is removed, and made anew. */
    async finishedObjects(): Promise<MachineObject[]> {
        return [];
    }

    async removeLeftovers(
        prefix: string,
        resources: readonly StateObject[],
        say: (text: string) => void,
    ): Promise<void> {
        if (!this.hasProfile(prefix) || hasResource(resources, MACHINE.type, MACHINE.name)) {
            return;
        }
        for (const pid of await endStarts(prefix)) {
            say(`ended process ${pid}, a start of minikube that a killed run had left`);
        }
        await removeMachine(await this.program(prefix), prefix);
        say(`removed minikube's profile ${prefix}, which the stack's state does not know`);
    }

    /** The program itself notices a machine that is gone. */
    async missing(): Promise<string[]> {
        return [];
    }

    /** The machine where it is a container. A virtual machine tells nothing of its use that could be compared. */
    async runningParts(prefix: string, abortSignal: AbortSignal): Promise<RunningPart[]> {
        if (!this.hasProfile(prefix)) {
            return [];
        }
        const docker = this.docker();
        const listed = await docker.listContainers({ filters: { label: [`${LABEL}=${prefix}`] }, abortSignal });
        return listed.map(({ Id }) => new DockerPart(docker, Id, "minikube", true));
    }

    async containers(prefix: string): Promise<{ id: string; name: string }[]> {
        if (!this.hasProfile(prefix)) {
            return [];
        }
        const listed = await this.docker().listContainers({ all: true, filters: { label: [`${LABEL}=${prefix}`] } });
        return listed.map(({ Id, Names }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, "") }));
    }
}
