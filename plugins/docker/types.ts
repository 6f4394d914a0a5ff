/**
 * Building blocks of the tables, and the nested types of docker:index/container:Container under their official names.
 */
import { ListType, ObjectType, Property, PropertyTable } from "../shared/property";
import { Value } from "../shared/values";
import { withoutOwner } from "./ownership";

export const text = (description: string, more: Partial<Property> = {}): Property => ({
    type: "string",
    description,
    ...more,
});
export const whole = (description: string, more: Partial<Property> = {}): Property => ({
    type: "integer",
    description,
    ...more,
});
export const flag = (description: string, more: Partial<Property> = {}): Property => ({
    type: "boolean",
    description,
    ...more,
});
/** Texts whose order does not matter. */
export const texts = (description: string, more: Partial<Property> = {}): Property => ({
    type: { list: "string", unordered: true },
    description,
    ...more,
});
/** Texts whose order matters. */
export const words = (description: string, more: Partial<Property> = {}): Property => ({
    type: { list: "string" },
    description,
    ...more,
});
export const map = (description: string, more: Partial<Property> = {}): Property => ({
    type: { map: "string" },
    description,
    ...more,
});

export const type = (name: string, properties: PropertyTable, notServed: readonly string[] = []): ObjectType => ({
    object: `docker:index/${name}:${name}`,
    properties,
    notServed,
});
export const setOf = (list: ObjectType): ListType => ({ list, unordered: true });

export const matches =
    (pattern: RegExp, rule: string) =>
    (value: string): string | undefined =>
        pattern.test(value) ? undefined : `must be ${rule}`;
export const atLeast =
    (minimum: number) =>
    (value: number): string | undefined =>
        value >= minimum ? undefined : `must be at least ${minimum}`;
const port = (value: number): string | undefined =>
    value >= 1 && value <= 65535 ? undefined : "must be a port, 1 to 65535";

/** Go's time.ParseDuration: a sum of numbers with units, such as `1m30s`. */
const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
const duration = (description: string): Property =>
    text(description, {
        default: "0s",
        rule: matches(new RegExp(`${DURATION.source}|^0$`), "a duration such as 3s or 1m30s"),
    });

export const label = (name: string): ObjectType =>
    type(name, {
        label: text("Name of the label.", { required: true }),
        value: text("Value of the label.", { required: true }),
    });

/** Labels of a network or volume, which the official plugin reads back (see ownership.ts). */
export const readBackLabels = (name: string): Property => ({
    type: setOf(label(name)),
    description: "Labels.",
    replace: true,
    spelling: withoutOwner,
});

/**
 * Docker takes `SYS_RESOURCE` and `CAP_SYS_RESOURCE` for the same; the official plugin reads back the long form
 * whatever was sent.
 */
const longForms = (names: Value): Value =>
    Array.isArray(names)
        ? names.map((name) =>
              typeof name !== "string" || /^(CAP_|ALL$)/i.test(name) ? name : `CAP_${name.toUpperCase()}`,
          )
        : names;

export const capabilities = type("ContainerCapabilities", {
    adds: texts("Linux capabilities to add, for example CAP_NET_ADMIN, or ALL.", { spelling: longForms }),
    drops: texts("Linux capabilities to take away.", { spelling: longForms }),
});

export const device = type("ContainerDevice", {
    hostPath: text("The device on the host.", { required: true }),
    containerPath: text("Where it appears in the container. Default: the path on the host.", { computed: true }),
    permissions: text("What the container may do with it. Default rwm.", {
        default: "rwm",
        rule: matches(/^[rwm]+$/, "of the letters r, w and m"),
    }),
});

export const healthcheck = type("ContainerHealthcheck", {
    tests: words('Command to run, for example ["CMD", "curl", "-f", "localhost"]; ["NONE"] for no check.'),
    interval: duration("Time between two checks. Default 0s: the daemon's 30 s."),
    timeout: duration("How long one check may take. Default 0s: the daemon's 30 s."),
    startPeriod: duration("How long failures do not count at the start. Default 0s."),
    startInterval: duration("Time between two checks in the start period (Docker 25). Default 0s."),
    retries: whole("Failures in a row that make the container unhealthy. Default 0: the daemon's 3.", {
        default: 0,
        rule: atLeast(0),
    }),
});

const absolute = matches(/^\//, "an absolute path");

export const networksAdvanced = type(
    "ContainerNetworksAdvanced",
    {
        name: text("Name or id of the network.", { required: true }),
        ipv4Address: text("IPv4 address in the network."),
    },
    ["aliases", "driverOpts", "gwPriority", "ipv6Address", "linkLocalIps", "macAddress"],
);

export const networkData = type("ContainerNetworkData", {
    networkName: text("Name of the network."),
    ipAddress: text("IPv4 address."),
    ipPrefixLength: whole("Prefix length of the IPv4 network."),
    gateway: text("IPv4 gateway."),
    globalIpv6Address: text("IPv6 address."),
    globalIpv6PrefixLength: whole("Prefix length of the IPv6 network."),
    ipv6Gateway: text("IPv6 gateway."),
    macAddress: text("MAC address."),
});

export const portType = type("ContainerPort", {
    internal: whole("Port in the container.", { required: true, rule: port }),
    external: whole("Port on the host. Default: one that is free.", { computed: true, rule: port }),
    ip: text("Address on the host. Default 0.0.0.0.", { default: "0.0.0.0", sameAsUnset: [""] }),
    protocol: text("tcp, udp or sctp. Default tcp.", {
        default: "tcp",
        rule: matches(/^(tcp|udp|sctp)$/, "tcp, udp or sctp"),
    }),
});

export const upload = type(
    "ContainerUpload",
    {
        file: text("Path of the file in the container.", { required: true, rule: absolute }),
        content: text("The file's content."),
        executable: flag("Mode 0744 instead of 0644. Default false.", { default: false }),
    },
    ["contentBase64", "group", "owner", "permissions", "source", "sourceHash"],
);

export const volume = type(
    "ContainerVolume",
    {
        containerPath: text("Path in the container.", { rule: absolute }),
        volumeName: text("Name of a volume."),
        readOnly: flag("Whether the container may only read it. Default false.", { sameAsUnset: [false] }),
    },
    ["fromContainer", "hostPath", "selinuxRelabel"],
);
