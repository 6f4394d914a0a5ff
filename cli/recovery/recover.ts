import { join } from "node:path";
import type { LabTrace } from "../../machine/holder";
import { findLab, HOLDERS } from "../../machine/holders";
import { ForeignLabError, isOurs, ownerHere } from "../../machine/owner";
import { knownIds } from "../../machine/state-objects";
import { stackPrefix } from "../../plan/identities";
import { UserError } from "../../plan/user-error";
import type { Ready } from "../../toolchain/ensure";
import { cacheRoot } from "../../toolchain/paths";
import { otherStacks, selectStack, stackExists } from "../stack";
import { refuseLabInCluster } from "./lab-in-cluster";
import { labOfState } from "./lab-of-state";
import { clearDeadLocks } from "./locks";
import { endOrphanedPlugins } from "./orphaned-plugins";
import { exportState, importSettled, openState, type StackState, type StateResource } from "./state";
import { verifiedVariables } from "./verified";

export interface RecoverOptions {
    /** The command that a person has called; messages name it. */
    command: "up" | "down";
    /** Told what is done, a line each. */
    say: (text: string) => void;
    /** Whether a lab of the same name that belongs to another state is removed. Without it, such a lab is an error. */
    takeOver?: boolean;
    /**
     * Adopts what a killed run had made and not recorded. Without it, such objects are removed from the machine,
     * and pending operations are forgotten.
     */
    adopt?: (state: StackState) => Promise<void>;
}

/** What is known of the stack after the clean-up. */
export interface Recovered {
    /** The resources in the state. */
    resources: readonly StateResource[];
    /** Variables that tell the program that the lab on this machine belongs to the state. */
    variables: Record<string, string>;
}

/**
 * Cleans up after a run that was killed: releases its lock, ends its plugins, adopts or removes the objects that it
 * did not record, and forgets its pending operations. Then the stack is selected.
 * @throws ForeignLabError before anything is changed, when a lab of that name belongs to another state.
 */
export async function recover(ready: Ready, stack: string, options: RecoverOptions): Promise<Recovered> {
    const { say, adopt } = options;
    const killed = await clearDeadLocks(ready, stack);
    if (killed) {
        say("released the lock of a run that was killed");
    }
    const exists = await stackExists(ready, stack);
    let state = exists ? await openState(ready, stack) : {};
    const ownership = await settleOwnership(ready, stack, state.deployment?.resources ?? [], options);
    // Only the lab's own home is cleaned. A shell with the lab's environment (npm run env) has the variable set
    // already.
    const home = join(cacheRoot(), "pulumi-home");
    if (ready.env["PULUMI_HOME"] === home) {
        endOrphanedPlugins(home, say);
    }
    await selectStack(ready, stack, exists);
    if (ownership === "taken over") {
        state = await forgetResources(ready, stack, state, say);
    } else if (adopt && (killed || state.deployment?.pending_operations?.some(({ type }) => type === "creating"))) {
        await adopt(state);
        state = await exportState(ready, stack);
    }
    const resources = state.deployment?.resources ?? [];
    await removeLeftovers([...prefixesOf(stack, resources)], resources, say);
    const begun = state.deployment?.pending_operations?.length ?? 0;
    if (begun > 0) {
        // Whatever these operations had made is adopted or removed by now.
        await importSettled(ready, stack, state);
        say(`forgot ${begun} operation${begun > 1 ? "s" : ""} that a killed run had begun`);
    }
    // Whatever is there by now is ours.
    return { resources, variables: verifiedVariables(await findLab(stackPrefix(stack))) };
}

/**
 * Removes all that is left on this machine of a lab whose stack is gone.
 * @param known the resources that the stack's state had; none when there was no such stack
 * @throws ForeignLabError before anything is removed, when the lab belongs to another state.
 */
export async function removeUnrecorded(
    ready: Ready,
    stack: string,
    known: readonly StateResource[],
    options: Omit<RecoverOptions, "adopt">,
): Promise<void> {
    await settleOwnership(ready, stack, known, options);
    // Of a stack that was renamed, what was made under its former name is left as well.
    await removeLeftovers([...prefixesOf(stack, known)], [], options.say);
}

/** Prefixes of the lab's names: that of its stack, and the one that it was made under before the stack was renamed. */
const prefixesOf = (stack: string, resources: readonly StateResource[]): Set<string> =>
    new Set([stackPrefix(stack), labOfState(stack, resources).prefix ?? stackPrefix(stack)]);

/** Removes what every tool of the machine holds of the stack's lab and the state does not know. */
async function removeLeftovers(
    prefixes: readonly string[],
    resources: readonly StateResource[],
    say: (text: string) => void,
): Promise<void> {
    for (const prefix of prefixes) {
        for (const holder of HOLDERS) {
            await holder.removeLeftovers(prefix, resources, say);
        }
    }
}

/**
 * Decides whose the lab of that name is.
 * @throws ForeignLabError when it is somebody else's and is not to be taken over.
 */
async function settleOwnership(
    ready: Ready,
    stack: string,
    known: readonly StateResource[],
    { command, takeOver, say }: Omit<RecoverOptions, "adopt">,
): Promise<"ours" | "taken over"> {
    if (labOfState(stack, known).kept.substrate === undefined) {
        await refuseLabInCluster(ready, stack, "others");
    }
    const lab = await findLab(stackPrefix(stack));
    if (lab === undefined || isOurs(lab, await ownerHere(ready.env, false), knownIds(known))) {
        await refuseRenamed(ready, stack, lab, known);
        return "ours";
    }
    if (takeOver !== true) {
        throw new ForeignLabError(stack, lab, command);
    }
    say(
        `takes over the lab of the stack ${stack}${lab.owner ? ` that ${lab.owner.user} has made` : ""}: it is removed`,
    );
    return "taken over";
}

/**
 * Refuses a stack whose name another stack of the same state had when its lab was made: that lab would be taken for
 * what a run that was killed has left.
 * @throws UserError naming the stack that the lab belongs to
 */
async function refuseRenamed(
    ready: Ready,
    stack: string,
    lab: LabTrace | undefined,
    known: readonly StateResource[],
): Promise<void> {
    const knownHere = knownIds(known);
    if (lab === undefined || lab.ids.some((id) => knownHere.has(id))) {
        return;
    }
    for (const other of await otherStacks(ready, stack)) {
        const ids = knownIds((await exportState(ready, other)).deployment?.resources ?? []);
        if (lab.ids.some((id) => ids.has(id))) {
            throw new UserError(
                `stack ${stack}: a lab of that name is here, and belongs to the stack ${other}, which was renamed: ` +
                    "choose another stack name, or rename that one back " +
                    `(pulumi stack rename ${stack} --stack ${other})`,
            );
        }
    }
}

/** Empties the state of a stack whose lab somebody else has replaced: nothing of what it speaks of exists any more. */
async function forgetResources(
    ready: Ready,
    stack: string,
    state: StackState,
    say: (text: string) => void,
): Promise<StackState> {
    const count = state.deployment?.resources?.length ?? 0;
    if (count === 0) {
        return state;
    }
    const empty = { ...state, deployment: { ...state.deployment, resources: [] } };
    await importSettled(ready, stack, empty);
    say(`forgot ${count} resources of a lab that another one had replaced`);
    return exportState(ready, stack);
}
