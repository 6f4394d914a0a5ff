import { existsSync } from "node:fs";
import { errorText } from "../../lib/error-text";
import { socketError, socketOf } from "../../lib/libvirt-socket";
import { libvirtNetworkUuid } from "../../plan/libvirt-network";
import { lookVirsh, virsh } from "../../toolchain/virsh";
import type { Holder, LabTrace, MachineObject, RunningPart, StateObject } from "../holder";
import { resourcesOf } from "../state-objects";

const NETWORK_TYPE = "libvirt:index/network:Network";
const PROVIDER_TYPE = "pulumi:providers:libvirt";

/** Where libvirt is: where the state's provider connects to, else where virsh does. */
function uriOf(resources: readonly StateObject[]): string {
    const [uri] = resourcesOf(resources, PROVIDER_TYPE).map(({ inputs }) => inputs?.["uri"]);
    return typeof uri === "string" ? uri : process.env["LIBVIRT_DEFAULT_URI"] || "qemu:///system";
}

/** libvirt: the provisioning network of a lab in a virtual machine, known by the UUID that follows from the prefix. */
export class LibvirtHolder implements Holder {
    /**
     * Runs virsh. Undefined when libvirt, or virsh, is not there, when virsh fails, and for a libvirt elsewhere: labs
     * stand on this machine, and most have nothing to do with libvirt.
     */
    private async look(uri: string, ...args: string[]): Promise<string | undefined> {
        const socket = socketOf(uri);
        if (socket === undefined || !existsSync(socket) || (await socketError(socket)) !== undefined) {
            return undefined;
        }
        return lookVirsh(uri, args);
    }

    private hasNetwork = async (uri: string, prefix: string): Promise<boolean> =>
        (await this.look(uri, "net-uuid", libvirtNetworkUuid(prefix))) !== undefined;

    /** A network of libvirt bears no record of who made it: whose the lab is, Docker's network says. */
    async findTrace(): Promise<LabTrace | undefined> {
        return undefined;
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
        const uri = uriOf(resources);
        if (resources.some(({ id }) => id === uuid) || !(await this.hasNetwork(uri, prefix))) {
            return;
        }
        // A network that is not started cannot be stopped, and needs not.
        await this.look(uri, "net-destroy", uuid);
        await virsh(uri, ["net-undefine", uuid]);
        say(`removed the network of libvirt with the UUID ${uuid}, which the stack's state does not know`);
    }

    /**
     * The network, when somebody has removed it: the provider does not notice at `up`, and fails at `destroy`.
     * @throws Error when libvirt does not answer: then nobody knows
     */
    async missing(_prefix: string, resources: readonly StateObject[]): Promise<string[]> {
        const networks = resourcesOf(resources, NETWORK_TYPE);
        if (networks.length === 0) {
            return [];
        }
        const uri = uriOf(resources);
        let known: string;
        try {
            known = await virsh(uri, ["net-list", "--all", "--uuid"]);
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
