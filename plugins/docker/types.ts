/** Property tables of the nested types of docker:index/container:Container, under their official names. */
import { ListType, ObjectType, Property, PropertyTable } from "../shared/property";

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
/** A set of texts: their order means nothing. */
export const texts = (description: string, more: Partial<Property> = {}): Property => ({
    type: { list: "string", unordered: true },
    description,
    ...more,
});
/** Texts whose order counts. */
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

export const capabilities = type("ContainerCapabilities", {
    adds: texts("Linux capabilities to add, for example NET_ADMIN, or ALL."),
    drops: texts("Linux capabilities to take away."),
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

export const host = type("ContainerHost", {
    host: text("Hostname to add.", { required: true }),
    ip: text("The address it stands for.", { required: true }),
});

const absolute = matches(/^\//, "an absolute path");

export const mount = type("ContainerMount", {
    target: text("Path in the container.", { required: true }),
    type: text("bind, volume or tmpfs.", {
        required: true,
        rule: matches(/^(bind|volume|tmpfs)$/, "bind, volume or tmpfs"),
    }),
    source: text("A path on the host, or the name of a volume."),
    readOnly: flag("Whether the container may only read it. Default false.", { sameAsUnset: [false] }),
    bindOptions: {
        type: type("ContainerMountBindOptions", {
            propagation: text("How mounts spread between host and container.", {
                rule: matches(/^r?(private|shared|slave)$/, "one of private, rprivate, shared, rshared, slave, rslave"),
            }),
        }),
        description: "Options of a bind mount.",
    },
    tmpfsOptions: {
        type: type("ContainerMountTmpfsOptions", {
            mode: whole("Mode of the tmpfs, as a number."),
            sizeBytes: whole("Size of the tmpfs in bytes."),
        }),
        description: "Options of a tmpfs.",
    },
    volumeOptions: {
        type: type(
            "ContainerMountVolumeOptions",
            {
                driverName: text("Driver of a volume that is made for the mount."),
                driverOptions: map("Options of that driver."),
                labels: {
                    type: setOf(label("ContainerMountVolumeOptionsLabel")),
                    description: "Labels of that volume.",
                },
                noCopy: flag("Do not fill the volume with what the image has there."),
            },
            ["subpath"],
        ),
        description: "Options of a volume mount.",
    },
});

export const networksAdvanced = type(
    "ContainerNetworksAdvanced",
    {
        name: text("Name or id of the network.", { required: true }),
        aliases: texts("Other names of the container in the network."),
        ipv4Address: text("IPv4 address in the network."),
        ipv6Address: text("IPv6 address in the network."),
        linkLocalIps: texts("Link-local addresses."),
        macAddress: text("MAC address in the network."),
        driverOpts: texts("Options of the network's driver, as KEY=VALUE."),
    },
    ["gwPriority"],
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

export const ulimit = type("ContainerUlimit", {
    name: text("Name of the limit, for example nofile.", { required: true }),
    soft: whole("Soft limit.", { required: true }),
    hard: whole("Hard limit.", { required: true }),
});

export const upload = type(
    "ContainerUpload",
    {
        file: text("Path of the file in the container.", { required: true, rule: absolute }),
        content: text("The file's content, as text. One of content, contentBase64 and source."),
        contentBase64: text("The file's content in base64.", { rule: matches(/^[A-Za-z0-9+/]*={0,2}$/, "base64") }),
        source: text("A file on this machine with the content, which then is not kept in the state."),
        sourceHash: text("Change it to upload a changed source again."),
        executable: flag("Mode 0744 instead of 0644. Default false.", { default: false }),
        permissions: text("Mode of the file, for example 0600; goes before executable.", {
            rule: matches(/^0[0-7]{3}$/, "an octal mode such as 0644"),
        }),
    },
    ["owner", "group"],
);

export const volume = type("ContainerVolume", {
    containerPath: text("Path in the container.", { rule: absolute }),
    fromContainer: text("A container whose volumes are mounted."),
    hostPath: text("A path on the host.", { rule: absolute }),
    volumeName: text("Name of a volume."),
    readOnly: flag("Whether the container may only read it. Default false.", { sameAsUnset: [false] }),
    selinuxRelabel: text("z or Z: the SELinux label for content that is shared or private.", {
        rule: matches(/^[zZ]$/, "z or Z"),
    }),
});
