import {
    ApiextensionsV1Api,
    AuthorizationV1Api,
    CoreV1Api,
    StorageV1Api,
    VersionApi,
    type KubeConfig,
} from "@kubernetes/client-node";
import * as semver from "semver";
import { isAbsent, isForbidden, parseKubeconfig, requestErrorText } from "../../lib/kubernetes";
import type { LivingLab } from "../../plan/change/living-lab";
import { replaceLab } from "../../plan/change/replace-lab";
import { requiredRights, type Right } from "../../plan/existing-rights";
import type { Problem } from "../../plan/problem";
import type { FoundCluster } from "../../plan/substrate/existing";
import type { WantedLab } from "../wanted-lab";
import { findLabs, foundLabText } from "./found-labs";

/** Oldest Kubernetes of a management cluster that Cluster API 1.13 supports (its book, "Supported versions"). */
const OLDEST = "1.31.0";

/** Definitions that show that another lab, or another Cluster API or bare-metal operator, is in the cluster. */
const FOREIGN_DEFINITIONS: Record<string, string> = {
    "baremetalhosts.metal3.io": "a bare-metal operator",
    "clusters.cluster.x-k8s.io": "Cluster API",
    "metal3machines.infrastructure.cluster.x-k8s.io": "CAPM3",
    "ipclaims.ipam.metal3.io": "Metal3's IP address manager",
};

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/**
 * What is missing in a cluster that is there, or in the way of a lab. Nothing is changed.
 * @param upgrade whether the lab gets another version of Cluster API
 */
export async function existingProblems(
    { kubeconfig, server, id }: FoundCluster,
    { config, plan }: Pick<WantedLab, "config" | "plan">,
    living: LivingLab,
    upgrade = false,
): Promise<Problem[]> {
    const api = parseKubeconfig(kubeconfig);
    const problem = (rule: string): Problem => ({ key: "substrate", value: "existing", rule: `${server}: ${rule}` });
    const ofKey = (key: "storageClass" | "namespace", rules: string[]): Problem[] =>
        rules.map((rule) => ({ key, value: config[key] ?? "(not set)", rule: `${server}: ${rule}` }));
    if (living.clusterId !== undefined && living.clusterId !== id) {
        const rule = "is another cluster than the one that this lab stands in: set kubeconfig and kubeContext back";
        return [problem(`${rule}, or ${replaceLab(living)}`)];
    }
    try {
        const rights = await rightProblems(api, requiredRights(config.clusterWideTuning, upgrade));
        // What may not be looked at is among the rights that are missing.
        const mayBeForbidden = (looked: Promise<string[]>): Promise<string[]> =>
            looked.catch((error: unknown) => {
                if (rights.length > 0 && isForbidden(error)) {
                    return [];
                }
                throw error;
            });
        // A lab that is there has made itself what would be in its way.
        const isFirst = living.clusterId === undefined;
        const labs = isFirst ? await mayBeForbidden(labProblems(api)) : [];
        const isFree = isFirst && labs.length === 0;
        const [version, storage, foreign, occupied] = await Promise.all([
            versionProblems(api),
            mayBeForbidden(storageProblems(api, config.storageClass)),
            isFree ? mayBeForbidden(foreignProblems(api)) : labs,
            isFree ? mayBeForbidden(namespaceProblems(api, plan.namespace)) : [],
        ]);
        return [
            ...[...version, ...rights].map(problem),
            ...ofKey("storageClass", storage),
            ...foreign.map(problem),
            ...ofKey("namespace", occupied),
        ];
    } catch (error) {
        return [problem(`does not answer what is asked before a lab is made: ${requestErrorText(error)}`)];
    }
}

async function versionProblems(api: KubeConfig): Promise<string[]> {
    const { gitVersion } = await api.makeApiClient(VersionApi).getCode();
    const version = semver.coerce(gitVersion);
    const isOld = version !== null && semver.lt(version, OLDEST);
    return isOld ? [`has Kubernetes ${gitVersion}, and Cluster API needs ${OLDEST} at least`] : [];
}

async function rightProblems(api: KubeConfig, rights: readonly Right[]): Promise<string[]> {
    const authorization = api.makeApiClient(AuthorizationV1Api);
    const isGranted = async ({ group, resource, verb }: Right): Promise<boolean> => {
        const spec = { resourceAttributes: { group, resource, verb } };
        const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec };
        return (await authorization.createSelfSubjectAccessReview({ body })).status?.allowed ?? false;
    };
    const granted = await Promise.all(rights.map(isGranted));
    const missing = rights
        .filter((_, index) => !granted[index])
        .map(({ group, resource, verb }) => `${verb} ${resource}${group === "" ? "" : `.${group}`}`);
    return missing.length === 0
        ? []
        : [`does not grant the rights that a lab needs (docs/existing.md has the role): ${missing.join(", ")}`];
}

async function storageProblems(api: KubeConfig, wanted: string | undefined): Promise<string[]> {
    const { items } = await api.makeApiClient(StorageV1Api).listStorageClass();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    const known = `there are ${names.join(", ") || "none"}`;
    if (wanted !== undefined) {
        return names.includes(wanted) ? [] : [`is no StorageClass of the cluster: ${known}`];
    }
    const hasDefault = items.some(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true");
    return hasDefault ? [] : [`has no default StorageClass: set it; ${known}`];
}

/** Whether an object is there. */
async function isThere(read: Promise<unknown>): Promise<boolean> {
    try {
        await read;
        return true;
    } catch (error) {
        if (isAbsent(error)) {
            return false;
        }
        throw error;
    }
}

const labProblems = async (api: KubeConfig): Promise<string[]> => (await findLabs(api)).map(foundLabText);

async function foreignProblems(api: KubeConfig): Promise<string[]> {
    const definitions = api.makeApiClient(ApiextensionsV1Api);
    const foreign = Object.entries(FOREIGN_DEFINITIONS).map(async ([name, what]) =>
        (await isThere(definitions.readCustomResourceDefinition({ name })))
            ? [`has ${what} already (${name}), which the lab would fight with: take another cluster`]
            : [],
    );
    return (await Promise.all(foreign)).flat();
}

async function namespaceProblems(api: KubeConfig, name: string): Promise<string[]> {
    return (await isThere(api.makeApiClient(CoreV1Api).readNamespace({ name })))
        ? ["is in the cluster already: set it to another name"]
        : [];
}
