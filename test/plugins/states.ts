/**
 * What stands in the state of a lab that another plugin has made: Pulumi's official one, or an older version of the
 * replacement. The shapes follow what was read off labs made by official plugins that were built from their sources,
 * and by the replacement plugins before they kept to those shapes.
 */
import { Json } from "./harness";

export interface Recorded {
    token: string;
    /** What the program asks for now. */
    program: Json;
    /** Inputs in a state that an older replacement plugin wrote. */
    older: Json;
    /** Inputs in a state that the official plugin wrote. */
    official: Json;
    /** Outputs that only the official plugin writes; they come on top of what both do. */
    officialOutputs: Json;
}

const URN_LABEL = { label: "io.metal3-scale-lab.pulumi-urn", value: "urn:pulumi:dev::metal3-scale-lab::t::n" };
const noted = (value: Json, ...defaults: string[]): Json => ({ __defaults: defaults, ...value });
const META = '{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":60000000000},"schema_version":"2"}';

/** @param names of objects in Docker. @param image of the container. */
export function recordedStates(
    names: { network: string; volume: string; container: string; address: string; label: string },
    subnet: string,
    gateway: string,
    image: string,
): { network: Recorded; volume: Recorded; container: Recorded; password: Recorded; command: Recorded } {
    const label = { label: "metal3-scale-lab", value: names.label };
    const network = { name: names.network, driver: "bridge" };
    const ipam = { subnet, gateway };
    const check = { tests: ["CMD", "/bin/sh", "-c", "true"], interval: "1s", timeout: "15s", retries: 3 };
    const container = {
        name: names.container,
        hostname: "node",
        image,
        command: ["/bin/sh", "-c", "exec sleep 1000"],
        tmpfs: { "/run": "exec" },
        securityOpts: ["seccomp=unconfined"],
        deviceCgroupRules: ["a *:* rwm"],
        cgroupnsMode: "private",
        cpuShares: 2048,
        restart: "unless-stopped",
        stopSignal: "SIGHUP",
        destroyGraceSeconds: 1,
        wait: true,
        waitTimeout: 60,
    };
    const port = { internal: 6443, ip: "127.0.0.1" };
    const attached = { name: names.network, ipv4Address: names.address };
    const mounted = { volumeName: names.volume, containerPath: "/var/x" };
    const upload = { file: "/etc/x", content: "x" };
    const device = { hostPath: "/dev/kmsg" };
    const lists = {
        labels: [noted(label)],
        networksAdvanced: [noted(attached)],
        volumes: [noted(mounted)],
        ports: [noted({ ...port, protocol: "tcp" }, "protocol")],
        devices: [noted({ ...device, permissions: "rwm" }, "permissions")],
        healthcheck: noted({ ...check, startInterval: "0s", startPeriod: "0s" }, "startInterval", "startPeriod"),
    };
    const password = { length: 32, special: false };
    const command = { create: "echo made", environment: { A: "1" }, triggers: ["t"] };
    return {
        network: {
            token: "docker:index/network:Network",
            program: { ...network, ipamConfigs: [ipam], labels: [label] },
            older: noted(
                { ...network, ipamConfigs: [noted(ipam)], ipamDriver: "default", labels: [noted(label)] },
                "ipamDriver",
            ),
            // An official refresh of a lab that an older replacement had made: the label with the URN has come in.
            official: noted(
                {
                    ...network,
                    ipamConfigs: [noted(ipam)],
                    ipamDriver: "default",
                    labels: [noted(URN_LABEL), noted(label)],
                },
                "ipamDriver",
            ),
            officialOutputs: {
                __meta: META,
                __pulumi_raw_state_delta: { obj: { ps: {} } },
                id: "id",
                attachable: false,
                ingress: false,
                ipv6: false,
                ipamOptions: null,
                labels: [URN_LABEL, label],
            },
        },
        volume: {
            token: "docker:index/volume:Volume",
            program: { name: names.volume, labels: [label] },
            older: noted({ name: names.volume, labels: [noted(label)] }),
            official: noted({ name: names.volume, labels: [noted(URN_LABEL), noted(label)] }),
            officialOutputs: { __meta: META, id: names.volume, cluster: null, driverOpts: null },
        },
        container: {
            token: "docker:index/container:Container",
            program: {
                ...container,
                labels: [label],
                networksAdvanced: [attached],
                volumes: [mounted],
                uploads: [upload],
                ports: [port],
                devices: [device],
                healthcheck: check,
                capabilities: { adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] },
            },
            older: noted(
                {
                    ...container,
                    ...lists,
                    uploads: [noted({ ...upload, executable: false }, "executable")],
                    capabilities: noted({ adds: ["ALL"], drops: ["SYS_RESOURCE"] }),
                    memoryReservation: 0,
                    mustRun: true,
                    networkMode: "bridge",
                    readOnly: false,
                    removeVolumes: true,
                    rm: false,
                    start: true,
                    stdinOpen: false,
                    tty: false,
                },
                ..."memoryReservation mustRun networkMode readOnly removeVolumes rm start stdinOpen tty".split(" "),
            ),
            official: noted(
                {
                    ...container,
                    ...lists,
                    uploads: [noted(upload)],
                    capabilities: noted({ adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] }),
                    containerReadRefreshTimeoutMilliseconds: 15000,
                    mustRun: true,
                    networkMode: "bridge",
                    removeVolumes: true,
                    start: true,
                },
                ..."containerReadRefreshTimeoutMilliseconds mustRun networkMode removeVolumes start".split(" "),
            ),
            officialOutputs: {
                __meta: META,
                __pulumi_raw_state_delta: { obj: { ps: { uploads: { arr: {} } } } },
                id: "id",
                attach: false,
                containerReadRefreshTimeoutMilliseconds: 15000,
                logs: false,
                containerLogs: null,
                gpus: null,
                groupAdds: [],
                dns: [],
                hosts: [],
                mounts: [],
                ulimits: [],
                sysctls: {},
                privileged: null,
                maxRetryCount: 0,
                memory: 0,
            },
        },
        password: {
            token: "random:index/randomPassword:RandomPassword",
            program: password,
            older: noted(
                { ...password, lower: true, upper: true, minLower: 0, minUpper: 0, minNumeric: 0, minSpecial: 0 },
                ..."lower minLower minNumeric minSpecial minUpper upper".split(" "),
            ),
            official: password,
            officialOutputs: { id: "none", keepers: null, overrideSpecial: null },
        },
        command: {
            token: "command:local:Command",
            program: command,
            older: noted(command),
            official: command,
            officialOutputs: { archive: null, assets: null },
        },
    };
}
