/** Docker says only that a port, an address or an address range is taken. These functions find out by whom. */
import type Docker from "dockerode";
import ipaddr from "ipaddr.js";
import { Properties } from "../shared/values";
import { reason } from "./client";

/**
 * The error for a container that could not be connected or started. It names the container that has the port or
 * address.
 */
export async function containerError(
    client: Docker,
    doing: string,
    error: unknown,
    inputs: Properties,
): Promise<Error> {
    const message = reason(error);
    if (/port is already allocated|failed to bind|bind.*address already in use/i.test(message)) {
        const taken = await portHolders(client, inputs);
        return new Error(
            `${doing}: a port of the host is taken` +
                `${taken === "" ? " by a process outside Docker" : `: ${taken}`} (${message})`,
            { cause: error },
        );
    }
    if (/Address already in use/i.test(message)) {
        const taken = await addressHolders(client, inputs);
        return new Error(`${doing}: an address is taken${taken === "" ? "" : `: ${taken}`} (${message})`, {
            cause: error,
        });
    }
    return new Error(`${doing}: ${message}`, { cause: error });
}

async function portHolders(client: Docker, inputs: Properties): Promise<string> {
    const wanted = ((inputs["ports"] as Properties[] | undefined) ?? []).filter(
        (port) => port["external"] !== undefined,
    );
    const containers = (await client.listContainers()).filter((candidate) => !isIt(candidate, inputs));
    const taken = wanted.flatMap((port) => {
        const holder = containers.find((container) =>
            container.Ports.some((used) => used.PublicPort === port["external"] && used.Type === port["protocol"]),
        );
        const published = `${port["ip"] as string}:${port["external"] as number}/${port["protocol"] as string}`;
        return holder === undefined ? [] : [`${published} is published by ${nameOf(holder)}`];
    });
    return taken.join(", ");
}

async function addressHolders(client: Docker, inputs: Properties): Promise<string> {
    const wanted = ((inputs["networksAdvanced"] as Properties[] | undefined) ?? []).filter(
        (network) => network["ipv4Address"] !== undefined,
    );
    const containers = (await client.listContainers({ all: true })).filter((candidate) => !isIt(candidate, inputs));
    const taken = wanted.flatMap((network) => {
        const holder = containers.find((container) =>
            Object.entries(container.NetworkSettings.Networks).some(
                ([name, used]) =>
                    (name === network["name"] || used.NetworkID === network["name"]) &&
                    (used.IPAddress === network["ipv4Address"] ||
                        (used.IPAMConfig as { IPv4Address?: string } | null)?.IPv4Address === network["ipv4Address"]),
            ),
        );
        return holder === undefined
            ? []
            : [`${network["ipv4Address"] as string} in ${network["name"] as string} is held by ${nameOf(holder)}`];
    });
    return taken.join(", ");
}

/** Whether it is the very container that fails, which itself counts as a holder of what it asks for. */
function isIt(candidate: { Names: string[] }, inputs: Properties): boolean {
    return candidate.Names.includes(`/${inputs["name"] as string}`);
}

function nameOf(container: { Names: string[]; Id: string }): string {
    return `container ${container.Names[0]?.replace(/^\//, "") ?? container.Id.slice(0, 12)}`;
}

/** The error for a network that could not be made. It names the networks whose address ranges overlap. */
export async function networkError(client: Docker, name: string, error: unknown, inputs: Properties): Promise<Error> {
    const message = reason(error);
    if (!/overlap/i.test(message)) {
        return new Error(`cannot make network ${name}: ${message}`, { cause: error });
    }
    const subnets = ((inputs["ipamConfigs"] as Properties[] | undefined) ?? []).flatMap((config) =>
        config["subnet"] === undefined ? [] : [config["subnet"] as string],
    );
    const holders = (await client.listNetworks()).flatMap((network) =>
        (network.IPAM?.Config ?? []).flatMap((config) =>
            config.Subnet !== undefined && subnets.some((subnet) => overlap(subnet, config.Subnet as string))
                ? [`network ${network.Name} (${config.Subnet})`]
                : [],
        ),
    );
    const who = holders.length === 0 ? "an address range of this machine" : holders.join(", ");
    return new Error(`cannot make network ${name}: ${subnets.join(", ")} overlaps with ${who} (${message})`, {
        cause: error,
    });
}

/** Whether two ranges in CIDR notation share an address. */
export function overlap(left: string, right: string): boolean {
    const [leftAddress, leftBits] = ipaddr.parseCIDR(left);
    const [rightAddress, rightBits] = ipaddr.parseCIDR(right);
    if (leftAddress.kind() !== rightAddress.kind()) {
        return false;
    }
    const bits = Math.min(leftBits, rightBits);
    return leftAddress instanceof ipaddr.IPv4
        ? leftAddress.match(rightAddress, bits)
        : leftAddress.match(rightAddress, bits);
}
