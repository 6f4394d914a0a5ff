import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { takeOver } from "./recovery/adopt";
import { Session } from "./session";
import { recover } from "./stack";

export interface UpOptions {
    stack: string;
    /** Operations of Pulumi side by side. */
    parallel: number;
    expectNoChanges: boolean;
    refresh: boolean;
}

/** `npm run up`: makes what is missing, chooses the stack, and runs `pulumi up`. @returns the exit code */
export async function up(options: UpOptions): Promise<number> {
    const session = new Session();
    const ready = await session.ensure("up", options.stack);
    const settings = await stackPulumiSettings(options.stack);
    const say = (text: string): void => session.progress.line(text);
    const known = await recover(ready, options.stack, say, (state) =>
        takeOver(ready, options.stack, state, settings, say, (args) => runPulumi(ready, args, settings)),
    );
    const args = operation("up", options.stack, options.parallel);
    if (options.expectNoChanges) {
        args.push("--expect-no-changes");
    }
    if (options.refresh) {
        args.push("--refresh");
    }
    return runPulumi(ready, args, await stackPulumiSettings(options.stack, known));
}
