import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { findLeftovers, removeLeftovers } from "./recovery/docker-leftovers";
import { Session } from "./session";
import { recover, removeStack, stackExists } from "./stack";

export interface DownOptions {
    stack: string;
    parallel: number;
}

/**
 * `npm run down`: `pulumi destroy`, then the stack itself is removed; Pulumi.<stack>.yaml stays. At the end nothing of the lab is left in Docker, also after
 * runs that were killed. @returns the exit code
 */
export async function down(options: DownOptions): Promise<number> {
    const session = new Session();
    const { progress } = session;
    const ready = await session.ensure("preview", options.stack);
    if (await stackExists(ready, options.stack)) {
        // What stands in a Docker that is switched off can only be removed when it is on.
        await session.toolchain.docker();
        const known = await recover(ready, options.stack, (text) => progress.line(text));
        const code = await runPulumi(
            ready,
            operation("destroy", options.stack, options.parallel),
            await stackPulumiSettings(options.stack, known),
        );
        if (code !== 0) {
            return code;
        }
        await removeStack(ready, options.stack);
    } else {
        progress.line(`there is no stack ${options.stack}`);
    }
    await removeLeftovers(await findLeftovers(options.stack, new Set()), (text) => progress.line(text));
    progress.line(
        `the lab of stack ${options.stack} is gone; what was built for it stays in ${session.toolchain.cache.root}`,
    );
    return 0;
}
