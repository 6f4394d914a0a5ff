import { CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import { distance } from "fastest-levenshtein";
import { isAbsent, listFromCache, type CustomKind, type ObjectMetadata } from "../../lib/kubernetes";
import { UserError } from "../../plan/user-error";
import type { ClusterObject } from "../../tasks/wait-for-fleet/clusters";
import type { HostObject } from "../../tasks/wait-for-fleet/hosts";
import { CLUSTERS, HOSTS } from "../../tasks/wait-for-fleet/kinds";
import { THINGS, type Thing } from "./things";

/** What was found under a name. */
export type Found = { kind: "host"; object: HostObject } | { kind: "cluster"; object: ClusterObject };

const KINDS: Record<Thing, CustomKind> = { host: HOSTS, cluster: CLUSTERS };

/** Most names that a message proposes. */
const MOST_NEAR = 3;
/** Most changes of a letter between a name and one that was meant. */
const NEAR = 3;

/** The names that somebody may have meant, the nearest first. */
export const nearNames = (name: string, names: readonly string[]): string[] =>
    names
        .map((each) => ({ each, far: distance(name, each) }))
        .filter(({ far }) => far <= NEAR)
        .sort((a, b) => a.far - b.far || a.each.localeCompare(b.each))
        .slice(0, MOST_NEAR)
        .map(({ each }) => each);

/** Names of all hosts and clusters that are there. */
export type Names = Record<Thing, readonly string[]>;

/**
 * What to say of a name that is there as nothing that was asked for.
 * @param planned the kind under which the configuration has the name, if it does
 */
export function notFound(name: string, things: readonly Thing[], names: Names, planned: Thing | undefined): string {
    const what = things.join(" or ");
    if (planned !== undefined && things.includes(planned)) {
        return `there is no ${planned} ${name}, though the configuration has it: it is not made yet, or was deleted`;
    }
    const other = THINGS.find((thing) => !things.includes(thing) && names[thing].includes(name));
    if (other !== undefined) {
        return `${name} is no ${what}, but a ${other}`;
    }
    const near = nearNames(
        name,
        things.flatMap((thing) => names[thing]),
    );
    const counts = things.map((thing) => `${names[thing].length} ${thing}s`).join(" and ");
    return near.length === 0
        ? `there is no ${what} ${name} among ${counts}`
        : `there is no ${what} ${name}; did you mean ${near.join(", ")}?`;
}

/** Finds hosts and clusters by name. */
export class Finder {
    private readonly api: CustomObjectsApi;

    constructor(
        config: KubeConfig,
        private readonly namespace: string,
    ) {
        this.api = config.makeApiClient(CustomObjectsApi);
    }

    /**
     * The one host or cluster of a name.
     * @param things of which kind it may be
     * @param planned whether the configuration has a host or a cluster of that name
     * @throws UserError where there is none, with names like it, or both a host and a cluster
     */
    async find(name: string, things: readonly Thing[], planned: (name: string) => Thing | undefined): Promise<Found> {
        const found = (
            await Promise.all(
                things.map(async (kind): Promise<Found[]> => {
                    const object = await this.get(KINDS[kind], name);
                    return object === undefined ? [] : [{ kind, object }];
                }),
            )
        ).flat();
        const [one] = found;
        if (one === undefined) {
            const [host, cluster] = await Promise.all(THINGS.map((thing) => this.names(KINDS[thing])));
            throw new UserError(notFound(name, things, { host: host ?? [], cluster: cluster ?? [] }, planned(name)));
        }
        if (found.length > 1) {
            throw new UserError(`${name} is both a host and a cluster: say which with --kind host or --kind cluster`);
        }
        return one;
    }

    private async get(kind: CustomKind, name: string): Promise<object | undefined> {
        try {
            const { namespace } = this;
            const found: unknown = await this.api.getNamespacedCustomObject({ ...kind, namespace, name });
            return found as object;
        } catch (error) {
            if (isAbsent(error)) {
                return undefined;
            }
            throw error;
        }
    }

    private async names(kind: CustomKind): Promise<string[]> {
        try {
            const found = await listFromCache<{ metadata?: ObjectMetadata }>(this.api, kind, this.namespace);
            return found.map(({ metadata }) => metadata?.name ?? "");
        } catch (error) {
            if (isAbsent(error)) {
                return [];
            }
            throw error;
        }
    }
}
