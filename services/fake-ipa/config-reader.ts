import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { type Hardware, hardwareSchema, type HostHardware, type Nic } from "./hardware.js";
import type { PythonValue } from "./python-literals.js";
import { nicSchema } from "./system.js";

/** What sushy-tools' configuration says about a fake host: all that is known of one before its first notification. */
export interface ConfiguredSystem {
    uuid: string;
    name: string;
    nics: Nic[];
    /** Name of its profile in FAKE_IPA_HARDWARE. */
    profile?: string;
}

/** A configuration that cannot be used. The message names every problem. */
export class ConfigError extends Error {
    constructor(readonly problems: string[]) {
        super(`the configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
        this.name = "ConfigError";
    }
}

/** Reads single keys and collects the problems with them, so that a user sees all problems at once. */
export class ConfigReader {
    readonly problems: string[] = [];

    constructor(
        private readonly file: Map<string, PythonValue>,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    /** The value from the environment, else from the file. None and "" mean that the key is not set. */
    raw(key: string): PythonValue | undefined {
        const fromEnv = this.env[key];
        if (fromEnv !== undefined && fromEnv !== "") {
            return fromEnv;
        }
        const value = this.file.get(key);
        return value === null || value === "" ? undefined : value;
    }

    problem(key: string, value: unknown, rule: string): void {
        // A password must not appear in a log.
        const shown = /PASSWORD$/.test(key) ? "(not shown)" : JSON.stringify(value);
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

    /** A value, or the content of the file that `<key>_FILE` names, without the line's end. One of them may be set. */
    secret(key: string): string | undefined {
        const fileKey = `${key}_FILE`;
        const file = this.existingFile(fileKey);
        if (file === undefined) {
            return this.string(key);
        }
        if (this.raw(key) !== undefined) {
            this.problems.push(`${key} and ${fileKey}: set one of them`);
        }
        try {
            return readFileSync(file, "utf8").replace(/\r?\n$/, "");
        } catch (error) {
            this.problem(fileKey, file, (error as Error).message);
            return undefined;
        }
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

    existingFile(key: string): string | undefined {
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
                profile?: unknown;
            } | null;
            const nics = nicSchema.array().min(1).safeParse(system?.nics);
            if (typeof system?.uuid !== "string" || !nics.success) {
                this.problem(`${key}[${index}]`, item, "must have a uuid and at least one NIC with a mac");
            } else if (system.external_notifier === true) {
                // sushy-tools does not notify this service of the other systems.
                systems.push({
                    uuid: system.uuid,
                    name: typeof system.name === "string" ? system.name : system.uuid,
                    nics: nics.data,
                    ...(typeof system.profile === "string" ? { profile: system.profile } : {}),
                });
            }
        });
        return systems;
    }

    /** The hardware of the systems that name a profile, by their UUID. */
    hardware(systems: readonly ConfiguredSystem[]): Map<string, HostHardware> {
        const key = "FAKE_IPA_HARDWARE";
        const parsed = z.record(z.string(), hardwareSchema).safeParse(this.file.get(key) ?? {});
        if (!parsed.success) {
            this.problems.push(`${key}: ${z.prettifyError(parsed.error)}`);
            return new Map();
        }
        const profiles = new Map<string, Hardware>(Object.entries(parsed.data));
        const hosts = new Map<string, HostHardware>();
        for (const { uuid, name, profile, nics } of systems) {
            const hardware = profile === undefined ? undefined : profiles.get(profile);
            if (hardware?.interfaces.length === nics.length) {
                hosts.set(uuid, { profile: hardware, nics });
            } else if (profile !== undefined) {
                this.problem(`profile of ${name}`, profile, `must be one of ${key}, with ${nics.length} interfaces`);
            }
        }
        return hosts;
    }
}
