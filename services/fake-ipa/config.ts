import { readFileSync, existsSync } from "node:fs";
import { isIP } from "node:net";
import { parsePythonLiterals, type PythonValue, PythonSyntaxError } from "./python-literals.js";
import { nicSchema } from "./system.js";

/** A network interface of a fake host, from sushy-tools' list of systems. */
export interface Nic {
    mac: string;
    ip?: string | null | undefined;
}

/** What sushy-tools' configuration says about a fake host: all that is known of one before its first notification. */
export interface ConfiguredSystem {
    uuid: string;
    name: string;
    nics: Nic[];
}

/**
 * fake-ipa's settings. The keys are upstream's (metal3-io/utility-images, fake-ipa) where upstream has one; the others are marked (ours).
 * Times are in seconds, as in the file.
 */
export interface Config {
    /** FAKE_IPA_API_URL: Ironic's API, `http(s)://host:port`. (ours) Several, separated by commas or in a list: another is tried when one does not answer. */
    apiUrls: string[];
    /** FAKE_IPA_INSPECTION_CALLBACK_URL: where inspection data goes. Default: `/v1/continue_inspection` of each API URL. Several as above. */
    inspectionUrls: string[];
    /** FAKE_IPA_ADVERTISE_ADDRESS_IP, required: the address Ironic calls the agents at. */
    advertiseIp: string;
    /** FAKE_IPA_ADVERTISE_ADDRESS_PORT, 1 to 65535, default 9999. */
    advertisePort: number;
    /** SUSHY_FAKE_IPA_LISTEN_IP, default 0.0.0.0. */
    listenIp: string;
    /** SUSHY_FAKE_IPA_LISTEN_PORT, 1 to 65535, default 9999. */
    listenPort: number;
    /** FAKE_IPA_CAFILE: certificates (PEM) that Ironic's may be signed by, in place of the system's. */
    caFile: string | undefined;
    /** FAKE_IPA_INSECURE: do not check Ironic's certificate. Default False. */
    insecure: boolean;
    /** FAKE_IPA_CERTFILE and FAKE_IPA_KEYFILE (PEM), both or none: shown to Ironic as upstream does, and (ours) the agents' API is served with them over TLS. */
    certFile: string | undefined;
    keyFile: string | undefined;
    /** FAKE_IPA_MIN_BOOT_TIME and FAKE_IPA_MAX_BOOT_TIME: seconds from the power change taking effect to the agent's first lookup. Default 180 and 240. */
    minBootSeconds: number;
    maxBootSeconds: number;
    /** FAKE_IPA_REDFISH_URL: sushy-tools, for powering hosts off and for finding out after a restart which are on. Default: none, and then neither is done. */
    redfishUrl: string | undefined;
    /** FAKE_IPA_REDFISH_USER and FAKE_IPA_REDFISH_PASSWORD, default admin and password. */
    redfishUser: string;
    redfishPassword: string;
    /** (ours) FAKE_IPA_REDFISH_CAFILE: default FAKE_IPA_CAFILE. */
    redfishCaFile: string | undefined;
    /** (ours) FAKE_IPA_REDFISH_INSECURE: default True, as upstream never checks a BMC's certificate. */
    redfishInsecure: boolean;
    /** (ours) FAKE_IPA_STATE_DIR: where agents survive a restart. Default: none, and then they do not. */
    stateDir: string | undefined;
    /** (ours) FAKE_IPA_CLEAN_STEP_SECONDS, FAKE_IPA_DEPLOY_STEP_SECONDS: how long a step takes. Default 1. */
    cleanStepSeconds: number;
    deployStepSeconds: number;
    /** (ours) FAKE_IPA_CONCURRENCY: lookups at Ironic at once, and as many other requests to it, 1 to 1000. Default 32. */
    concurrency: number;
    /** (ours) FAKE_IPA_REQUEST_TIMEOUT: how long Ironic or sushy-tools may take to answer. Default 30. */
    requestTimeoutSeconds: number;
    /** (ours) FAKE_IPA_LOG_LEVEL: trace, debug, info, warn, error or fatal. Default info. */
    logLevel: string;
    /** SUSHY_EMULATOR_FAKE_SYSTEMS, of sushy-tools: the hosts of this pair. Default: none, hosts are then known from notifications only. */
    systems: ConfiguredSystem[];
}

/** All that is wrong with a configuration, in one message. */
export class ConfigError extends Error {
    constructor(readonly problems: string[]) {
        super(`the configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
        this.name = "ConfigError";
    }
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Reads single keys and gathers what is wrong with them, so that a user sees all of it at once. */
class Reader {
    readonly problems: string[] = [];

    constructor(
        private readonly file: Map<string, PythonValue>,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    /** The environment wins over the file; None and "" mean "not set". */
    raw(key: string): PythonValue | undefined {
        const fromEnv = this.env[key];
        if (fromEnv !== undefined && fromEnv !== "") {
            return fromEnv;
        }
        const value = this.file.get(key);
        return value === null || value === "" ? undefined : value;
    }

    problem(key: string, value: unknown, rule: string): void {
        // A password must not get into a log.
        const shown = /PASSWORD/.test(key) ? "(not shown)" : JSON.stringify(value);
        this.problems.push(`${key} = ${shown}: ${rule}`);
    }

    string(key: string): string | undefined {
        const value = this.raw(key);
        if (value === undefined || typeof value === "string") {
            return value;
        }
        this.problem(key, value, "must be a string");
        return undefined;
    }

    number(key: string, fallback: number, low: number, high: number, integer: boolean): number {
        const value = this.raw(key);
        if (value === undefined) {
            return fallback;
        }
        const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
        if (
            typeof number !== "number" ||
            !(number >= low && number <= high) ||
            (integer && !Number.isInteger(number))
        ) {
            this.problem(key, value, `must be ${integer ? "an integer" : "a number"} from ${low} to ${high}`);
            return fallback;
        }
        return number;
    }

    boolean(key: string, fallback: boolean): boolean {
        const value = this.raw(key);
        if (value === undefined) {
            return fallback;
        }
        if (typeof value === "boolean") {
            return value;
        }
        const text = typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : "";
        if (["true", "1", "yes"].includes(text)) {
            return true;
        }
        if (["false", "0", "no"].includes(text)) {
            return false;
        }
        this.problem(key, value, "must be True or False");
        return fallback;
    }

    file_(key: string): string | undefined {
        const path = this.string(key);
        if (path === undefined || existsSync(path)) {
            return path;
        }
        this.problem(key, path, "there is no such file");
        return undefined;
    }

    urls(key: string, fallback: string[]): string[] {
        const value = this.raw(key);
        if (value === undefined) {
            return fallback;
        }
        const parts = typeof value === "string" ? value.split(",") : value;
        if (!Array.isArray(parts) || !parts.every((part): part is string => typeof part === "string")) {
            this.problem(key, value, "must be a URL, several separated by commas, or a list of them");
            return fallback;
        }
        const urls = parts.map((part) => part.trim().replace(/\/+$/, "")).filter((part) => part !== "");
        for (const url of urls) {
            const parsed = URL.canParse(url) ? new URL(url) : undefined;
            if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "") {
                this.problem(key, url, "must be a URL of the form http(s)://host:port");
            }
        }
        if (urls.length === 0) {
            this.problem(key, value, "names no URL");
        }
        return [...new Set(urls)];
    }

    systems(): ConfiguredSystem[] {
        const key = "SUSHY_EMULATOR_FAKE_SYSTEMS";
        const value = this.file.get(key);
        if (value === undefined || value === null) {
            return [];
        }
        if (!Array.isArray(value)) {
            this.problem(key, value, "must be a list of systems");
            return [];
        }
        const systems: ConfiguredSystem[] = [];
        value.forEach((item, index) => {
            const system = item as {
                uuid?: unknown;
                name?: unknown;
                nics?: unknown;
                external_notifier?: unknown;
            } | null;
            const nics = nicSchema.array().min(1).safeParse(system?.nics);
            if (typeof system?.uuid !== "string" || !nics.success) {
                this.problem(`${key}[${index}]`, item, "must have a uuid and at least one NIC with a mac");
            } else if (system.external_notifier === true) {
                // sushy-tools tells us nothing of the others: they are not ours.
                systems.push({
                    uuid: system.uuid,
                    name: typeof system.name === "string" ? system.name : system.uuid,
                    nics: nics.data,
                });
            }
        });
        return systems;
    }
}

/**
 * Judges the settings of a parsed file and of the environment.
 *
 * @throws ConfigError with every problem at once
 */
export function readConfig(file: Map<string, PythonValue>, env: NodeJS.ProcessEnv): Config {
    const read = new Reader(file, env);
    const apiUrls = read.urls("FAKE_IPA_API_URL", ["http://localhost:6385"]);
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
        caFile: read.file_("FAKE_IPA_CAFILE"),
        insecure: read.boolean("FAKE_IPA_INSECURE", false),
        certFile: read.file_("FAKE_IPA_CERTFILE"),
        keyFile: read.file_("FAKE_IPA_KEYFILE"),
        minBootSeconds: read.number("FAKE_IPA_MIN_BOOT_TIME", 180, 0, 86400, false),
        maxBootSeconds: read.number("FAKE_IPA_MAX_BOOT_TIME", 240, 0, 86400, false),
        redfishUrl: read.urls("FAKE_IPA_REDFISH_URL", [])[0],
        redfishUser: read.string("FAKE_IPA_REDFISH_USER") ?? "admin",
        redfishPassword: read.string("FAKE_IPA_REDFISH_PASSWORD") ?? "password",
        redfishCaFile: read.file_("FAKE_IPA_REDFISH_CAFILE"),
        redfishInsecure: read.boolean("FAKE_IPA_REDFISH_INSECURE", true),
        stateDir: read.string("FAKE_IPA_STATE_DIR"),
        cleanStepSeconds: read.number("FAKE_IPA_CLEAN_STEP_SECONDS", 1, 0, 86400, false),
        deployStepSeconds: read.number("FAKE_IPA_DEPLOY_STEP_SECONDS", 1, 0, 86400, false),
        concurrency: read.number("FAKE_IPA_CONCURRENCY", 32, 1, 1000, true),
        requestTimeoutSeconds: read.number("FAKE_IPA_REQUEST_TIMEOUT", 30, 1, 600, false),
        logLevel: read.string("FAKE_IPA_LOG_LEVEL") ?? "info",
        systems: read.systems(),
    };
    config.redfishCaFile ??= config.caFile;
    if (config.advertiseIp === "") {
        read.problems.push(
            "FAKE_IPA_ADVERTISE_ADDRESS_IP is required: the address at which Ironic reaches this service",
        );
    } else if (isIP(config.advertiseIp) === 0) {
        read.problem("FAKE_IPA_ADVERTISE_ADDRESS_IP", config.advertiseIp, "must be an IP address");
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
 * Reads the file named by CONFIG (default /app/conf.py), the one sushy-tools reads too, and the environment. Without CONFIG, the default
 * file may be absent: everything can come from the environment.
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
