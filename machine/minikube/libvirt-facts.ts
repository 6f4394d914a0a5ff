import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElements, parseXml } from "../../lib/xml";
import { overlap, parseNetwork } from "../../plan/addresses";
import type { LibvirtNetworkPlan } from "../../plan/libvirt-network";
import type { Problem } from "../../plan/problem";

/** Why libvirt cannot be used. */
export interface LibvirtFailure {
    reason: "no-answer" | "no-rights";
    /** The error's own text. */
    text: string;
}

/** A network that libvirt has, whosever it is. */
export interface LibvirtNetworkFacts {
    name: string;
    uuid: string;
    /** Whether it is started. A network that is stopped has no bridge and no route. */
    active: boolean;
    /** Name of its bridge. Undefined for networks without one, such as those of SR-IOV devices. */
    bridge: string | undefined;
    /** Its IPv4 ranges. */
    cidrs: string[];
}

/** A range that an interface of this machine is directly connected to. */
export interface ConnectedRange {
    interface: string;
    cidr: string;
}

export interface LibvirtFacts {
    failure?: LibvirtFailure;
    /** Commands that are needed and not on PATH. */
    missingCommands: string[];
    networks: LibvirtNetworkFacts[];
    routes: ConnectedRange[];
}

/** Debian's packages of the commands. */
const PACKAGES: Record<string, string> = { virsh: "libvirt-clients", xsltproc: "xsltproc" };

/** Everything about libvirt that keeps the network from being made. Empty for a network that the lab has already. */
export function libvirtProblems(uri: string, wanted: LibvirtNetworkPlan, facts: LibvirtFacts): Problem[] {
    return [
        ...facts.missingCommands.map((command) => ({
            key: "substrate",
            value: "minikube",
            rule: `needs the command ${command}, which is not on PATH: install ${PACKAGES[command] ?? command}`,
        })),
        ...(facts.failure === undefined ? [] : [unusable(uri, facts.failure)]),
        ...facts.networks.flatMap((network) => clashes(wanted, network)),
        ...routeProblems(wanted, facts),
    ];
}

function unusable(uri: string, { reason, text }: LibvirtFailure): Problem {
    const rule =
        reason === "no-rights"
            ? `its socket is not open to your user (${text}): join the group libvirt, and log in again`
            : `no libvirt answers there (${text}): install and start it, or set another URI`;
    return { key: "libvirtUri", value: uri, rule };
}

/** What another network of libvirt has that the lab's is to have. */
function clashes(wanted: LibvirtNetworkPlan, found: LibvirtNetworkFacts): Problem[] {
    if (found.uuid === wanted.uuid) {
        return [];
    }
    const problems: Problem[] = [];
    if (found.name === wanted.name) {
        problems.push({
            key: "libvirtNetwork",
            value: wanted.name,
            rule: `is the name of a network that is not this lab's (${found.uuid}): set another`,
        });
    }
    if (found.bridge === wanted.bridge) {
        problems.push({
            key: "stack",
            value: wanted.node.name,
            rule: `has the bridge ${wanted.bridge}, as libvirt's network ${found.name} has: choose another stack name`,
        });
    }
    const taken = found.cidrs.find((cidr) => overlap(parseNetwork(wanted.cidr), parseNetwork(cidr)));
    if (taken !== undefined) {
        const state = found.active ? "" : ", which is stopped";
        problems.push({
            key: "provisioningCidr",
            value: wanted.cidr,
            rule: `is in use by the libvirt network ${found.name} (${taken})${state}`,
        });
    }
    return problems;
}

/** Ranges of the machine's interfaces, without the bridges of libvirt's networks, which have a message of their own. */
function routeProblems(wanted: LibvirtNetworkPlan, { networks, routes }: LibvirtFacts): Problem[] {
    // The own bridge may be left of a network that was removed.
    const bridges = new Set([wanted.bridge, ...networks.map(({ bridge }) => bridge)]);
    return routes
        .filter((route) => !bridges.has(route.interface))
        .filter(({ cidr }) => overlap(parseNetwork(wanted.cidr), parseNetwork(cidr)))
        .map((route) => ({
            key: "provisioningCidr",
            value: wanted.cidr,
            rule: `is in use by this machine's interface ${route.interface} (${route.cidr})`,
        }));
}

/**
 * Reads the XML that libvirt itself writes of a network (`virsh net-dumpxml`, https://libvirt.org/formatnetwork.html).
 * @throws Error where it has no name or no UUID
 */
export function parseNetworkXml(xml: string): Omit<LibvirtNetworkFacts, "active"> {
    const network = parseXml(xml);
    const text = (name: string): string => {
        const [element] = childElements(network, name);
        if (element === undefined) {
            throw new Error(`libvirt describes a network without <${name}>`);
        }
        return element.textContent ?? "";
    };
    const [bridge] = childElements(network, "bridge");
    return {
        name: text("name"),
        uuid: text("uuid"),
        bridge: attributeOf(bridge, "name"),
        cidrs: childElements(network, "ip").flatMap(ipv4Range),
    };
}

/** The range that an `ip` element of libvirt stands for: its address with a netmask or a prefix. None for IPv6. */
function ipv4Range(ip: Element): string[] {
    const address = attributeOf(ip, "address");
    if (address === undefined || address.includes(":")) {
        return [];
    }
    const netmask = attributeOf(ip, "netmask");
    // Without either, libvirt takes the address class's own prefix; it writes one of them for every IPv4 network.
    const prefix = netmask === undefined ? Number(attributeOf(ip, "prefix") ?? 32) : prefixOf(number(netmask));
    return [`${dotted(masked(number(address), prefix))}/${prefix}`];
}

/**
 * Reads the ranges that interfaces are connected to from /proc/net/route, which libvirt itself asks when it starts a
 * network. Unlike the system's list of addresses, it also has bridges that nothing is attached to.
 */
export function parseRoutes(text: string): ConnectedRange[] {
    return text
        .trim()
        .split("\n")
        .slice(1)
        .flatMap((line) => {
            const [name = "", destination = "", gateway = "", , , , , mask = ""] = line.split(/\s+/);
            const prefix = prefixOf(littleEndian(mask));
            // A default route or a route by way of a gateway leaves room for a range of the machine's own.
            return littleEndian(gateway) !== 0 || prefix === 0
                ? []
                : [{ interface: name, cidr: `${dotted(littleEndian(destination))}/${prefix}` }];
        });
}

/** The kernel writes addresses as hexadecimal numbers in the machine's byte order, which is little-endian. */
const littleEndian = (hex: string): number =>
    Number.parseInt((hex.match(/../g) ?? []).reverse().join("") || "0", 16) >>> 0;
const number = (address: string): number => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
const prefixOf = (mask: number): number => Math.clz32(~mask >>> 0);
const masked = (value: number, prefix: number): number =>
    prefix === 0 ? 0 : (value & (0xffffffff << (32 - prefix))) >>> 0;
