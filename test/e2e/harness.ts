import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { waitUntil } from "../../lib/wait-until";

/** Name of the stack. A suite with a lab of its own has its own, which cli/test/suites.ts sets. */
export const STACK = process.env["METAL3_SCALE_LAB_E2E_STACK"] ?? "e2e";
export const PREFIX = `m3lab-${STACK}`;
export const NAMESPACE = "metal3";
const MINUTE = 60_000;

/** State of this run alone: a person's own labs are not touched. */
export const STATE = mkdtempSync(join(tmpdir(), "metal3-scale-lab-e2e-"));
process.env["METAL3_SCALE_LAB_STATE"] = STATE;
/** For what Pulumi's Kubernetes provider leaves behind (docs/upstream/pulumi-kubeconfigs.md). */
const TEMPORARY = mkdtempSync(join(tmpdir(), "metal3-scale-lab-tests-pulumi-"));
// What the test runner's own toolchain set, or a person's shell, is about another state.
for (const variable of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"]) {
    delete process.env[variable];
}

export interface Result {
    code: number;
    output: string;
}

/** When a command is killed. */
export interface KillMoment {
    when: (output: string) => boolean;
    /** Time from then on, milliseconds. Default: none. */
    laterMs?: number;
}

/**
 * Runs a command to its end, showing its output as it comes.
 * @param options.kill ends it with SIGKILL, so long after what it has said fulfils a condition
 */
export function run(
    command: string,
    args: string[],
    options: { env?: NodeJS.ProcessEnv; limitMs?: number; quiet?: boolean; kill?: KillMoment } = {},
): Promise<Result> {
    const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let killer: NodeJS.Timeout | undefined;
    for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
            output += chunk.toString();
            if (options.kill?.when(output)) {
                killer ??= setTimeout(() => child.kill("SIGKILL"), options.kill.laterMs ?? 0);
            }
            if (!options.quiet) {
                process.stderr.write(chunk);
            }
        });
    }
    const timer = setTimeout(() => child.kill("SIGTERM"), options.limitMs ?? 30 * MINUTE);
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            clearTimeout(timer);
            clearTimeout(killer);
            resolve({ code: code ?? 1, output });
        });
    });
}

/** `npm run NAME -- ARGS`, without npm's own output. */
export const lab = (command: string, ...args: string[]): Promise<Result> =>
    run(process.execPath, ["toolchain/bootstrap.mjs", command, ...args]);

let environment: NodeJS.ProcessEnv | undefined;

/** What `eval "$(npm run -s env)"` gives a person's shell. */
export async function pulumiEnvironment(): Promise<NodeJS.ProcessEnv> {
    if (environment) {
        return environment;
    }
    const script = 'eval "$(node toolchain/bootstrap.mjs env)" && env -0';
    const { code, output } = await run("sh", ["-c", script], { quiet: true });
    if (code !== 0) {
        throw new Error(`npm run env failed: ${output}`);
    }
    environment = Object.fromEntries(
        output
            .split("\0")
            .filter(Boolean)
            .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    return environment;
}

/** Plain `pulumi`, as a person calls it after `npm run env`. */
export const pulumi = async (
    args: string[],
    options: { quiet?: boolean; kill?: KillMoment; env?: NodeJS.ProcessEnv } = {},
): Promise<Result> =>
    run("pulumi", [...args, "--stack", STACK, "--non-interactive"], {
        ...options,
        env: { ...(await pulumiEnvironment()), TMPDIR: TEMPORARY, ...options.env },
    });

/** Sets configuration; throws when Pulumi refuses. */
export async function configure(values: Record<string, string | number>): Promise<void> {
    const pairs = Object.entries(values).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    const { code, output } = await pulumi(["config", "set-all", ...pairs], { quiet: true });
    if (code !== 0) {
        throw new Error(`pulumi config set-all ${pairs.join(" ")}: ${output}`);
    }
}

/** Steps of a preview, by operation and URN; the stack itself left out. */
export async function previewedSteps(): Promise<{ op: string; urn: string }[]> {
    const { code, output } = await pulumi(["preview", "--json"], { quiet: true });
    if (code !== 0) {
        throw new Error(`pulumi preview: ${output}`);
    }
    const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as { steps?: { op: string; urn: string }[] };
    return (steps ?? []).filter(({ urn }) => !urn.includes("pulumi:pulumi:Stack")).map(({ op, urn }) => ({ op, urn }));
}

/**
 * Waits until `check` holds.
 * @throws WaitTimeout saying what was waited for, and the error of the last check or what was seen then
 */
export const eventually = (
    what: string,
    limitSeconds: number,
    check: () => Promise<boolean>,
    seen: () => Promise<unknown>,
): Promise<void> =>
    waitUntil({
        what,
        timeoutMs: limitSeconds * 1000,
        everyMs: 2000,
        look: async () => ((await check()) ? { done: undefined } : { pending: [JSON.stringify(await seen())] }),
    });

/** How often each value occurs. */
export function tally(values: readonly string[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const value of values) {
        counts[value] = (counts[value] ?? 0) + 1;
    }
    return counts;
}

/** Everything of the lab that is still on the machine. */
export async function leftovers(): Promise<string[]> {
    const docker = new Docker();
    const containers = (await docker.listContainers({ all: true }))
        .flatMap(({ Names }) => Names)
        .filter((name) => name.includes(PREFIX));
    const networks = (await docker.listNetworks()).map(({ Name }) => Name).filter((name) => name.includes(PREFIX));
    const volumes = ((await docker.listVolumes()).Volumes ?? [])
        .map(({ Name }) => Name)
        .filter((name) => name.includes(PREFIX));
    return [...containers, ...networks, ...volumes];
}

/** Takes away the stack's configuration. That of a run that was killed has the passphrase of a state that is gone. */
export const removeConfiguration = (): void => rmSync(`Pulumi.${STACK}.yaml`, { force: true });

export function removeState(): void {
    rmSync(STATE, { recursive: true, force: true });
    rmSync(TEMPORARY, { recursive: true, force: true });
    removeConfiguration();
}
