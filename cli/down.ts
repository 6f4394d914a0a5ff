import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { adopt, standsElsewhere } from "./recovery/adopt";
import { refuseLabInCluster } from "./recovery/lab-in-cluster";
import { recover, removeUnrecorded } from "./recovery/recover";
import { refreshMissing } from "./recovery/refresh";
import { Session } from "./session";
import { removeStack, stackExists } from "./stack";

export interface DownOptions {
    stack: string;
    /** Number of operations that Pulumi runs at the same time. */
    parallel: number;
    /** Whether the lab is removed even if it belongs to another state. */
    takeOver: boolean;
}

/**
 * `npm run down`: runs `pulumi destroy` and removes the stack; Pulumi.<stack>.yaml stays. In the end nothing of the lab
 * is left on the machine, also after runs that were killed.
 * @returns the exit code
 */
export async function down({ stack, parallel, takeOver }: DownOptions): Promise<number> {
    const session = new Session();
    const { progress } = session;
    const ready = await session.ensure("down", stack);
    const say = (text: string): void => progress.line(text);
    const clean = { command: "down", say, takeOver } as const;
    if (await stackExists(ready, stack)) {
        // A lab in a Docker that is stopped can be removed only after Docker is started.
        await session.toolchain.docker();
        const { resources } = await recover(ready, stack, {
            ...clean,
            // With a cluster of its own everything in it goes. In another one, Pulumi has to know what to delete.
            adopt: async (state) => {
                if (standsElsewhere(stack, state.deployment?.resources ?? [])) {
                    const env = await stackPulumiSettings(stack);
                    await adopt(ready, stack, state, env, say, (args) => runPulumi(ready, args, env));
                }
            },
        });
        const settings = await stackPulumiSettings(stack, resources.length);
        await refreshMissing(stack, resources, clean.say, (args) => runPulumi(ready, args, settings));
        const code = await runPulumi(ready, operation("destroy", stack, parallel), settings);
        if (code !== 0) {
            return code;
        }
        await removeStack(ready, stack);
        await removeUnrecorded(ready, stack, resources, { ...clean, takeOver: false });
    } else {
        progress.line(`there is no stack ${stack}`);
        // Without its state nothing can take away a lab in a cluster that is not its own.
        await refuseLabInCluster(ready, stack, "any");
        await removeUnrecorded(ready, stack, [], clean);
    }
    progress.line(
        `the lab of the stack ${stack} is gone; what was built for it stays in ${session.toolchain.cache.root}`,
    );
    return 0;
}
