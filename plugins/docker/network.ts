/** `docker:index/network:Network`. */
import type Docker from "dockerode";
import ipaddr from "ipaddr.js";
import { Context, ResourceDefinition } from "../shared/definition";
import { Failure } from "../shared/property";
import { Properties, UNKNOWN, Value, equal } from "../shared/values";
import { docker, inspected, reason } from "./client";
import { networkError } from "./conflicts";
import { hasProgramLabels, labelMap, removeForgotten, takenError, withoutOwner } from "./ownership";
import { removeWhenUnused } from "./removal";
import { flag, map, readBackLabels, setOf, text, type } from "./types";

const cidr = (value: string): string | undefined =>
    ipaddr.isValidCIDR(value) ? undefined : "must be an address range such as 192.168.222.0/24";
const address = (value: string): string | undefined => (ipaddr.isValid(value) ? undefined : "must be an IP address");

const ipamConfig = type("NetworkIpamConfig", {
    subnet: text("The subnet in CIDR form.", { rule: cidr }),
    gateway: text("The gateway's address.", { rule: address }),
    ipRange: text("The range that addresses are given from, in CIDR form.", { rule: cidr }),
    auxAddress: map("Addresses the driver leaves free, by a name."),
});

export const network: ResourceDefinition = {
    token: "docker:index/network:Network",
    description: "A Docker network.",
    autoname: "name",
    inputs: {
        name: text("Name of the network.", { replace: true }),
        driver: text("Driver of the network. Default: bridge.", { replace: true, computed: true }),
        internal: flag("Without a way out. Default false.", { replace: true, computed: true }),
        ipamConfigs: { type: setOf(ipamConfig), description: "Its address ranges.", replace: true, computed: true },
        ipamDriver: text("Driver that gives out the addresses. Default: default.", {
            replace: true,
            default: "default",
        }),
        labels: readBackLabels("NetworkLabel"),
        options: map("Options of the driver.", { replace: true, computed: true }),
    },
    outputs: { scope: text("local or swarm.", { required: true }) },
    notServed: ["attachable", "ingress", "ipamOptions", "ipv6"],
    check: gatewaysInside,
    async create(inputs, context) {
        const client = await docker();
        const name = inputs["name"] as string;
        const adopted = await leftOver(client, name, inputs, context);
        if (adopted !== undefined) {
            return { id: adopted.Id, outputs: outputsOf(adopted, inputs) };
        }
        try {
            const made = await client.createNetwork({
                ...options(inputs),
                Name: name,
                Labels: labelMap(inputs["labels"]),
            });
            const info = await made.inspect();
            return { id: info.Id, outputs: outputsOf(info, inputs) };
        } catch (error) {
            throw await networkError(client, name, error, inputs);
        }
    },
    async read(id, _state, inputs) {
        const info = await inspected((await docker()).getNetwork(id).inspect());
        if (info === undefined) {
            return undefined;
        }
        const found: Properties = { ...inputs, labels: withoutOwner(inputs["labels"]) };
        return { id: info.Id, inputs: found, outputs: outputsOf(info, found) };
    },
    async delete(id, state, context) {
        const client = await docker();
        await removeForgotten(client, { network: [id] }, context);
        await removeWhenUnused(client.getNetwork(id), /has active endpoints/i, context, async (error) => {
            const info = await inspected(client.getNetwork(id).inspect());
            const connected = Object.values((info?.Containers ?? {}) as Record<string, { Name: string }>).map(
                (container) => container.Name,
            );
            const who = connected.length === 0 ? "" : `; connected: ${connected.join(", ")}`;
            return `cannot remove network ${(state["name"] as string | undefined) ?? id}: ${reason(error)}${who}`;
        });
    },
};

function list(value: Value): Properties[] {
    return (value as Properties[] | undefined) ?? [];
}

function gatewaysInside(inputs: Properties): Failure[] {
    if (inputs["ipamConfigs"] === UNKNOWN) {
        return [];
    }
    return list(inputs["ipamConfigs"]).flatMap((config, index) => {
        const { subnet, gateway } = config;
        if (typeof subnet !== "string" || typeof gateway !== "string" || inside(gateway, subnet)) {
            return [];
        }
        const path = `ipamConfigs[${index}].gateway`;
        return [{ property: path, reason: `${path} must be inside the subnet ${subnet}, but is ${gateway}` }];
    });
}

function inside(text: string, range: string): boolean {
    const parsed = ipaddr.parse(text);
    const [base, bits] = ipaddr.parseCIDR(range);
    return (
        parsed.kind() === base.kind() &&
        (parsed instanceof ipaddr.IPv4 ? parsed.match(base, bits) : parsed.match(base, bits))
    );
}

function options(inputs: Properties): Omit<Docker.NetworkCreateOptions, "Name" | "Labels"> {
    return {
        // Docker allows two networks of the same name, and then every use of the name is an error.
        CheckDuplicate: true,
        Driver: (inputs["driver"] as string | undefined) ?? "bridge",
        Internal: inputs["internal"] === true,
        Options: (inputs["options"] as Record<string, string> | undefined) ?? {},
        IPAM: {
            Driver: inputs["ipamDriver"] as string,
            Options: {},
            Config: list(inputs["ipamConfigs"]).map((config) => ({
                ...(config["subnet"] === undefined ? {} : { Subnet: config["subnet"] as string }),
                ...(config["gateway"] === undefined ? {} : { Gateway: config["gateway"] as string }),
                ...(config["ipRange"] === undefined ? {} : { IPRange: config["ipRange"] as string }),
                ...(config["auxAddress"] === undefined
                    ? {}
                    : { AuxiliaryAddresses: config["auxAddress"] as Record<string, string> }),
            })),
        },
    };
}

/**
 * The network of that name where an interrupted update has left it as it is wanted now. One that is not as wanted is
 * removed.
 */
async function leftOver(
    client: Docker,
    name: string,
    inputs: Properties,
    context: Context,
): Promise<Docker.NetworkInspectInfo | undefined> {
    const same = (await client.listNetworks({ filters: { name: [name] } })).filter(
        (candidate) => candidate.Name === name,
    );
    for (const found of same) {
        if (!hasProgramLabels(found.Labels, inputs["labels"])) {
            const subnets = (found.IPAM?.Config ?? []).map((config) => config.Subnet);
            throw takenError("network", name, found.Labels, [found.Driver, ...subnets].join(", "));
        }
        if (equal(settingsOf(found), settingsOf(options(inputs)))) {
            context.log("info", `using network ${name}, which an interrupted update of this stack has left`);
            return client.getNetwork(found.Id).inspect();
        }
        const why = "which an interrupted update of this stack has left, and which is not as wanted now";
        context.log("info", `removing network ${name}, ${why}`);
        await client.getNetwork(found.Id).remove();
    }
    return undefined;
}

/** What has to be as wanted for a network to be used. */
function settingsOf({
    Driver,
    Internal,
    IPAM,
}: Pick<Docker.NetworkCreateOptions, "Driver" | "Internal" | "IPAM">): Properties {
    return { driver: Driver, internal: Internal, subnets: sorted(IPAM?.Config) };
}

function sorted(
    config: readonly { Subnet?: string | undefined; Gateway?: string | undefined }[] | undefined,
): string[] {
    return (config ?? []).map((item) => `${item.Subnet ?? ""} ${item.Gateway ?? ""}`).sort();
}

function configsOf(info: Docker.NetworkInspectInfo): Properties[] {
    return (info.IPAM?.Config ?? []).map((config) => ({
        subnet: config.Subnet,
        ...(config.Gateway === undefined ? {} : { gateway: config.Gateway }),
        ...((config as { IPRange?: string }).IPRange ? { ipRange: (config as { IPRange?: string }).IPRange } : {}),
        ...((config as { AuxiliaryAddresses?: Properties }).AuxiliaryAddresses === undefined
            ? {}
            : { auxAddress: (config as { AuxiliaryAddresses?: Properties }).AuxiliaryAddresses }),
    }));
}

function outputsOf(info: Docker.NetworkInspectInfo, inputs: Properties): Properties {
    return {
        name: info.Name,
        driver: info.Driver,
        internal: info.Internal,
        ipamConfigs: configsOf(info),
        ipamDriver: info.IPAM?.Driver ?? "default",
        options: info.Options ?? {},
        scope: info.Scope,
        labels: inputs["labels"],
    };
}
