import { operation, runPulumi } from "./pulumi";
import { Session } from "./session";
import { recover, stackConfig } from "./stack";
import { takeOver } from "./take-over";

/** From so many hosts and clusters together on, state is written once at the end instead of after each step (see `pulumiSettings`). */
const MANY = 200;

export interface UpOptions {
    stack: string;
    /** Operations of Pulumi side by side. */
    parallel: number;
    expectNoChanges: boolean;
    refresh: boolean;
}

/** Memory the Pulumi program takes for a resource, MB: 2.1 GB were seen for 10,000; twice that is allowed. */
const HEAP_PER_RESOURCE = 0.4;

/** Node's own limit is between 2 and 4 GB, by the machine's memory. MB. */
const LEAST_HEAP = 4096;

/**
 * What Pulumi's engine and program are told, by the size of the lab. Each step rewrites the whole state file: harmless for a small lab, quadratic for a
 * large one (2,000 resources: more than 5 min, against 25 s without). Without it a run that is killed (not interrupted) forgets what it made, so a small
 * lab keeps it.
 */
export function pulumiSettings(nodes: number, clusters: number, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
    if (!(nodes + clusters >= MANY)) return {};
    const heap = Math.max(LEAST_HEAP, Math.round(HEAP_PER_RESOURCE * (2 * nodes + 10 * clusters)));
    return { PULUMI_SKIP_CHECKPOINTS: "true", NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} --max-old-space-size=${heap}`.trim() };
}

/** The same for what a stack is configured to be. */
export async function stackPulumiSettings(stack: string): Promise<Record<string, string>> {
    const config = await stackConfig(stack);
    return pulumiSettings(Number(config["nodes"] ?? 0), Number(config["clusters"] ?? 0));
}

/** `npm run up`: makes what is missing, chooses the stack, and runs `pulumi up`. @returns the exit code */
export async function up(options: UpOptions): Promise<number> {
    const session = new Session();
    const ready = await session.ensure("up", options.stack);
    const settings = await stackPulumiSettings(options.stack);
    const say = (text: string): void => session.progress.line(text);
    await recover(ready, options.stack, say, (state) => takeOver(ready, options.stack, state, settings, say, (args) => runPulumi(ready, args, settings)));
    const args = operation("up", options.stack, options.parallel);
    if (options.expectNoChanges) args.push("--expect-no-changes");
    if (options.refresh) args.push("--refresh");
    return runPulumi(ready, args, settings);
}
