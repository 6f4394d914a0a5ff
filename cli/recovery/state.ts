import type { Ready } from "../../toolchain/ensure";
import { askPulumi } from "../stack";

/** A resource in a stack's state (pulumi/sdk, apitype.ResourceV3), with the fields that recovery needs. */
export interface StateResource {
    urn: string;
    type: string;
    /** False for components. */
    custom?: boolean;
    id?: string;
    inputs?: {
        apiVersion?: unknown;
        kind?: unknown;
        name?: unknown;
        metadata?: { name?: unknown; namespace?: unknown };
    } & Record<string, unknown>;
    outputs?: Record<string, unknown>;
    parent?: string;
    /** URN and id of the provider, joined by "::". */
    provider?: string;
    dependencies?: string[];
    propertyDependencies?: Record<string, string[] | null>;
}

/** A stack's state as Pulumi exports it and takes it back. A stack that has never been up has no deployment. */
export interface StackState {
    deployment?: {
        resources?: StateResource[];
        /** Operations that a killed run had begun and not ended (pulumi/sdk, apitype.OperationV2). */
        pending_operations?: { type: string }[];
    };
}

/** Reads the stack's state. */
export async function exportState(ready: Ready, stack: string): Promise<StackState> {
    return JSON.parse(await askPulumi(ready, ["stack", "export", "--stack", stack])) as StackState;
}

/** Replaces the stack's state, without pending operations: every later command would warn about them. */
export async function importSettled(ready: Ready, stack: string, state: StackState): Promise<void> {
    const deployment = { ...state.deployment };
    delete deployment.pending_operations;
    await askPulumi(ready, ["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment }));
}
