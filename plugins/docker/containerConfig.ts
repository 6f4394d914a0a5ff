/** From a container's properties to what Docker's API is asked to make. Pure. */
import type * as Docker from "dockerode";
import { Properties } from "../shared/values";

const MIB = 1024 * 1024;

/** Reading a checked property: the table has made sure of the types. */
type Item = Properties;
const items = (inputs: Properties, name: string): Item[] => (inputs[name] as Item[] | undefined) ?? [];
const list = (inputs: Properties, name: string): string[] | undefined => inputs[name] as string[] | undefined;
const string = (inputs: Properties, name: string): string | undefined =>
    (inputs[name] as string | undefined) || undefined;
const number = (inputs: Properties, name: string): number | undefined => inputs[name] as number | undefined;
const flag = (inputs: Properties, name: string): boolean => (inputs[name] as boolean | undefined) ?? false;
const table = (inputs: Properties, name: string): Record<string, string> | undefined =>
    inputs[name] as Record<string, string> | undefined;

/** The body of POST /containers/create. `labels` are added to the program's own. */
export function createOptions(inputs: Properties, labels: Record<string, string>): Docker.ContainerCreateOptions {
    const ports = items(inputs, "ports");
    const volumes = items(inputs, "volumes");
    return defined({
        name: inputs["name"] as string,
        Image: inputs["image"] as string,
        Cmd: list(inputs, "command"),
        Entrypoint: list(inputs, "entrypoints"),
        Env: list(inputs, "envs"),
        User: string(inputs, "user"),
        WorkingDir: string(inputs, "workingDir"),
        Hostname: string(inputs, "hostname"),
        Domainname: string(inputs, "domainname"),
        Tty: flag(inputs, "tty"),
        OpenStdin: flag(inputs, "stdinOpen"),
        StopSignal: string(inputs, "stopSignal"),
        StopTimeout: number(inputs, "stopTimeout"),
        Healthcheck: inputs["healthcheck"] === undefined ? undefined : healthConfig(inputs["healthcheck"] as Item),
        Labels: { ...labelMap(items(inputs, "labels")), ...labels },
        ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
        Volumes: Object.fromEntries(
            volumes.flatMap((volume) =>
                volume["containerPath"] === undefined ? [] : [[volume["containerPath"] as string, {}]],
            ),
        ),
        HostConfig: hostConfig(inputs),
    });
}

function hostConfig(inputs: Properties): Docker.HostConfig {
    const { options, unconfined } = securityOptions(list(inputs, "securityOpts"));
    const capabilities = inputs["capabilities"] as Item | undefined;
    const cpus = string(inputs, "cpus");
    return defined({
        ...resources(inputs),
        ...(unconfined ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
        AutoRemove: flag(inputs, "rm"),
        Binds: binds(items(inputs, "volumes")),
        CapAdd: capabilities === undefined ? undefined : list(capabilities, "adds"),
        CapDrop: capabilities === undefined ? undefined : list(capabilities, "drops"),
        CgroupParent: string(inputs, "cgroupParent"),
        CgroupnsMode: string(inputs, "cgroupnsMode") as "private" | "host" | undefined,
        CpuPeriod: number(inputs, "cpuPeriod"),
        CpuQuota: number(inputs, "cpuQuota"),
        DeviceCgroupRules: list(inputs, "deviceCgroupRules"),
        Devices: items(inputs, "devices").map((device) => ({
            PathOnHost: device["hostPath"] as string,
            PathInContainer: (device["containerPath"] ?? device["hostPath"]) as string,
            CgroupPermissions: device["permissions"] as string,
        })),
        Dns: list(inputs, "dns"),
        DnsOptions: list(inputs, "dnsOpts"),
        DnsSearch: list(inputs, "dnsSearches"),
        ExtraHosts: items(inputs, "hosts").map((host) => `${host["host"] as string}:${host["ip"] as string}`),
        GroupAdd: list(inputs, "groupAdds"),
        Init: flag(inputs, "init"),
        IpcMode: string(inputs, "ipcMode"),
        // A driver of "" is the daemon's own.
        LogConfig: { Type: string(inputs, "logDriver") ?? "", Config: table(inputs, "logOpts") ?? {} },
        Mounts: items(inputs, "mounts").map(mount),
        NanoCpus: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
        NetworkMode: string(inputs, "networkMode"),
        PidMode: string(inputs, "pidMode"),
        PortBindings: portBindings(items(inputs, "ports")),
        Privileged: flag(inputs, "privileged"),
        PublishAllPorts: flag(inputs, "publishAllPorts"),
        ReadonlyRootfs: flag(inputs, "readOnly"),
        RestartPolicy: restartPolicy(inputs),
        Runtime: string(inputs, "runtime"),
        SecurityOpt: options,
        ShmSize: megabytes(number(inputs, "shmSize")),
        StorageOpt: table(inputs, "storageOpts"),
        Sysctls: table(inputs, "sysctls"),
        Tmpfs: table(inputs, "tmpfs"),
        Ulimits: items(inputs, "ulimits").map((limit) => ({
            Name: limit["name"] as string,
            Soft: limit["soft"] as number,
            Hard: limit["hard"] as number,
        })),
        UsernsMode: string(inputs, "usernsMode"),
        VolumesFrom: items(inputs, "volumes").flatMap((volume) =>
            volume["fromContainer"] === undefined ? [] : [volume["fromContainer"] as string],
        ),
    });
}

/** What `docker update` can change of a container that exists, and the body of POST /containers/ID/update. */
export const UPDATABLE = [
    "restart",
    "maxRetryCount",
    "cpuShares",
    "cpuSet",
    "memory",
    "memoryReservation",
    "memorySwap",
] as const;
export function updateOptions(inputs: Properties): Record<string, unknown> {
    return defined({ ...resources(inputs), RestartPolicy: restartPolicy(inputs) });
}

function resources(
    inputs: Properties,
): Pick<Docker.HostConfig, "CpuShares" | "CpusetCpus" | "Memory" | "MemoryReservation" | "MemorySwap"> {
    const swap = number(inputs, "memorySwap");
    return defined({
        CpuShares: number(inputs, "cpuShares"),
        CpusetCpus: string(inputs, "cpuSet"),
        Memory: megabytes(number(inputs, "memory")),
        MemoryReservation: megabytes(number(inputs, "memoryReservation")),
        MemorySwap: swap === -1 ? -1 : megabytes(swap),
    });
}

function restartPolicy(inputs: Properties): { Name: string; MaximumRetryCount: number } {
    return { Name: inputs["restart"] as string, MaximumRetryCount: number(inputs, "maxRetryCount") ?? 0 };
}

/** `systempaths=unconfined` is for the client: the daemon wants the two lists of hidden paths empty instead. */
function securityOptions(given: string[] | undefined): { options: string[] | undefined; unconfined: boolean } {
    const options = given?.filter((option) => option !== "systempaths=unconfined");
    return { options, unconfined: options?.length !== given?.length };
}

function binds(volumes: Item[]): string[] {
    return volumes.flatMap((volume) => {
        const source = (volume["hostPath"] ?? volume["volumeName"]) as string | undefined;
        if (source === undefined) {
            return [];
        }
        const mode = [
            volume["readOnly"] === true ? "ro" : "rw",
            ...(volume["selinuxRelabel"] === undefined ? [] : [volume["selinuxRelabel"] as string]),
        ];
        return [`${source}:${volume["containerPath"] as string}:${mode.join(",")}`];
    });
}

function mount(item: Item): Docker.MountSettings {
    const volume = item["volumeOptions"] as Item | undefined;
    const tmpfs = item["tmpfsOptions"] as Item | undefined;
    const bind = item["bindOptions"] as Item | undefined;
    const driver = volume?.["driverName"] ?? volume?.["driverOptions"];
    return defined({
        Target: item["target"] as string,
        Source: (item["source"] as string | undefined) ?? "",
        Type: item["type"] as Docker.MountType,
        ReadOnly: flag(item, "readOnly"),
        BindOptions:
            bind === undefined ? undefined : defined({ Propagation: bind["propagation"] as Docker.MountPropagation }),
        TmpfsOptions:
            tmpfs === undefined
                ? undefined
                : {
                      SizeBytes: (tmpfs["sizeBytes"] as number | undefined) ?? 0,
                      Mode: (tmpfs["mode"] as number | undefined) ?? 0,
                  },
        VolumeOptions:
            volume === undefined
                ? undefined
                : ({
                      NoCopy: flag(volume, "noCopy"),
                      Labels: labelMap(items(volume, "labels")),
                      ...(driver === undefined
                          ? {}
                          : {
                                DriverConfig: {
                                    Name: string(volume, "driverName") ?? "",
                                    Options: table(volume, "driverOptions") ?? {},
                                },
                            }),
                  } as Docker.MountSettings["VolumeOptions"]),
    });
}

export function portKey(port: Item): string {
    return `${port["internal"] as number}/${port["protocol"] as string}`;
}

function portBindings(ports: Item[]): Record<string, { HostIp: string; HostPort: string }[]> {
    const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
    for (const port of ports) {
        const external = port["external"] as number | undefined;
        (bindings[portKey(port)] ??= []).push({
            HostIp: port["ip"] as string,
            HostPort: external === undefined ? "" : String(external),
        });
    }
    return bindings;
}

/** The endpoint of one entry of networksAdvanced. */
export function endpoint(network: Item): Docker.EndpointSettings {
    return defined({
        Aliases: list(network, "aliases"),
        MacAddress: string(network, "macAddress"),
        DriverOpts:
            list(network, "driverOpts") === undefined
                ? undefined
                : Object.fromEntries((list(network, "driverOpts") ?? []).map(pair)),
        IPAMConfig: defined({
            IPv4Address: string(network, "ipv4Address"),
            IPv6Address: string(network, "ipv6Address"),
            LinkLocalIPs: list(network, "linkLocalIps"),
        }),
    });
}

function pair(line: string): [string, string] {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}

export function labelMap(labels: Item[]): Record<string, string> {
    return Object.fromEntries(labels.map((label) => [label["label"] as string, label["value"] as string]));
}

function healthConfig(check: Item): Docker.HealthConfig {
    return defined({
        Test: list(check, "tests"),
        Interval: nanoseconds(check["interval"] as string),
        Timeout: nanoseconds(check["timeout"] as string),
        StartPeriod: nanoseconds(check["startPeriod"] as string),
        StartInterval: nanoseconds(check["startInterval"] as string) || undefined,
        Retries: number(check, "retries"),
    });
}

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Go's durations in nanoseconds, the unit of Docker's API. */
export function nanoseconds(duration: string): number {
    return [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
        (sum, [, value, unit]) => sum + Number(value) * (UNITS[unit as string] ?? 0),
        0,
    );
}

function megabytes(value: number | undefined): number | undefined {
    return value === undefined ? undefined : value * MIB;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
/** Without members that are undefined, which Docker's types do not know. */
function defined<T extends object>(value: T): Defined<T> {
    return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
