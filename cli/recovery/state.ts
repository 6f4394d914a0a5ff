import { livingLab, type StackResources } from "../../plan/change/living-lab";
import type { Ready } from "../../toolchain/ensure";
import { keepSecretsProvider, type StateEncryption } from "../secrets-provider";
import { askPulumi } from "../stack";
import { stackFile } from "../stack-file";

type StackResource = StackResources[string];

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
        secrets_providers?: StateEncryption;
    };
}

/** Reads the stack's state. */
export async function exportState(ready: Ready, stack: string): Promise<StackState> {
    return JSON.parse(await askPulumi(ready, ["stack", "export", "--stack", stack])) as StackState;
}

/** Reads the state of a stack that is worked on: its file names the secrets provider of the state from then on. */
export async function openState(ready: Ready, stack: string): Promise<StackState> {
    const state = await exportState(ready, stack);
    await keepSecretsProvider(stackFile(stack), state.deployment?.secrets_providers);
    return state;
}

/** Key of a secret in a state, with its plain text in JSON beside it (pulumi/sdk, resource.SigKey, SecretV1). */
const SECRET = "4dabf18193072939515e22adb298388d";

/**
 * The administrator's kubeconfig of the stack's lab, from its state.
 * @returns undefined when the lab's cluster is not in the state
 */
export async function kubeconfigOfState(ready: Ready, stack: string): Promise<string | undefined> {
    const args = ["stack", "export", "--show-secrets", "--stack", stack];
    const { deployment } = JSON.parse(await askPulumi(ready, args)) as StackState;
    const plain = (deployment?.resources ?? []).map(({ urn, type, outputs }): [string, StackResource] => {
        const secret = outputs?.["kubeconfig"] as { plaintext?: string } | undefined;
        const isSecret = secret?.plaintext !== undefined && SECRET in secret;
        return [
            urn,
            { type, outputs: isSecret ? { kubeconfig: JSON.parse(secret.plaintext as string) as unknown } : {} },
        ];
    });
    return livingLab(stack, Object.fromEntries(plain)).kubeconfig;
}

/** Replaces the stack's state, without pending operations: every later command would warn about them. */
export async function importSettled(ready: Ready, stack: string, state: StackState): Promise<void> {
    const deployment = { ...state.deployment };
    delete deployment.pending_operations;
    await askPulumi(ready, ["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment }));
}
