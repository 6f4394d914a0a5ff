import { KubernetesObjectApi } from "@kubernetes/client-node";
import { isAbsent, parseKubeconfig } from "../../lib/kubernetes";
import type { MachineObject } from "../../machine/holder";
import { HOLDERS } from "../../machine/holders";
import { stackPrefix } from "../../plan/identities";
import type { Ready } from "../../toolchain/ensure";
import { repoPath } from "../../toolchain/paths";
import { run } from "../../toolchain/run";
import { managementKubeconfig } from "../management";
import { labOfState } from "./lab-of-state";
import { importSettled, kubeconfigOfState, type StackState, type StateResource } from "./state";

/** Longest preview, milliseconds. With a thousand hosts and clusters one took 71 s on a busy machine. */
const PREVIEW_LIMIT_MS = 600_000;

/** What `pulumi preview --json` says of one resource. */
export interface PreviewStep {
    op: string;
    newState?: StateResource;
}

/** Ids of the objects that exist, whoever made them, by the key that {@link inventoryKey} gives them. */
export type Inventory = ReadonlyMap<string, string>;

/** The id that the Kubernetes provider gives to an object. */
const objectId = (name: string, namespace?: unknown): string =>
    typeof namespace === "string" ? `${namespace}/${name}` : name;

const objectKey = (apiVersion: unknown, kind: unknown, id: string): string =>
    `${String(apiVersion)}/${String(kind)}/${id}`;

/** The key of a planned resource in the inventory; "" when its name is not known yet. */
export function inventoryKey({ type, inputs }: StateResource): string {
    const { name, namespace } = inputs?.metadata ?? {};
    if (type.startsWith("kubernetes:") && typeof name === "string") {
        return objectKey(inputs?.apiVersion, inputs?.kind, objectId(name, namespace));
    }
    return typeof inputs?.name === "string" ? machineKey({ type, name: inputs.name }) : "";
}

const machineKey = ({ type, name }: Pick<MachineObject, "type" | "name">): string => `${type}/${name}`;

/**
 * Resources that exist but are missing from the state, because a run that was killed had made them, in the form in
 * which they are to be imported. Their components come with them. Dependencies on what the state does not have are left
 * out; the next `up` writes them. A resource whose provider or parent is not in the state was not made by the killed
 * run.
 * @param plan in the order of the program, in which a resource comes after those it depends on
 */
export function findUnrecorded(
    state: readonly StateResource[],
    plan: readonly PreviewStep[],
    inventory: Inventory,
): StateResource[] {
    const known = new Set(state.map(({ urn }) => urn));
    const found: StateResource[] = [];
    for (const { op, newState } of plan) {
        if (op !== "create" || newState === undefined || known.has(newState.urn)) {
            continue;
        }
        const { urn, custom, parent, provider } = newState;
        const id = inventory.get(inventoryKey(newState));
        const providerUrn = provider?.slice(0, provider.lastIndexOf("::"));
        if (custom && (id === undefined || (providerUrn !== undefined && !known.has(providerUrn)))) {
            continue;
        }
        if (parent !== undefined && !known.has(parent)) {
            continue;
        }
        found.push({
            ...newState,
            ...(id === undefined ? {} : { id, outputs: importedOutputs(newState) }),
            ...knownDependencies(newState, known),
        });
        known.add(urn);
    }
    return found;
}

/**
 * Outputs of a resource that is to be imported, before the refresh that follows reads the others. For the official
 * Docker provider a resource without outputs is one to import from nothing: it would drop most inputs (environment,
 * files, networks) from the state, and the next `up` would replace the container. So the inputs stand in for the
 * outputs. The Kubernetes provider reads every output from the cluster.
 */
function importedOutputs({ type, inputs }: StateResource): Record<string, unknown> {
    return type.startsWith("docker:") ? (withoutDefaults(inputs ?? {}) as Record<string, unknown>) : {};
}

/**
 * The value without the key `__defaults`, at any depth: bridged providers note in inputs there which ones they filled
 * in.
 */
function withoutDefaults(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(withoutDefaults);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key]) => key !== "__defaults")
            .map(([key, each]) => [key, withoutDefaults(each)]),
    );
}

/** Both lists of a resource's dependencies, with only those that the state has. */
function knownDependencies(
    { dependencies, propertyDependencies }: StateResource,
    known: ReadonlySet<string>,
): Pick<StateResource, "dependencies" | "propertyDependencies"> {
    const only = (urns: readonly string[] | null): string[] => (urns ?? []).filter((urn) => known.has(urn));
    const byProperty = Object.entries(propertyDependencies ?? {}).map(([key, urns]) => [key, only(urns)]);
    return {
        ...(dependencies ? { dependencies: only(dependencies) } : {}),
        ...(propertyDependencies
            ? { propertyDependencies: Object.fromEntries(byProperty) as Record<string, string[]> }
            : {}),
    };
}

/**
 * Adopts into the state what a killed run had made and not recorded: Kubernetes would refuse to create an object again,
 * and a container that is created again would have forgotten its hosts. Nothing is adopted when the lab's Kubernetes
 * does not run, or is not in the state itself: then everything is made anew.
 * @param env of Pulumi, for a stack of this size
 * @param pulumi runs Pulumi with these arguments and returns its exit code
 * @throws Error when Pulumi cannot plan, or when the API server or Docker does not answer
 */
export async function adopt(
    ready: Ready,
    stack: string,
    state: StackState,
    env: Record<string, string>,
    say: (text: string) => void,
    pulumi: (args: string[]) => Promise<number>,
): Promise<void> {
    const resources = state.deployment?.resources ?? [];
    const prefix = stackPrefix(stack);
    const running = await Promise.all(HOLDERS.map((holder) => holder.runsCluster(prefix, resources)));
    // A cluster that the lab did not make runs whatever this machine does.
    if (!running.includes(true) && !standsElsewhere(stack, resources)) {
        return;
    }
    const objects = (await Promise.all(HOLDERS.map((holder) => holder.finishedObjects(prefix)))).flat();
    say("a run was killed: looks for what it made and did not record");
    const preview = await run(ready.pulumi, ["preview", "--json", "--stack", stack, "--non-interactive"], {
        cwd: repoPath(),
        env: { ...ready.env, ...env },
        timeoutMs: PREVIEW_LIMIT_MS,
    });
    const { steps } = JSON.parse(preview) as { steps: PreviewStep[] };
    const planned = steps.flatMap(({ op, newState }) => (op === "create" && newState?.custom ? [newState] : []));
    const inventory = new Map([
        ...objects.map((object): [string, string] => [machineKey(object), object.id]),
        ...(await kubernetesInventory(await kubeconfigOf(ready, stack), planned)),
    ]);
    const found = findUnrecorded(resources, steps, inventory);
    const made = found.filter(({ custom }) => custom);
    if (made.length === 0) {
        return;
    }
    await importSettled(ready, stack, {
        ...state,
        deployment: { ...state.deployment, resources: [...resources, ...found] },
    });
    say(`adopted ${made.length} resources that a killed run had made`);
    const targets = made.flatMap(({ urn }) => ["--target", urn]);
    const code = await pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets]);
    if (code !== 0) {
        throw new Error("the adopted resources could not be refreshed: the messages above say why");
    }
}

/** Whether the lab stands in a cluster that it did not make, by its state. */
export const standsElsewhere = (stack: string, resources: readonly StateResource[]): boolean =>
    labOfState(stack, resources).kept.substrate === "existing";

/** The lab's kubeconfig: from the state, which a file in the checkout may lag behind, or else that file. */
const kubeconfigOf = async (ready: Ready, stack: string): Promise<string> =>
    (await kubeconfigOfState(ready, stack)) ?? managementKubeconfig(stack);

/** Keys and ids of the planned Kubernetes objects that exist, by one list for each kind and namespace. */
async function kubernetesInventory(kubeconfig: string, planned: readonly StateResource[]): Promise<[string, string][]> {
    const api = parseKubeconfig(kubeconfig).makeApiClient(KubernetesObjectApi);
    const kinds = new Map<string, [apiVersion: string, kind: string, namespace: string | undefined]>();
    for (const resource of planned) {
        const { apiVersion, kind, metadata } = resource.inputs ?? {};
        if (!resource.type.startsWith("kubernetes:") || inventoryKey(resource) === "") {
            continue;
        }
        const namespace = typeof metadata?.namespace === "string" ? metadata.namespace : undefined;
        kinds.set(objectKey(apiVersion, kind, namespace ?? ""), [String(apiVersion), String(kind), namespace]);
    }
    const found: [string, string][] = [];
    for (const [apiVersion, kind, namespace] of kinds.values()) {
        for (const { metadata } of await list(api, apiVersion, kind, namespace)) {
            const id = objectId(String(metadata?.name), metadata?.namespace);
            found.push([objectKey(apiVersion, kind, id), id]);
        }
    }
    return found;
}

/** Objects of a kind; none when the API server does not know the kind. */
async function list(
    api: KubernetesObjectApi,
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
): Promise<{ metadata?: { name?: string; namespace?: string } }[]> {
    try {
        return (await api.list(apiVersion, kind, namespace)).items;
    } catch (error) {
        if (isAbsent(error)) {
            return [];
        }
        throw error;
    }
}
