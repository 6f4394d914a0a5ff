import { existsSync } from "node:fs";
import { errorText } from "../../lib/error-text";
import { socketError, socketOf } from "../../lib/libvirt-socket";
import { libvirtNetworkUuid } from "../../plan/libvirt-network";
import { look, run } from "../../toolchain/run";
import type { Holder, LabTrace, MachineObject, RunningPart, StateObject } from "../holder";
import { resourcesOf } from "../state-objects";

/** Longest `virsh` command, milliseconds. */
const LIMIT_MS = 60_000;

const NETWORK_TYPE = "libvirt:index/network:Network";
const PROVIDER_TYPE = "pulumi:providers:libvirt";

/** Where libvirt is asked while no state says it: as its own tools are. */
const defaultUri = (): string => process.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system";

/** libvirt: the provisioning network of a lab in a virtual machine, known by the UUID that follows from the prefix. */
export class LibvirtHolder implements Holder {
    /** Runs virsh. Undefined when libvirt, or virsh, is not there, or when virsh fails. */
    private async virsh(uri: string, ...args: string[]): Promise<string | undefined> {
        const socket = socketOf(uri);
        if (socket !== undefined && (!existsSync(socket) || (await socketError(socket)) !== undefined)) {
            return undefined;
        }
        return look("virsh", ["--connect", uri, ...args], { env: { LC_ALL: "C" }, timeoutMs: LIMIT_MS });
    }

    private hasNetwork = async (uri: string, prefix: string): Promise<boolean> =>
        (await this.virsh(uri, "net-uuid", libvirtNetworkUuid(prefix))) !== undefined;

    async findTrace(prefix: string): Promise<LabTrace | undefined> {
        const uuid = libvirtNetworkUuid(prefix);
        return (await this.hasNetwork(defaultUri(), prefix)) ? { ids: [uuid] } : undefined;
    }

    async runsCluster(): Promise<boolean> {
        return false;
    }

    async finishedObjects(): Promise<MachineObject[]> {
        return [];
    }

    async removeLeftovers(
        prefix: string,
        resources: readonly StateObject[],
        say: (text: string) => void,
    ): Promise<void> {
        const uuid = libvirtNetworkUuid(prefix);
        const uri = defaultUri();
        if (resources.some(({ id }) => id === uuid) || !(await this.hasNetwork(uri, prefix))) {
            return;
        }
        // A network that is not started cannot be stopped, and needs not.
        await this.virsh(uri, "net-destroy", uuid);
        await run("virsh", ["--connect", uri, "net-undefine", uuid], { timeoutMs: LIMIT_MS });
        say(`removed libvirt's network ${uuid}, which the stack's state does not know`);
    }

    /**
     * The network, when somebody has removed it: the provider does not notice at `up`, and fails at `destroy`.
     * @throws Error when libvirt does not answer: then nobody knows
     */
    async missing(_prefix: string, resources: readonly StateObject[]): Promise<string[]> {
        const networks = resourcesOf(resources, NETWORK_TYPE);
        const uri = resourcesOf(resources, PROVIDER_TYPE).map(({ inputs }) => inputs?.["uri"])[0];
        if (networks.length === 0 || typeof uri !== "string") {
            return [];
        }
        let known: string;
        try {
            known = await run("virsh", ["--connect", uri, "net-list", "--all", "--uuid"], { timeoutMs: LIMIT_MS });
        } catch (error) {
            throw new Error(`libvirt at ${uri} does not answer: ${errorText(error)}`, { cause: error });
        }
        return networks.filter(({ id }) => id !== undefined && !known.includes(id)).map(({ urn }) => urn);
    }

    async runningParts(): Promise<RunningPart[]> {
        return [];
    }

    async containers(): Promise<{ id: string; name: string }[]> {
        return [];
    }
}
