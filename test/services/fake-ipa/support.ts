import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { pino } from "pino";
import { type Clock, systemClock } from "../../../services/fake-ipa/clock.js";
import { type Config, readConfig } from "../../../services/fake-ipa/config.js";
import { Metrics } from "../../../services/fake-ipa/metrics.js";
import { type Parts, type Service, startService } from "../../../services/fake-ipa/service.js";
import type { System } from "../../../services/fake-ipa/system.js";

export const silent = pino({ level: "silent" });

/** A clock that only `advance` moves. What falls due on the way runs in the order of its time. */
export class FakeClock implements Clock {
    private time = 1_700_000_000_000;
    private sequence = 0;
    private timers: { due: number; sequence: number; callback: () => void }[] = [];
    private seed = 42;

    now(): number {
        return this.time;
    }
    after(ms: number, callback: () => void): unknown {
        const timer = { due: this.time + Math.max(0, ms), sequence: this.sequence++, callback };
        this.timers.push(timer);
        return timer;
    }
    clear(timer: unknown): void {
        this.timers = this.timers.filter((each) => each !== timer);
    }
    /** Pseudo-random numbers, the same in every run (mulberry32). */
    random(): number {
        this.seed = (this.seed + 0x6d2b79f5) | 0;
        let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }
    get timerCount(): number {
        return this.timers.length;
    }

    async advance(ms: number): Promise<void> {
        const end = this.time + ms;
        for (;;) {
            const next = this.timers
                .filter((timer) => timer.due <= end)
                .sort((a, b) => a.due - b.due || a.sequence - b.sequence)[0];
            if (next === undefined) {
                break;
            }
            this.time = Math.max(this.time, next.due);
            this.clear(next);
            next.callback();
            await settled();
        }
        this.time = end;
        await settled();
    }
}

/** Waits until all promises that can settle have settled. */
export async function settled(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) {
        await new Promise((resolve) => {
            setImmediate(resolve);
        });
    }
}

export const uuidOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
export const nodeOf = (index: number): string => `11111111-1111-4111-9111-${String(index).padStart(12, "0")}`;
export const macOf = (index: number): string =>
    `52:54:00:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 255).toString(16).padStart(2, "0")}`;

/** A system as sushy-tools PUTs it. */
export function system(index: number, changes: Partial<System> = {}): System {
    return {
        uuid: uuidOf(index),
        name: `host${index}`,
        power_state: "Off",
        boot_device: "Pxe",
        nics: [{ mac: macOf(index), ip: `10.77.1.${(index % 250) + 1}` }],
        ...changes,
    };
}

let applyTime = 1_600_000_000;
/** The notification of a power request. Each has another time. */
export function pending(index: number, state: string, changes: Partial<System> = {}): System {
    return system(index, { pending_power: { power_state: state, apply_time: applyTime++ }, ...changes });
}

const temporary: string[] = [];
export function temporaryDirectory(): string {
    const path = mkdtempSync(join(tmpdir(), "fake-ipa-test-"));
    temporary.push(path);
    return path;
}
export function removeTemporaryDirectories(): void {
    for (const path of temporary.splice(0)) {
        rmSync(path, { recursive: true, force: true });
    }
}

export function testConfig(changes: Partial<Config> = {}): Config {
    return {
        ...readConfig(new Map(), { FAKE_IPA_ADVERTISE_ADDRESS_IP: "127.0.0.1" }),
        minBootSeconds: 0,
        maxBootSeconds: 0,
        cleanStepSeconds: 0.05,
        deployStepSeconds: 0.05,
        listenIp: "127.0.0.1",
        requestTimeoutSeconds: 2,
        ...changes,
    };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
    const server = fastify();
    await server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.server.address() as { port: number };
    await server.close();
    return port;
}

/** The service on a port of its own. */
export async function service(
    changes: Partial<Config>,
    parts: Partial<Parts> = {},
): Promise<Service & { url: string; port: number }> {
    const port = changes.listenPort ?? (await freePort());
    const config = testConfig({ ...changes, listenPort: port, advertisePort: port });
    const started = await startService(config, {
        clock: systemClock,
        log: silent,
        metrics: new Metrics(false),
        ...parts,
    });
    return { ...started, url: `http://127.0.0.1:${port}`, port };
}

/** @throws Error that says what it waited for, if that does not come within `ms` milliseconds */
export async function until(what: string, so: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end;) {
        if (await so()) {
            return;
        }
        await new Promise((resolve) => {
            setTimeout(resolve, 10);
        });
    }
    throw new Error(`waited ${ms} ms for ${what}`);
}

/** Sends a request to the service. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the assertions say what the answer holds
export async function call(method: string, url: string, body?: unknown): Promise<{ status: number; body: any }> {
    const response = await fetch(url, {
        method,
        ...(body === undefined
            ? {}
            : {
                  body: typeof body === "string" ? body : JSON.stringify(body),
                  headers: { "content-type": "application/json" },
              }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
