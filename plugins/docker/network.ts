/** `docker:index/network:Network`. */
import type Docker from "dockerode";
import ipaddr from "ipaddr.js";
import { Context, ResourceDefinition } from "../shared/definition";
import { Failure } from "../shared/property";
import { Properties, UNKNOWN, Value, equal } from "../shared/values";
import { docker, inspected, isNotFound, reason } from "./client";
import { networkError } from "./conflicts";
import { labelMap } from "./containerConfig";
import { OWNER_LABEL, isOurs, ownerLabels, removeForgotten, takenError } from "./ownership";
import { retryWhile } from "./retry";
import { flag, label, map, setOf, text, type } from "./types";

/** How long a network may have endpoints while its containers go. Upstream's limit. */
const REMOVE_SECONDS = 30;

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
        attachable: flag("Containers may be attached by hand (overlay).", { replace: true, sameAsUnset: [false] }),
        ingress: flag("The routing mesh's network (swarm).", { replace: true, sameAsUnset: [false] }),
        ipv6: flag("With IPv6. Default false.", { replace: true, sameAsUnset: [false] }),
        ipamConfigs: { type: setOf(ipamConfig), description: "Its address ranges.", replace: true, computed: true },
        ipamDriver: text("Driver that gives out the addresses. Default: default.", {
            replace: true,
            default: "default",
        }),
        ipamOptions: map("Options of that driver.", { replace: true }),
        labels: { type: setOf(label("NetworkLabel")), description: "Labels.", replace: true },
        options: map("Options of the driver.", { replace: true, computed: true }),
    },
    outputs: { scope: text("local or swarm.", { required: true }) },
    notServed: [],
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
                Labels: { ...labelMap(list(inputs["labels"])), ...ownerLabels(context.urn) },
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
        const found = inputs ?? imported(info);
        return { id: info.Id, inputs: found, outputs: outputsOf(info, found) };
    },
    async delete(id, state, context) {
        const client = await docker();
        await removeForgotten(client, { network: [id] }, context);
        await retryWhile(
            async () => {
                try {
                    await client.getNetwork(id).remove();
                } catch (error) {
                    if (!isNotFound(error)) {
                        throw error;
                    }
                }
            },
            (error) => /has active endpoints/i.test(reason(error)),
            REMOVE_SECONDS,
            context.signal,
            async (error) => {
                const info = await inspected(client.getNetwork(id).inspect());
                const connected = Object.values((info?.Containers ?? {}) as Record<string, { Name: string }>).map(
                    (container) => container.Name,
                );
                const who = connected.length === 0 ? "" : `; connected: ${connected.join(", ")}`;
                return `cannot remove network ${(state["name"] as string | undefined) ?? id}: ${reason(error)}${who}`;
            },
        );
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
        // Docker allows two networks of one name, and then every use of the name is an error.
        CheckDuplicate: true,
        Driver: (inputs["driver"] as string | undefined) ?? "bridge",
        Internal: inputs["internal"] === true,
        Attachable: inputs["attachable"] === true,
        Ingress: inputs["ingress"] === true,
        EnableIPv6: inputs["ipv6"] === true,
        Options: (inputs["options"] as Record<string, string> | undefined) ?? {},
        IPAM: {
            Driver: inputs["ipamDriver"] as string,
            Options: (inputs["ipamOptions"] as Record<string, string> | undefined) ?? {},
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

/** A network of that name that an interrupted update of this resource has left: taken over where it is as wanted, removed where not. */
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
        const subnets = (found.IPAM?.Config ?? []).map((config) => config.Subnet).join(", ");
        if (!isOurs(found.Labels, context.urn)) {
            throw takenError(
                "network",
                name,
                found.Labels,
                subnets === "" ? found.Driver : `${found.Driver}, ${subnets}`,
            );
        }
        const wanted = options(inputs);
        const actual = {
            driver: found.Driver,
            internal: found.Internal,
            ipv6: found.EnableIPv6,
            subnets: sorted(found.IPAM?.Config),
        };
        if (
            equal(actual, {
                driver: wanted.Driver,
                internal: wanted.Internal,
                ipv6: wanted.EnableIPv6,
                subnets: sorted(wanted.IPAM?.Config),
            })
        ) {
            context.log(
                "info",
                `network ${name} is left over from an interrupted update of this resource: it is taken over`,
            );
            return client.getNetwork(found.Id).inspect();
        }
        context.log(
            "info",
            `network ${name} is left over from an interrupted update of this resource and not as wanted now: it is made again`,
        );
        await client.getNetwork(found.Id).remove();
    }
    return undefined;
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

function imported(info: Docker.NetworkInspectInfo): Properties {
    const labels = Object.entries(info.Labels ?? {}).filter(([name]) => name !== OWNER_LABEL);
    return {
        name: info.Name,
        driver: info.Driver,
        internal: info.Internal,
        ipamDriver: info.IPAM?.Driver ?? "default",
        ipamConfigs: configsOf(info),
        ...(info.EnableIPv6 ? { ipv6: true } : {}),
        ...(Object.keys(info.Options ?? {}).length === 0 ? {} : { options: info.Options }),
        ...(labels.length === 0 ? {} : { labels: labels.map(([name, value]) => ({ label: name, value })) }),
    };
}
