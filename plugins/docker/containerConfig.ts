/** From a container's properties to the requests to Docker's API. Pure. */
import type * as Docker from "dockerode";
import { Properties } from "../shared/values";
import { labelMap } from "./ownership";

const MIB = 1024 * 1024;

/** Readers of checked properties: the check has made sure of the types. */
type Item = Properties;
const items = (inputs: Properties, name: string): Item[] => (inputs[name] as Item[] | undefined) ?? [];
const list = (inputs: Properties, name: string): string[] | undefined => inputs[name] as string[] | undefined;
const string = (inputs: Properties, name: string): string | undefined =>
    (inputs[name] as string | undefined) || undefined;
const number = (inputs: Properties, name: string): number | undefined => inputs[name] as number | undefined;
const flag = (inputs: Properties, name: string): boolean => (inputs[name] as boolean | undefined) ?? false;
const table = (inputs: Properties, name: string): Record<string, string> | undefined =>
    inputs[name] as Record<string, string> | undefined;

/** The body of POST /containers/create. @param labels come on top of the program's own */
export function createOptions(inputs: Properties, labels: Record<string, string>): Docker.ContainerCreateOptions {
    const ports = items(inputs, "ports");
    const volumes = items(inputs, "volumes");
    return defined({
        name: inputs["name"] as string,
        Image: inputs["image"] as string,
        Cmd: list(inputs, "command"),
        Entrypoint: list(inputs, "entrypoints"),
        Env: list(inputs, "envs"),
        Hostname: string(inputs, "hostname"),
        Tty: flag(inputs, "tty"),
        OpenStdin: flag(inputs, "stdinOpen"),
        StopSignal: string(inputs, "stopSignal"),
        StopTimeout: number(inputs, "stopTimeout"),
        Healthcheck: inputs["healthcheck"] === undefined ? undefined : healthConfig(inputs["healthcheck"] as Item),
        Labels: { ...labelMap(inputs["labels"]), ...labels },
        ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
        Volumes: Object.fromEntries(volumes.map((volume) => [volume["containerPath"] as string, {}])),
        HostConfig: hostConfig(inputs),
    });
}

function hostConfig(inputs: Properties): Docker.HostConfig {
    const { options, unconfined } = securityOptions(list(inputs, "securityOpts"));
    const capabilities = inputs["capabilities"] as Item | undefined;
    return defined({
        ...resources(inputs),
        ...(unconfined ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
        AutoRemove: flag(inputs, "rm"),
        Binds: binds(items(inputs, "volumes")),
        CapAdd: capabilities === undefined ? undefined : list(capabilities, "adds"),
        CapDrop: capabilities === undefined ? undefined : list(capabilities, "drops"),
        CgroupnsMode: string(inputs, "cgroupnsMode") as "private" | "host" | undefined,
        DeviceCgroupRules: list(inputs, "deviceCgroupRules"),
        Devices: items(inputs, "devices").map((device) => ({
            PathOnHost: device["hostPath"] as string,
            PathInContainer: (device["containerPath"] ?? device["hostPath"]) as string,
            CgroupPermissions: device["permissions"] as string,
        })),
        Init: flag(inputs, "init"),
        IpcMode: string(inputs, "ipcMode"),
        // An empty name means the daemon's default driver.
        LogConfig: { Type: string(inputs, "logDriver") ?? "", Config: {} },
        NetworkMode: string(inputs, "networkMode"),
        PortBindings: portBindings(items(inputs, "ports")),
        ReadonlyRootfs: flag(inputs, "readOnly"),
        RestartPolicy: restartPolicy(inputs),
        Runtime: string(inputs, "runtime"),
        SecurityOpt: options,
        ShmSize: megabytes(number(inputs, "shmSize")),
        Tmpfs: table(inputs, "tmpfs"),
    });
}

/** The properties that Docker can change of a container that exists. */
export const UPDATABLE = ["restart", "cpuShares", "memory", "memoryReservation"] as const;
/** The body of POST /containers/ID/update. */
export function updateOptions(inputs: Properties): Record<string, unknown> {
    return defined({ ...resources(inputs), RestartPolicy: restartPolicy(inputs) });
}

function resources(inputs: Properties): Pick<Docker.HostConfig, "CpuShares" | "Memory" | "MemoryReservation"> {
    return defined({
        CpuShares: number(inputs, "cpuShares"),
        Memory: megabytes(number(inputs, "memory")),
        MemoryReservation: megabytes(number(inputs, "memoryReservation")),
    });
}

function restartPolicy(inputs: Properties): { Name: string } {
    return { Name: inputs["restart"] as string };
}

/**
 * `systempaths=unconfined` is an option of Docker's client alone: the daemon is asked for two empty lists of hidden
 * paths instead.
 */
function securityOptions(given: string[] | undefined): { options: string[] | undefined; unconfined: boolean } {
    const options = given?.filter((option) => option !== "systempaths=unconfined");
    return { options, unconfined: options?.length !== given?.length };
}

/** The bindings of named volumes. A volume without a name is anonymous, and needs none. */
function binds(volumes: Item[]): string[] {
    return volumes.flatMap((volume) => {
        const mode = volume["readOnly"] === true ? "ro" : "rw";
        return volume["volumeName"] === undefined
            ? []
            : [`${volume["volumeName"] as string}:${volume["containerPath"] as string}:${mode}`];
    });
}

function portKey(port: Item): string {
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
    return { IPAMConfig: defined({ IPv4Address: string(network, "ipv4Address") }) };
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

/** A duration as Go writes it, in nanoseconds, the unit of Docker's API. */
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
