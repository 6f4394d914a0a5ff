/**
 * The properties of docker:index/container:Container (@pulumi/docker 5.2.0): types, defaults, and what a change costs.
 *
 * The costs are those of terraform-provider-docker, with one difference: where Docker cannot change a setting of a
 * container that exists and upstream calls the change an update that does nothing (healthcheck, init, rm, tmpfs), it
 * replaces here.
 */
import { PropertyTable } from "../shared/property";
import { Value } from "../shared/values";
import * as types from "./types";
import { atLeast, flag, map, matches, text, texts, whole, words } from "./types";

const REPLACE = { replace: true } as const;
const CHOSEN = { replace: true, computed: true } as const;
/**
 * A property of which this plugin serves the official default alone: a state without it would differ with the official
 * plugin.
 */
const only =
    (value: Value) =>
    (given: Value): string | undefined =>
        given === value ? undefined : `can only be ${JSON.stringify(value)} with this replacement plugin`;

export const CONTAINER_INPUTS: PropertyTable = {
    name: text("Name of the container.", REPLACE),
    image: text("Image to run: a name with a tag, or an id.", { required: true, ...REPLACE }),

    // The process.
    command: words("The command to run. Default: the image's.", {
        ...CHOSEN,
        rule: (value: string[]) => (value.includes("") ? "must not hold an empty word" : undefined),
    }),
    entrypoints: words("The entry point. Default: the image's.", CHOSEN),
    envs: texts("Environment variables, as KEY=VALUE.", {
        ...CHOSEN,
        rule: (value: unknown[]) =>
            value.every((line) => typeof line !== "string" || /^[^=]+(=|$)/.test(line))
                ? undefined
                : "must be KEY=VALUE each",
    }),
    tty: flag("Give it a terminal. Default false.", { ...REPLACE, default: false }),
    stdinOpen: flag("Keep its standard input open. Default false.", { ...REPLACE, default: false }),
    init: flag("Run an init process that forwards signals and reaps children. Default false.", {
        ...CHOSEN,
        sameAsUnset: [false],
    }),
    stopSignal: text("Signal that asks it to stop. Default: the image's, else SIGTERM.", CHOSEN),
    stopTimeout: whole("Seconds from the stop signal to SIGKILL. Default: the daemon's 10.", {
        ...CHOSEN,
        rule: atLeast(0),
    }),
    healthcheck: { type: types.healthcheck, description: "How Docker finds out whether it is healthy.", ...CHOSEN },

    // Files.
    uploads: {
        type: types.setOf(types.upload),
        description: "Files to put into the container before it starts.",
        ...REPLACE,
    },
    volumes: { type: types.setOf(types.volume), description: "Volumes and host paths to mount.", ...REPLACE },
    tmpfs: map("Temporary file systems: options by path.", REPLACE),
    readOnly: flag("Make its root file system read-only. Default false.", { ...REPLACE, default: false }),

    // Network.
    networkMode: text("bridge (the default), host, none, container:NAME or a network's name.", {
        ...REPLACE,
        default: "bridge",
    }),
    networksAdvanced: {
        type: types.setOf(types.networksAdvanced),
        description: "Networks to connect to, instead of bridge.",
        ...REPLACE,
    },
    ports: { type: { list: types.portType }, description: "Ports to publish on the host.", ...REPLACE },
    hostname: text("Its hostname. Default: its short id.", CHOSEN),

    // Rights and isolation.
    capabilities: { type: types.capabilities, description: "Linux capabilities.", ...REPLACE },
    securityOpts: texts("Security options, for example seccomp=unconfined or systempaths=unconfined.", CHOSEN),
    devices: { type: types.setOf(types.device), description: "Devices of the host.", ...REPLACE },
    deviceCgroupRules: texts("Cgroup rules for classes of devices, for example a *:* rwm.", REPLACE),
    cgroupnsMode: text("private or host: its cgroup namespace. Default: the daemon's.", {
        ...REPLACE,
        rule: matches(/^(private|host)$/, "private or host"),
    }),
    ipcMode: text("Its IPC namespace: none, private, shareable, host or container:NAME.", CHOSEN),
    runtime: text("The OCI runtime. Default: the daemon's.", CHOSEN),

    // Resources.
    memory: whole("Memory limit in MiB.", { rule: atLeast(0), sameAsUnset: [0], replaceWhenUnset: true }),
    memoryReservation: whole("Memory reservation in MiB. Default 0.", { default: 0, rule: atLeast(0) }),
    shmSize: whole("Size of /dev/shm in MiB. Default: the daemon's 64.", { ...CHOSEN, rule: atLeast(0) }),
    cpuShares: whole("Relative weight against other containers.", {
        rule: atLeast(0),
        sameAsUnset: [0],
        replaceWhenUnset: true,
    }),

    // Life.
    restart: text("When Docker restarts it: no (the default), on-failure, always, unless-stopped.", {
        default: "no",
        rule: matches(/^(no|on-failure|always|unless-stopped)$/, "no, on-failure, always or unless-stopped"),
    }),
    rm: flag("Remove it when it ends. Default false.", { ...REPLACE, default: false }),
    start: flag("Start it when it is made. Default true.", { default: true }),
    mustRun: flag("It has to run: a stopped one is started again by the next update. Default true.", { default: true }),
    wait: flag("Wait until it is healthy. Default false.", { default: false }),
    waitTimeout: whole("Seconds to wait. Default 60.", { default: 60, rule: atLeast(1) }),
    destroyGraceSeconds: whole("Seconds from the stop signal to SIGKILL when it is destroyed. Default 0.", {
        rule: atLeast(0),
        sameAsUnset: [0],
    }),
    removeVolumes: flag("Remove its anonymous volumes with it. Default true.", { default: true }),

    // Output and labels.
    attach: flag("Show its output until it ends. Default false.", { default: false, rule: only(false) }),
    logs: flag("Keep its output. Default false.", { default: false, rule: only(false) }),
    containerReadRefreshTimeoutMilliseconds: whole("How long a refresh waits for it to run. Default 15000 ms.", {
        default: 15_000,
        rule: only(15_000),
    }),
    logDriver: text("The logging driver. Default: the daemon's.", CHOSEN),
    labels: { type: types.setOf(types.label("ContainerLabel")), description: "Labels.", ...CHOSEN },
};

export const CONTAINER_OUTPUTS: PropertyTable = {
    bridge: text("Network bridge of the container.", { required: true }),
    containerLogs: text("What `logs` kept; empty here.", { required: true }),
    exitCode: whole("Exit code of a container that has ended.", { required: true }),
    networkDatas: { type: { list: types.networkData }, description: "Its networks and addresses.", required: true },
};

export const CONTAINER_NOT_SERVED = [
    "cgroupParent",
    "cpuPeriod",
    "cpuQuota",
    "cpus",
    "cpuSet",
    "deviceReadBps",
    "deviceReadIops",
    "deviceRequests",
    "deviceWriteBps",
    "deviceWriteIops",
    "dns",
    "dnsOpts",
    "dnsSearches",
    "domainname",
    "gpus",
    "groupAdds",
    "hosts",
    "logOpts",
    "maxRetryCount",
    "memorySwap",
    "mounts",
    "pidMode",
    "platform",
    "privileged",
    "publishAllPorts",
    "storageOpts",
    "sysctls",
    "ulimits",
    "user",
    "usernsMode",
    "workingDir",
] as const;
