import { ApiException, KubeConfig, type CustomObjectsApi } from "@kubernetes/client-node";

/** Objects in one page of a list: a thousand Clusters in a single answer are several megabytes. */
const PAGE_SIZE = 500;

/** How the API server names a kind of custom resource. */
export interface CustomKind {
    group: string;
    version: string;
    /** Plural name in lower case, as it stands in the URL. */
    plural: string;
}

/** Metadata that the lab reads of an object of any kind. */
export interface ObjectMetadata {
    name?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    /** Rises with each change of the object's spec. */
    generation?: number;
    annotations?: Record<string, string>;
}

/**
 * Reads a kubeconfig.
 * @throws Error when the text is not a kubeconfig whose current context names a cluster.
 */
export function parseKubeconfig(text: string): KubeConfig {
    const config = new KubeConfig();
    config.loadFromString(text);
    if (config.getCurrentCluster() === null) {
        throw new Error("kubeconfig: its current context names no cluster");
    }
    return config;
}

/**
 * The current context of a kubeconfig alone, with one name for its cluster, user and context: kubeconfigs of several
 * clusters are often merged, and of two entries with one name kubectl takes the first.
 * @throws Error when the current context of the kubeconfig names no cluster or no user
 */
export function renameKubeconfig(text: string, name: string): string {
    const config = parseKubeconfig(text);
    const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
    if (cluster === null || user === null) {
        throw new Error("kubeconfig: its current context names no user");
    }
    const renamed = new KubeConfig();
    renamed.loadFromOptions({
        clusters: [{ ...cluster, name }],
        users: [{ ...user, name }],
        contexts: [{ name, cluster: name, user: name }],
        currentContext: name,
    });
    return renamed.exportConfig();
}

/**
 * Lists the objects of a custom kind in a namespace, page by page.
 * @param most stops after the page that reaches this number of objects. Default: all objects.
 */
export async function listObjects<Item>(
    api: CustomObjectsApi,
    kind: CustomKind,
    namespace: string,
    most = Infinity,
): Promise<Item[]> {
    const items: Item[] = [];
    let next: string | undefined;
    do {
        const page = (await api.listNamespacedCustomObject({
            ...kind,
            namespace,
            limit: Math.min(PAGE_SIZE, most),
            ...(next ? { _continue: next } : {}),
        })) as { metadata?: { _continue?: string; continue?: string }; items?: Item[] };
        items.push(...(page.items ?? []));
        next = page.metadata?._continue ?? page.metadata?.continue;
    } while (next && items.length < most);
    return items;
}

/**
 * Lists the objects of a custom kind in a namespace with a single request, from kube-apiserver's cache: it may be a
 * moment older than what was just written.
 * @param labelSelector only objects with these labels. Default: all objects.
 */
export async function listFromCache<Item>(
    api: CustomObjectsApi,
    kind: CustomKind,
    namespace: string,
    labelSelector?: string,
): Promise<Item[]> {
    const list = (await api.listNamespacedCustomObject({
        ...kind,
        namespace,
        resourceVersion: "0",
        ...(labelSelector === undefined ? {} : { labelSelector }),
    })) as { items?: Item[] };
    return list.items ?? [];
}

/**
 * Whether a request failed because the object does not exist (404), or because the API server does not know its kind.
 */
export function isAbsent(error: unknown): boolean {
    return (
        (error instanceof ApiException && error.code === 404) ||
        (error instanceof Error && error.message.startsWith("Unrecognized API version and kind"))
    );
}

/** Whether a request failed because the API server does not know who asked (401). */
export const isUnauthorized = (error: unknown): boolean => error instanceof ApiException && error.code === 401;

/** Whether a request failed because whoever asked has no right to it (403). */
export const isForbidden = (error: unknown): boolean => error instanceof ApiException && error.code === 403;

/**
 * Why a request to the API server failed, in one line: the server's own message, or the cause of a broken connection.
 */
export function requestErrorText(error: unknown): string {
    if (error instanceof ApiException) {
        const body: unknown = error.body;
        try {
            const status = (typeof body === "string" ? JSON.parse(body) : body) as { message?: string } | undefined;
            return `${error.code} ${status?.message ?? ""}`.trim();
        } catch {
            return `${error.code} ${String(body)}`.trim();
        }
    }
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
}
