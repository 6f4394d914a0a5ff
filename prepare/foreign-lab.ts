import * as pulumi from "@pulumi/pulumi";
import type { MachineObject } from "../machine/holder";
import { findLab } from "../machine/holders";
import { foreignLabText, isOurs } from "../machine/owner";
import { VERIFIED_VARIABLE, type LabOwner } from "../plan/lab-owner";
import type { Problem } from "../plan/problem";
import { stackResources } from "./stack-resources";

/**
 * The problem that a lab of somebody else has the name of this one; for plain `pulumi up`, which no command line
 * precedes.
 */
export async function foreignLabProblems(prefix: string, here: LabOwner): Promise<Problem[]> {
    const lab = await findLab(prefix);
    if (lab === undefined || isOurs(lab, here, new Set([process.env[VERIFIED_VARIABLE] ?? ""]))) {
        return [];
    }
    if (lab.owner === undefined && lab.bearer !== undefined && (await stateHas(lab.bearer))) {
        return [];
    }
    return [{ key: "stack", value: pulumi.getStack(), rule: foreignLabText(lab, pulumi.getStack(), "up") }];
}

/**
 * Whether the stack's state has an object of that type and name: the best that the program can know of a lab without a
 * record, because Pulumi tells it no ids.
 */
async function stateHas({ type, name }: MachineObject): Promise<boolean> {
    return Object.values(await stackResources()).some(
        (resource) => resource.type === type && (resource.outputs as { name?: unknown } | undefined)?.name === name,
    );
}
