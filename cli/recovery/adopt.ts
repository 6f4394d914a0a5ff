import { KubernetesObjectApi } from "@kubernetes/client-node";
import { isAbsent, parseKubeconfig } from "../../lib/kubernetes";
import type { Ready } from "../../toolchain/ensure";
import { repoPath } from "../../toolchain/paths";
import { run } from "../../toolchain/run";
import { managementKubeconfig } from "../management";
import { importSettled, type StackState, type StateResource } from "../stack";
import { finishedObjects, type Leftover } from "./docker-leftovers";

/** A preview of a thousand hosts and clusters took 71 s on a busy machine. */
const PREVIEW_LIMIT_MS = 600_000;

/** End of the name of the container that is the lab's Kubernetes (components/plan). */
const NODE = "-control-plane";

/** What `pulumi preview --json` says of one resource. */
export interface PreviewStep {
    op: string;
    newState?: StateResource;
}

/** What there is, whoever made it: ids by type and name as `inventoryKey` gives them. */
export type Inventory = ReadonlyMap<string, string>;

/** The Kubernetes provider's id of an object. */
const objectId = (name: string, namespace?: unknown): string =>
    typeof namespace === "string" ? `${namespace}/${name}` : name;

const objectKey = (apiVersion: unknown, kind: unknown, id: string): string =>
    `${String(apiVersion)}/${String(kind)}/${id}`;

/** Where a planned resource would be found, "" where that cannot be said: its name is not known yet, or it is of another kind. */
export function inventoryKey({ type, inputs }: StateResource): string {
    const { name, namespace } = inputs?.metadata ?? {};
    if (type.startsWith("kubernetes:") && typeof name === "string") {
        return objectKey(inputs?.apiVersion, inputs?.kind, objectId(name, namespace));
    }
    if ((type === CONTAINER || type === VOLUME) && typeof inputs?.name === "string") {
        return `${type}/${inputs.name}`;
    }
    return "";
}

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";

/**
 * The planned resources that are there although the state does not know them, as they are to stand in the state: with the components that they belong to, and
 * dependent only on what is in the state, too (the next `up` writes the others). A resource whose provider or parent is not there has not been made by it.
 * @param plan in the order of the program, in which a resource comes after those it needs
 */
export function unnoted(
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
        const { urn, custom, parent, provider, dependencies, propertyDependencies } = newState;
        const id = inventory.get(inventoryKey(newState));
        if (
            custom &&
            (id === undefined || (provider !== undefined && !known.has(provider.slice(0, provider.lastIndexOf("::")))))
        ) {
            continue;
        }
        if (parent !== undefined && !known.has(parent)) {
            continue;
        }
        const still = (urns: readonly string[] | null): string[] =>
            (urns ?? []).filter((dependency) => known.has(dependency));
        found.push({
            ...newState,
            ...(id === undefined ? {} : { id, outputs: {} }),
            ...(dependencies ? { dependencies: still(dependencies) } : {}),
            ...(propertyDependencies
                ? {
                      propertyDependencies: Object.fromEntries(
                          Object.entries(propertyDependencies).map(([key, urns]) => [key, still(urns)]),
                      ),
                  }
                : {}),
        });
        known.add(urn);
    }
    return found;
}

/**
 * Takes what a run that was killed had made and not noted into the state: creating a Kubernetes object again would be refused, and a container made
 * again would have forgotten its hosts. Where the lab's Kubernetes does not run, or is not in the state itself, nothing is: all is made anew then.
 * @param env of Pulumi, for a stack of this size
 * @param refresh runs Pulumi with these arguments and returns its exit code: what was taken over is looked at
 * @throws Error where it cannot be asked what is there, or Pulumi cannot plan
 */
export async function takeOver(
    ready: Ready,
    stack: string,
    state: StackState,
    env: Record<string, string>,
    say: (text: string) => void,
    refresh: (args: string[]) => Promise<number>,
): Promise<void> {
    const resources = state.deployment?.resources ?? [];
    const docker = await finishedObjects(stack);
    const node = docker.find(({ name }) => name.endsWith(NODE));
    if (node === undefined || !resources.some(({ id }) => id === node.id)) {
        return;
    }
    say("a run was killed: asking what it made and did not note");
    const preview = await run(ready.pulumi, ["preview", "--json", "--stack", stack, "--non-interactive"], {
        cwd: repoPath(),
        env: { ...ready.env, ...env },
        timeoutMs: PREVIEW_LIMIT_MS,
    });
    const { steps } = JSON.parse(preview) as { steps: PreviewStep[] };
    const planned = steps.flatMap(({ op, newState }) => (op === "create" && newState?.custom ? [newState] : []));
    const inventory = new Map([
        ...dockerInventory(docker),
        ...(await kubernetesInventory(await managementKubeconfig(stack), planned)),
    ]);
    const found = unnoted(resources, steps, inventory);
    const made = found.filter(({ custom }) => custom);
    if (made.length === 0) {
        return;
    }
    // What had been begun is either found, or was not made.
    await importSettled(ready, stack, {
        ...state,
        deployment: { ...state.deployment, resources: [...resources, ...found] },
    });
    say(`took over ${made.length} resources that a killed run had made`);
    const code = await refresh([
        "refresh",
        "--yes",
        "--skip-preview",
        "--stack",
        stack,
        ...made.flatMap(({ urn }) => ["--target", urn]),
    ]);
    if (code !== 0) {
        throw new Error("what a killed run had made could not be looked at: the messages above say why");
    }
}

const dockerInventory = (objects: readonly Leftover[]): [string, string][] =>
    objects.map(({ what, id, name }) => [`${what === "container" ? CONTAINER : VOLUME}/${name}`, id]);

/** Which of the planned objects there are: one list for each kind and namespace. */
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

/** Objects of a kind; none where Kubernetes does not know the kind. */
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
