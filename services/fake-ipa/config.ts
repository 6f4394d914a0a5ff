import { readFileSync, existsSync } from "node:fs";
import { isIP } from "node:net";
import { ConfigError, type ConfiguredSystem, ConfigReader } from "./config-reader.js";
import type { HostHardware } from "./hardware.js";
import { parsePythonLiterals, type PythonValue, PythonSyntaxError } from "./python-literals.js";

/**
 * fake-ipa's settings. A key is upstream's (metal3-io/utility-images, fake-ipa) if it is not marked (ours). Times are
 * in seconds, as in the file.
 */
export interface Config {
    /**
     * FAKE_IPA_API_URL: Ironic's API, `http(s)://host:port`. Default http://localhost:6385. (ours) Several URLs are
     * separated by commas or stand in a list. If one does not answer, the next is tried.
     */
    apiUrls: string[];
    /**
     * FAKE_IPA_INSPECTION_CALLBACK_URL: the URL to which an agent sends its inventory. Several as above. Default:
     * `/v1/continue_inspection` of each API URL.
     */
    inspectionUrls: string[];
    /**
     * FAKE_IPA_ADVERTISE_ADDRESS_IP, required: the address at which Ironic calls the agents, or (ours) a host name.
     */
    advertiseIp: string;
    /** FAKE_IPA_ADVERTISE_ADDRESS_PORT, 1 to 65535, default 9999. */
    advertisePort: number;
    /** SUSHY_FAKE_IPA_LISTEN_IP, default 0.0.0.0. */
    listenIp: string;
    /** SUSHY_FAKE_IPA_LISTEN_PORT, 1 to 65535, default 9999. */
    listenPort: number;
    /** FAKE_IPA_CAFILE: the CA certificates (PEM) for Ironic's certificate. Default: the system's. */
    caFile: string | undefined;
    /** FAKE_IPA_INSECURE: whether Ironic's certificate goes unchecked. Default False. */
    insecure: boolean;
    /**
     * FAKE_IPA_CERTFILE and FAKE_IPA_KEYFILE (PEM), both or neither. As with upstream, it is the client certificate for
     * Ironic. (ours) The agents' API is then served over TLS, with the same certificate.
     */
    certFile: string | undefined;
    keyFile: string | undefined;
    /**
     * FAKE_IPA_MIN_BOOT_TIME and FAKE_IPA_MAX_BOOT_TIME: seconds from the moment at which the power change takes effect
     * until the agent's first lookup. Default 180 and 240.
     */
    minBootSeconds: number;
    maxBootSeconds: number;
    /**
     * FAKE_IPA_REDFISH_URL: sushy-tools, for switching hosts off and, after a restart, for asking which hosts are on.
     * Default: none, and then this service does neither.
     */
    redfishUrl: string | undefined;
    /**
     * FAKE_IPA_REDFISH_USER and FAKE_IPA_REDFISH_PASSWORD, default admin and password. (ours)
     * FAKE_IPA_REDFISH_PASSWORD_FILE: a file with the password, in place of the latter.
     */
    redfishUser: string;
    redfishPassword: string;
    /** (ours) FAKE_IPA_REDFISH_CAFILE: default FAKE_IPA_CAFILE. */
    redfishCaFile: string | undefined;
    /** (ours) FAKE_IPA_REDFISH_INSECURE: default True, as upstream never checks a BMC's certificate. */
    redfishInsecure: boolean;
    /**
     * (ours) FAKE_IPA_STATE_DIR: the directory of the agents' state. Default: none, and then agents do not survive a
     * restart.
     */
    stateDir: string | undefined;
    /** (ours) FAKE_IPA_CLEAN_STEP_SECONDS and FAKE_IPA_DEPLOY_STEP_SECONDS: the duration of a step. Default 1. */
    cleanStepSeconds: number;
    deployStepSeconds: number;
    /**
     * (ours) FAKE_IPA_CONCURRENCY, 1 to 1000: the number of lookups at Ironic at the same time, and of other requests
     * to it. Default 32.
     */
    concurrency: number;
    /** (ours) FAKE_IPA_REQUEST_TIMEOUT: the longest wait for an answer of Ironic or sushy-tools. Default 30. */
    requestTimeoutSeconds: number;
    /** (ours) FAKE_IPA_LOG_LEVEL: trace, debug, info, warn, error or fatal. Default info. */
    logLevel: string;
    /**
     * SUSHY_EMULATOR_FAKE_SYSTEMS, of sushy-tools: the pair's hosts. Default: none, and then notifications alone make
     * hosts known.
     */
    systems: ConfiguredSystem[];
    /**
     * (ours) FAKE_IPA_HARDWARE: hardware by the name of a profile (see hardware.ts). A system that has the name as its
     * `profile` reports it. Default: none. Here by the UUID of such a system.
     */
    hardware: ReadonlyMap<string, HostHardware>;
}

/** A host name (RFC 1123), such as that of a Service. */
const HOST_NAME = /^(?!.{254})[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

/**
 * Validates the settings of a parsed file and of the environment.
 *
 * @throws ConfigError with every problem at once
 */
export function readConfig(file: Map<string, PythonValue>, env: NodeJS.ProcessEnv): Config {
    const read = new ConfigReader(file, env);
    const apiUrls = read.urls("FAKE_IPA_API_URL", ["http://localhost:6385"]);
    const systems = read.systems();
    const config: Config = {
        apiUrls,
        inspectionUrls: read.urls(
            "FAKE_IPA_INSPECTION_CALLBACK_URL",
            apiUrls.map((url) => `${url}/v1/continue_inspection`),
        ),
        advertiseIp: read.string("FAKE_IPA_ADVERTISE_ADDRESS_IP") ?? "",
        advertisePort: read.number("FAKE_IPA_ADVERTISE_ADDRESS_PORT", 9999, 1, 65535, true),
        listenIp: read.string("SUSHY_FAKE_IPA_LISTEN_IP") ?? "0.0.0.0",
        listenPort: read.number("SUSHY_FAKE_IPA_LISTEN_PORT", 9999, 1, 65535, true),
        caFile: read.existingFile("FAKE_IPA_CAFILE"),
        insecure: read.boolean("FAKE_IPA_INSECURE", false),
        certFile: read.existingFile("FAKE_IPA_CERTFILE"),
        keyFile: read.existingFile("FAKE_IPA_KEYFILE"),
        minBootSeconds: read.number("FAKE_IPA_MIN_BOOT_TIME", 180, 0, 86400, false),
        maxBootSeconds: read.number("FAKE_IPA_MAX_BOOT_TIME", 240, 0, 86400, false),
        redfishUrl: read.urls("FAKE_IPA_REDFISH_URL", [])[0],
        redfishUser: read.string("FAKE_IPA_REDFISH_USER") ?? "admin",
        redfishPassword: read.secret("FAKE_IPA_REDFISH_PASSWORD") ?? "password",
        redfishCaFile: read.existingFile("FAKE_IPA_REDFISH_CAFILE"),
        redfishInsecure: read.boolean("FAKE_IPA_REDFISH_INSECURE", true),
        stateDir: read.string("FAKE_IPA_STATE_DIR"),
        cleanStepSeconds: read.number("FAKE_IPA_CLEAN_STEP_SECONDS", 1, 0, 86400, false),
        deployStepSeconds: read.number("FAKE_IPA_DEPLOY_STEP_SECONDS", 1, 0, 86400, false),
        concurrency: read.number("FAKE_IPA_CONCURRENCY", 32, 1, 1000, true),
        requestTimeoutSeconds: read.number("FAKE_IPA_REQUEST_TIMEOUT", 30, 1, 600, false),
        logLevel: read.string("FAKE_IPA_LOG_LEVEL") ?? "info",
        systems,
        hardware: read.hardware(systems),
    };
    config.redfishCaFile ??= config.caFile;
    if (config.advertiseIp === "") {
        read.problems.push(
            "FAKE_IPA_ADVERTISE_ADDRESS_IP is required: the address at which Ironic reaches this service",
        );
    } else if (isIP(config.advertiseIp) === 0 && !HOST_NAME.test(config.advertiseIp)) {
        read.problem("FAKE_IPA_ADVERTISE_ADDRESS_IP", config.advertiseIp, "must be an IP address or a host name");
    }
    if (isIP(config.listenIp) === 0) {
        read.problem("SUSHY_FAKE_IPA_LISTEN_IP", config.listenIp, "must be an IP address");
    }
    if (config.maxBootSeconds < config.minBootSeconds) {
        read.problem(
            "FAKE_IPA_MAX_BOOT_TIME",
            config.maxBootSeconds,
            `must not be below FAKE_IPA_MIN_BOOT_TIME (${config.minBootSeconds})`,
        );
    }
    if ((read.raw("FAKE_IPA_CERTFILE") === undefined) !== (read.raw("FAKE_IPA_KEYFILE") === undefined)) {
        read.problems.push("FAKE_IPA_CERTFILE and FAKE_IPA_KEYFILE: set both or neither");
    }
    if (!LOG_LEVELS.includes(config.logLevel)) {
        read.problem("FAKE_IPA_LOG_LEVEL", config.logLevel, `must be one of ${LOG_LEVELS.join(", ")}`);
    }
    for (const [kind, values] of [
        ["uuid", config.systems.map((system) => system.uuid)],
        ["mac", config.systems.flatMap((system) => system.nics.map((nic) => nic.mac.toLowerCase()))],
    ] as const) {
        const twice = [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
        if (twice.length > 0) {
            read.problem("SUSHY_EMULATOR_FAKE_SYSTEMS", twice, `each ${kind} may occur once`);
        }
    }
    if (read.problems.length > 0) {
        throw new ConfigError(read.problems);
    }
    return config;
}

/**
 * Reads the environment and the file that CONFIG names (default /app/conf.py), which sushy-tools reads as well. The
 * file may be missing if CONFIG is not set: the environment can hold every key.
 *
 * @throws ConfigError
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
    const path = env["CONFIG"] ?? "/app/conf.py";
    let file = new Map<string, PythonValue>();
    if (env["CONFIG"] !== undefined || existsSync(path)) {
        let text: string;
        try {
            text = readFileSync(path, "utf8");
        } catch (error) {
            throw new ConfigError([`CONFIG = ${JSON.stringify(path)}: ${(error as Error).message}`]);
        }
        try {
            file = parsePythonLiterals(text, path);
        } catch (error) {
            if (error instanceof PythonSyntaxError) {
                throw new ConfigError([error.message]);
            }
            throw error;
        }
    }
    return readConfig(file, env);
}
