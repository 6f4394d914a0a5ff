import { startStopped } from "../machine/docker/stopped";
import { defaultOf } from "../plan/config/keys";
import { stackPrefix } from "../plan/identities";
import { labPlace } from "./bench/lab";
import { UpRecording, type UpTarget } from "./bench/recording/up-recording";
import { operation, runPulumi, stackPulumiSettings } from "./pulumi";
import { adopt, standsElsewhere } from "./recovery/adopt";
import { labOfState } from "./recovery/lab-of-state";
import { recover, type RecoverOptions } from "./recovery/recover";
import { refreshMissing } from "./recovery/refresh";
import type { StateResource } from "./recovery/state";
import { reasonsToReplace } from "./replace";
import { Session } from "./session";
import { rawConfig } from "./stack-file";
import { UpPrediction } from "./up-prediction";

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
    /** Whether a record of the run is kept. */
    record: boolean;
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
    const recording = options.record ? new UpRecording(await upTarget(stack), say) : undefined;
    await recording?.begin();
    const pulumiSettings = { ...(await settingsFor(stack, resources)), ...variables };
    const prediction = new UpPrediction(stack, await rawConfig(stack), resources, say);
    const began = Date.now();
    const code = await runPulumi(ready, args, pulumiSettings, (pid) => recording?.started(pid));
    const upSeconds = (Date.now() - began) / 1000;
    const recorded = await recording?.end(code);
    prediction.held({ code, upSeconds, gib: recorded?.gib ?? null, record: recorded?.file });
    return code;
}

/** What the stack's configuration asks for, for the record. What is wrong with it, `pulumi up` says. */
async function upTarget(stack: string): Promise<UpTarget> {
    const raw = await rawConfig(stack);
    const { nodes, clusters, tuning, ...settings } = Object.fromEntries(
        // What Pulumi keeps encrypted is a secret, and none of a record's business.
        Object.entries(raw).filter(([, value]) => !value.startsWith('{"secure"')),
    );
    return {
        stack,
        place: labPlace(settings),
        hosts: Number(nodes ?? defaultOf("nodes")),
        clusters: Number(clusters ?? defaultOf("clusters")),
        tuning: tuning ?? String(defaultOf("tuning")),
        settings,
    };
}

/**
 * Variables for Pulumi. The first `up` in a cluster that is there writes its state at each step, however large the lab:
 * what a killed run has made is found there only by a state that knows the cluster. A cluster of the lab's own would be
 * made anew, and what is in it with it.
 */
async function settingsFor(stack: string, resources: readonly StateResource[]): Promise<Record<string, string>> {
    const settings = await stackPulumiSettings(stack, resources.length);
    const isFirst = (await rawConfig(stack))["substrate"] === "existing" && !standsElsewhere(stack, resources);
    const { PULUMI_SKIP_CHECKPOINTS: atEndOnly, ...atEachStep } = settings;
    return atEndOnly !== undefined && isFirst ? atEachStep : settings;
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
