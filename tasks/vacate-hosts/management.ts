import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { isAbsent, listObjects, parseKubeconfig, type CustomKind, type ObjectMetadata } from "../../lib/kubernetes";
import { BMO_PAUSED_ANNOTATION, LEAVING_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { hostStatus, type HostObject } from "../wait-for-fleet/hosts";
import { machineStatus, type MachineOwner, type MachineryObject } from "../wait-for-fleet/machines";
import { CLUSTERS, CONTROL_PLANES, HOSTS, MACHINE_DEPLOYMENTS, MACHINES } from "../wait-for-fleet/reader";
import type { Decision, HostSight, Sight } from "./decide";

const OWNERS: Record<MachineOwner["kind"], CustomKind> = {
    KubeadmControlPlane: CONTROL_PLANES,
    MachineDeployment: MACHINE_DEPLOYMENTS,
};

/** Annotations with which CAPM3 gives a host up after remediation that was in vain (api/v1beta2/common_types.go). */
const UNHEALTHY = ["capm3.metal3.io/unhealthy", "capi.metal3.io/unhealthy"];

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
        return (await listObjects<HostObject>(this.api, HOSTS, this.namespace)).map(hostSight);
    }

    /** @param hosts as they were just read */
    async sight(hosts: HostSight[]): Promise<Sight> {
        const list = <Item>(kind: CustomKind): Promise<Item[]> => listObjects<Item>(this.api, kind, this.namespace);
        const kinds = Object.keys(OWNERS) as MachineOwner["kind"][];
        const [machines, clusters, owners] = await Promise.all([
            list<MachineryObject>(MACHINES),
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
            machines: machines.map(machineStatus),
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
export function hostSight(object: HostObject): HostSight {
    const { name, consumer, deleting, error, elsewhere } = hostStatus(object);
    const annotations = object.metadata?.annotations ?? {};
    return {
        name,
        leaving: LEAVING_ANNOTATION in annotations,
        registering: !(BMO_PAUSED_ANNOTATION in annotations) && isRegistering(object.status?.provisioning),
        ...(consumer === undefined ? {} : { consumer }),
        usable:
            !deleting &&
            error === "" &&
            elsewhere === undefined &&
            !UNHEALTHY.some((annotation) => annotation in annotations),
    };
}

/** The state is empty until BMO has seen the host, and the ID until the host has a node in Ironic. */
const isRegistering = ({ state = "", ID = "" }: { state?: string; ID?: string } = {}): boolean =>
    (state === "" || state === "registering") && ID === "";
