import type { LabTrace } from "../../machine/holder";
import { findLab } from "../../machine/holders";
import { isOurs, ownerHere } from "../../machine/owner";
import { knownIds } from "../../machine/state-objects";
import { stackPrefix } from "../../plan/identities";
import { VERIFIED_VARIABLE } from "../../plan/lab-owner";
import type { Ready } from "../../toolchain/ensure";
import type { StateResource } from "./state";

/** Variables that tell the program that a lab on this machine belongs to the state. */
export function verifiedVariables(lab: LabTrace | undefined): Record<string, string> {
    const verified = lab?.bearer?.id ?? lab?.ids[0];
    return verified === undefined ? {} : { [VERIFIED_VARIABLE]: verified };
}

/**
 * The same for a command that changes nothing, and leaves it to the program to refuse somebody else's lab.
 * @param known the resources in the stack's state
 */
export async function verifiedIfOurs(
    ready: Ready,
    stack: string,
    known: readonly StateResource[],
): Promise<Record<string, string>> {
    // A preview also runs where neither Docker nor another holder of labs answers.
    const lab = await findLab(stackPrefix(stack)).catch(() => undefined);
    const ours = lab !== undefined && isOurs(lab, await ownerHere(ready.env, false), knownIds(known));
    return ours ? verifiedVariables(lab) : {};
}
