import { readdir } from "node:fs/promises";
import Docker from "dockerode";

/** How long a container that is being started may take until it is a port of its bridge, milliseconds. */
const STARTING_MS = 2_000;

/** Time that a container's program has to end before it is killed, seconds: as the lab's containers have it. */
const STOP_S = 5;

/**
 * Restarts the containers of a Docker network whose bridge is libvirt's, where they have lost that bridge: libvirt
 * removes it with its network, and neither libvirt nor Docker connects what was on it with the next one.
 *
 * They are restarted rather than disconnected and connected: a run that is killed in between would leave a container
 * without network and without the address that it had. Restarted, each has either.
 * @param network name of the Docker network. Nothing happens while there is none
 * @param bridge the network's bridge, which is there
 * @returns the names of the containers that have been restarted
 */
export async function restartCutOff(network: string, bridge: string): Promise<string[]> {
    const docker = new Docker();
    const areCutOff = async (): Promise<string[]> => cutOff(await endpoints(docker, network), await ports(bridge));
    if ((await areCutOff()).length === 0) {
        return [];
    }
    // Docker lists a container shortly before it is a port of the bridge.
    await new Promise((done) => setTimeout(done, STARTING_MS));
    const names = await areCutOff();
    await Promise.all(names.map((name) => docker.getContainer(name).restart({ t: STOP_S })));
    return names;
}

/**
 * The containers to restart. Docker does not tell which port of a bridge is which container's: where ports are missing,
 * all are restarted.
 * @param containers the running containers of a network
 * @param bridgePorts interfaces that the network's bridge has as ports, those of virtual machines among them
 */
export function cutOff(containers: readonly string[], bridgePorts: readonly string[]): string[] {
    // Docker names its own ports so.
    const connected = bridgePorts.filter((port) => port.startsWith("veth")).length;
    return connected < containers.length ? [...containers] : [];
}

const ports = (bridge: string): Promise<string[]> => readdir(`/sys/class/net/${bridge}/brif`);

/** Names of the running containers on a Docker network. */
async function endpoints(docker: Docker, network: string): Promise<string[]> {
    const networks = await docker.listNetworks({ filters: { name: [network] } });
    // Docker's filter also finds networks whose names only contain the text.
    const found = networks.find(({ Name }) => Name === network);
    if (found === undefined) {
        return [];
    }
    const { Containers } = (await docker.getNetwork(found.Id).inspect()) as {
        Containers?: Record<string, { Name: string }>;
    };
    return Object.values(Containers ?? {}).map(({ Name }) => Name);
}
