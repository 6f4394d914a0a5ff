import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, type CustomKind, type ObjectMetadata } from "../../lib/kubernetes";
import { BMO_PAUSED_ANNOTATION, LEAVING_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { CLUSTERS, CONTROL_PLANES, HOSTS, MACHINE_DEPLOYMENTS, MACHINES } from "../wait-for-fleet/reader";
import type { Decision, HostSight, MachineOwner, MachineSight, Sight } from "./decide";

const OWNERS: Record<MachineOwner["kind"], CustomKind> = {
    KubeadmControlPlane: CONTROL_PLANES,
    MachineDeployment: MACHINE_DEPLOYMENTS,
};
/** Labels of a Machine that name its owner. */
const OWNER_LABELS: Record<string, MachineOwner["kind"]> = {
    "cluster.x-k8s.io/control-plane-name": "KubeadmControlPlane",
    "cluster.x-k8s.io/deployment-name": "MachineDeployment",
};

interface ListedHost {
    metadata?: ObjectMetadata;
    spec?: { consumerRef?: { name: string }; image?: object; externallyProvisioned?: boolean };
    status?: { errorMessage?: string; provisioning?: { state?: string; ID?: string } };
}

interface ListedMachine {
    metadata?: ObjectMetadata & { creationTimestamp?: string; labels?: Record<string, string> };
    spec?: { clusterName?: string; infrastructureRef?: { name?: string } };
}

interface ListedOwner {
    metadata?: ObjectMetadata;
    spec?: { rollout?: { after?: string } };
}

/** Reads and writes, in the management cluster, what vacating hosts concerns. */
export class Management {
    private readonly api: CustomObjectsApi;

    constructor(
        kubeconfig: string,
        private readonly namespace: string,
    ) {
        this.api = parseKubeconfig(kubeconfig).makeApiClient(CustomObjectsApi);
    }

    async hosts(): Promise<HostSight[]> {
        return (await listObjects<ListedHost>(this.api, HOSTS, this.namespace)).map(hostSight);
    }

    /** @param hosts as they were just read */
    async sight(hosts: HostSight[]): Promise<Sight> {
        const list = <Item>(kind: CustomKind): Promise<Item[]> => listObjects<Item>(this.api, kind, this.namespace);
        const kinds = Object.keys(OWNERS) as MachineOwner["kind"][];
        const [machines, clusters, owners] = await Promise.all([
            list<ListedMachine>(MACHINES),
            list<{ metadata?: ObjectMetadata }>(CLUSTERS),
            Promise.all(
                kinds.map(async (kind) =>
                    (await list<ListedOwner>(OWNERS[kind])).map(({ metadata, spec }) => ({
                        kind,
                        name: metadata?.name ?? "",
                        ...(spec?.rollout?.after === undefined ? {} : { rolloutAfter: spec.rollout.after }),
                    })),
                ),
            ),
        ]);
        return {
            hosts,
            machines: machines.map(machineSight),
            owners: owners.flat(),
            clusters: clusters.map(({ metadata }) => ({
                name: metadata?.name ?? "",
                deleting: metadata?.deletionTimestamp !== undefined,
            })),
        };
    }

    /** Carries out a decision. An object that is gone by now needs nothing. @param now RFC 3339 */
    async carryOut(decision: Decision, now: string): Promise<void> {
        const annotate = (name: string, value: string | null): Promise<void> =>
            this.merge(HOSTS, name, { metadata: { annotations: { [LEAVING_ANNOTATION]: value } } });
        for (const name of decision.mark) {
            await annotate(name, "");
        }
        for (const name of decision.unmark) {
            await annotate(name, null);
        }
        for (const name of decision.deleteClusters) {
            await ignoreAbsent(this.api.deleteNamespacedCustomObject({ ...CLUSTERS, namespace: this.namespace, name }));
        }
        for (const { kind, name } of decision.roll) {
            await this.merge(OWNERS[kind], name, { spec: { rollout: { after: now } } });
        }
    }

    private async merge(kind: CustomKind, name: string, body: object): Promise<void> {
        const request = { ...kind, namespace: this.namespace, name, body };
        const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        await ignoreAbsent(this.api.patchNamespacedCustomObject(request, options));
    }
}

async function ignoreAbsent(request: Promise<unknown>): Promise<void> {
    try {
        await request;
    } catch (error) {
        if (!isAbsent(error)) {
            throw error;
        }
    }
}

/**
 * A host that its user has put elsewhere is not usable, nor is one that cannot do its work. One that is switched off
 * is: CAPM3 switches a host off that a machine lets go of.
 */
export function hostSight({ metadata, spec, status }: ListedHost): HostSight {
    const annotations = metadata?.annotations ?? {};
    const consumer = spec?.consumerRef?.name;
    return {
        name: metadata?.name ?? "",
        leaving: LEAVING_ANNOTATION in annotations,
        registering: !(BMO_PAUSED_ANNOTATION in annotations) && isRegistering(status?.provisioning),
        ...(consumer === undefined ? {} : { consumer }),
        usable:
            metadata?.deletionTimestamp === undefined &&
            spec?.image === undefined &&
            spec?.externallyProvisioned !== true &&
            !status?.errorMessage,
    };
}

/** The state is empty until BMO has seen the host, and the ID until the host has a node in Ironic. */
const isRegistering = ({ state = "", ID = "" }: { state?: string; ID?: string } = {}): boolean =>
    (state === "" || state === "registering") && ID === "";

export function machineSight({ metadata, spec }: ListedMachine): MachineSight {
    const owners = Object.entries(OWNER_LABELS).flatMap(([label, kind]) => {
        const name = metadata?.labels?.[label];
        return name === undefined ? [] : [{ kind, name }];
    });
    return {
        name: metadata?.name ?? "",
        cluster: spec?.clusterName ?? "",
        infrastructure: spec?.infrastructureRef?.name ?? "",
        created: metadata?.creationTimestamp ?? "",
        deleting: metadata?.deletionTimestamp !== undefined,
        ...(owners[0] === undefined ? {} : { owner: owners[0] }),
    };
}
