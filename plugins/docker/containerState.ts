/** From Docker's description of a container to its properties. Pure. */
import type * as Docker from "dockerode";
import { Properties, Value } from "../shared/values";

const MIB = 1024 * 1024;

/** Members of Docker's answer that the library's types lack. */
interface Inspected extends Docker.ContainerInspectInfo {
    Config: Docker.ContainerInspectInfo["Config"] & {
        StopSignal?: string;
        StopTimeout?: number;
        Healthcheck?: Docker.HealthConfig;
    };
}

/**
 * The outputs: the inputs as Docker reports them, and what Docker has chosen. Environment and labels come from the
 * inputs instead, because the image adds to those that Docker reports.
 */
export function outputsOf(info: Docker.ContainerInspectInfo, inputs: Properties): Properties {
    const { Config: config, HostConfig: host, State: state } = info as Inspected;
    return {
        name: info.Name.replace(/^\//, ""),
        image: (inputs["image"] as string | undefined)?.startsWith("sha256:") ? info.Image : config.Image,
        command: config.Cmd ?? [],
        entrypoints: (typeof config.Entrypoint === "string" ? [config.Entrypoint] : config.Entrypoint) ?? [],
        envs: inputs["envs"] ?? [],
        labels: inputs["labels"] ?? [],
        hostname: config.Hostname,
        stopSignal: config.StopSignal ?? "",
        stopTimeout: config.StopTimeout ?? inputs["stopTimeout"],
        init: host.Init ?? false,
        ipcMode: host.IpcMode ?? "",
        runtime: host.Runtime ?? "",
        securityOpts: inputs["securityOpts"] ?? (host.SecurityOpt as string[] | null | undefined) ?? [],
        shmSize: Math.floor((host.ShmSize ?? 0) / MIB),
        logDriver: host.LogConfig?.Type ?? "",
        ...(inputs["healthcheck"] === undefined && config.Healthcheck !== undefined
            ? { healthcheck: healthcheck(config.Healthcheck) }
            : {}),
        ports:
            state.Running && inputs["ports"] !== undefined
                ? publishedPorts(info, inputs["ports"] as Properties[])
                : inputs["ports"],
        bridge: (info.NetworkSettings as { Bridge?: string }).Bridge ?? "",
        containerLogs: "",
        exitCode: state.Running ? 0 : state.ExitCode,
        networkDatas: networkDatas(info),
    };
}

/** The ports as the program wrote them, with the port of the host where Docker has chosen it. */
function publishedPorts(info: Docker.ContainerInspectInfo, ports: Properties[]): Properties[] {
    return ports.map((port) => {
        if (port["external"] !== undefined) {
            return port;
        }
        const bindings =
            info.NetworkSettings.Ports[`${port["internal"] as number}/${port["protocol"] as string}`] ?? [];
        const binding = bindings.find((candidate) => candidate.HostIp === port["ip"]) ?? bindings[0];
        return binding === undefined ? port : { ...port, external: Number(binding.HostPort) };
    });
}

function networkDatas(info: Docker.ContainerInspectInfo): Properties[] {
    return Object.entries(info.NetworkSettings.Networks ?? {})
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([networkName, network]) => ({
            networkName,
            ipAddress: network.IPAddress,
            ipPrefixLength: network.IPPrefixLen,
            gateway: network.Gateway,
            globalIpv6Address: network.GlobalIPv6Address,
            globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
            ipv6Gateway: network.IPv6Gateway,
            macAddress: network.MacAddress,
        }));
}

function healthcheck(check: Docker.HealthConfig): Properties {
    const seconds = (value: number | undefined): string => `${(value ?? 0) / 1e9}s`;
    return {
        tests: check.Test ?? [],
        interval: seconds(check.Interval),
        timeout: seconds(check.Timeout),
        startPeriod: seconds(check.StartPeriod),
        startInterval: seconds(check.StartInterval),
        retries: check.Retries ?? 0,
    };
}

/**
 * The inputs that would give the container as it is now. Most settings are fixed at creation. What can differ are the
 * name, what `docker update` changes, the networks, and whether it runs. Only inputs that the program gives are
 * compared, so that Docker's own choices count as no drift.
 */
export function inputsOf(info: Docker.ContainerInspectInfo, inputs: Properties): Properties {
    const host = info.HostConfig;
    const found: Properties = { ...inputs };
    const set = (name: string, value: Value): void => {
        if (inputs[name] !== undefined) {
            found[name] = value;
        }
    };
    set("name", info.Name.replace(/^\//, ""));
    set("restart", host.RestartPolicy?.Name || "no");
    set("memory", Math.floor((host.Memory ?? 0) / MIB));
    set("memoryReservation", Math.floor((host.MemoryReservation ?? 0) / MIB));
    set("cpuShares", host.CpuShares ?? 0);
    const connected = info.NetworkSettings.Networks ?? {};
    const isConnected = (name: Value): boolean =>
        Object.entries(connected).some(([known, network]) => known === name || network.NetworkID === name);
    set(
        "networksAdvanced",
        ((inputs["networksAdvanced"] as Properties[] | undefined) ?? []).filter((network) =>
            isConnected(network["name"]),
        ),
    );
    if (!info.State.Running && inputs["start"] !== false) {
        set("mustRun", false);
    }
    return found;
}
