import { startStopped } from "../machine/docker/stopped";
import { stackPrefix } from "../plan/identities";
import type { Ready } from "../toolchain/ensure";
import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { adopt, standsElsewhere } from "./recovery/adopt";
import { labOfState } from "./recovery/lab-of-state";
import { recover, type RecoverOptions } from "./recovery/recover";
import { refreshMissing } from "./recovery/refresh";
import type { StateResource } from "./recovery/state";
import { reasonsToReplace } from "./replace";
import { Session } from "./session";
import { rawConfig } from "./stack-file";

/** The provider of the management cluster, whatever its place in the program: which cluster it is is in its inputs. */
const CLUSTER_PROVIDER = "**::kubernetes-kubernetes";

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
    /** Whether a lab that cannot take a change of the configuration is taken away first. */
    replace: boolean;
    /** File of `npm run bundle` that has the parts. */
    bundle?: string;
}

/**
 * `npm run up`: makes what is missing, cleans up after a killed run, and runs `pulumi up`.
 * @returns the exit code
 */
export async function up(options: UpOptions): Promise<number> {
    const { stack, takeOver } = options;
    const session = new Session();
    const ready = await session.ensure("up", stack, {}, options.bundle);
    const settings = await stackPulumiSettings(stack);
    const say = (text: string): void => session.progress.line(text);
    const clean: RecoverOptions = {
        command: "up",
        say,
        takeOver,
        adopt: (state) => adopt(ready, stack, state, settings, say, (args) => runPulumi(ready, args, settings)),
    };
    let recovered = await recover(ready, stack, clean);
    // Before anything is read again: a refresh of a lab that stands still fails for each of its objects.
    await startStopped(stackPrefix(stack), say);
    await refreshMissing(stack, recovered.resources, say, (args) => runPulumi(ready, args, settings));
    if (options.replace) {
        const code = await takeAway(session, options, recovered.resources, say);
        if (code !== 0) {
            return code;
        }
        recovered = await recover(ready, stack, clean);
    }
    const { resources, variables } = recovered;
    const args = operation("up", stack, options.parallel);
    if (options.expectNoChanges) {
        args.push("--expect-no-changes");
    }
    if (options.refresh) {
        args.push("--refresh");
    }
    const env = { ...(await stackPulumiSettings(stack, resources.length)), ...variables };
    const noted = await noteCluster(ready, options, resources, env);
    return noted === 0 ? runPulumi(ready, args, env) : noted;
}

/**
 * Records in the state which cluster a large lab is about to stand in. What a killed run has made is looked for there;
 * a cluster of the lab's own would be made anew, and what is in it with it.
 * @param env of Pulumi, which may say that state is written at the end only
 * @returns Pulumi's exit code
 */
async function noteCluster(
    ready: Ready,
    { stack, parallel }: UpOptions,
    resources: readonly StateResource[],
    env: Record<string, string>,
): Promise<number> {
    const elsewhere = (await rawConfig(stack))["substrate"] === "existing";
    if (!elsewhere || env["PULUMI_SKIP_CHECKPOINTS"] === undefined || standsElsewhere(stack, resources)) {
        return 0;
    }
    return runPulumi(ready, [...operation("up", stack, parallel), "--target", CLUSTER_PROVIDER], env);
}

/**
 * Takes the lab away, if it cannot take the configuration that the stack has now. The stack stays.
 * @returns Pulumi's exit code; 0 as well when the lab stays
 */
async function takeAway(
    session: Session,
    { stack, parallel }: UpOptions,
    resources: readonly StateResource[],
    say: (text: string) => void,
): Promise<number> {
    const living = labOfState(stack, resources);
    const reasons = reasonsToReplace(await rawConfig(stack), living);
    if (reasons.length === 0) {
        say("the lab can take this configuration, so it is not replaced");
        return 0;
    }
    say("the lab is taken away, and another one takes its place, because of:");
    reasons.forEach(({ key, value, rule }) => say(`  ${key} = ${value}: ${rule}`));
    // The old lab may stand on another substrate, which needs programs of its own.
    const ready = await session.ensure("down", stack, living.kept);
    const code = await runPulumi(
        ready,
        operation("destroy", stack, parallel),
        await stackPulumiSettings(stack, resources.length),
    );
    if (code !== 0) {
        say("the lab could not be taken away as a whole, and nothing new was made: the messages above say why");
    }
    return code;
}
