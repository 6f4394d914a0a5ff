import { startStopped } from "../machine/docker/stopped";
import { stackPrefix } from "../plan/identities";
import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { adopt } from "./recovery/adopt";
import { recover } from "./recovery/recover";
import { refreshMissing } from "./recovery/refresh";
import { Session } from "./session";

export interface UpOptions {
    stack: string;
    /** Number of operations that Pulumi runs at the same time. */
    parallel: number;
    /** Whether a resource that had to change is an error. */
    expectNoChanges: boolean;
    /** Whether Pulumi reads every resource before it compares. */
    refresh: boolean;
    /** Whether a lab of the same name that belongs to another state is removed first. */
    takeOver: boolean;
}

/**
 * `npm run up`: makes what is missing, cleans up after a killed run, and runs `pulumi up`.
 * @returns the exit code
 */
export async function up(options: UpOptions): Promise<number> {
    const { stack, takeOver } = options;
    const session = new Session();
    const ready = await session.ensure("up", stack);
    const settings = await stackPulumiSettings(stack);
    const say = (text: string): void => session.progress.line(text);
    const { resources, variables } = await recover(ready, stack, {
        command: "up",
        say,
        takeOver,
        adopt: (state) => adopt(ready, stack, state, settings, say, (args) => runPulumi(ready, args, settings)),
    });
    // Before anything is read again: a refresh of a lab that stands still fails for each of its objects.
    await startStopped(stackPrefix(stack), say);
    await refreshMissing(stack, resources, say, (args) => runPulumi(ready, args, settings));
    const args = operation("up", stack, options.parallel);
    if (options.expectNoChanges) {
        args.push("--expect-no-changes");
    }
    if (options.refresh) {
        args.push("--refresh");
    }
    return runPulumi(ready, args, { ...(await stackPulumiSettings(stack, resources.length)), ...variables });
}
