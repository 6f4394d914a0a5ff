import { expect } from "chai";
import { removeClusterApi } from "../../tasks/cluster-api/remove";

/** A cluster with objects by kind. Those that are stuck stay when they are deleted. */
class ClusterThere {
    readonly deleted: string[] = [];

    constructor(
        private readonly objects: Record<string, string[]>,
        private readonly stuck: readonly string[] = [],
    ) {}

    async labelled(_apiVersion: string, kind: string, label: string): Promise<string[]> {
        expect(label).to.equal("clusterctl.cluster.x-k8s.io");
        return [...(this.objects[kind] ?? [])];
    }

    async delete({ kind, metadata }: { kind: string; metadata: { name: string } }): Promise<void> {
        this.deleted.push(`${kind} ${metadata.name}`);
        if (!this.stuck.includes(metadata.name)) {
            this.objects[kind] = (this.objects[kind] ?? []).filter((name) => name !== metadata.name);
        }
    }
}

const remove = async (cluster: ClusterThere): Promise<void> =>
    removeClusterApi(cluster, 1, new AbortController().signal, () => undefined);

describe("Removing Cluster API from a cluster that stays", () => {
    it("takes definitions first, while controllers let go of their objects, and the inventory last", async () => {
        const cluster = new ClusterThere({
            Namespace: ["capi-system"],
            CustomResourceDefinition: ["machines.cluster.x-k8s.io"],
            ClusterRole: ["capi-manager-role"],
        });
        await remove(cluster);
        expect(cluster.deleted).to.deep.equal([
            "CustomResourceDefinition machines.cluster.x-k8s.io",
            "Namespace capi-system",
            "ClusterRole capi-manager-role",
            "CustomResourceDefinition certificates.cert-manager.io",
            "CustomResourceDefinition issuers.cert-manager.io",
            "CustomResourceDefinition providers.clusterctl.cluster.x-k8s.io",
        ]);
    });

    it("finishes a removal that was interrupted, also where nothing is left", async () => {
        const cluster = new ClusterThere({});
        await remove(cluster);
        expect(cluster.deleted.every((name) => name.startsWith("CustomResourceDefinition"))).to.equal(true);
    });

    it("says what does not go", async () => {
        const cluster = new ClusterThere({ Namespace: ["capi-system"] }, ["capi-system"]);
        const error = await remove(cluster).then(
            () => undefined,
            (reason: unknown) => reason,
        );
        expect(String(error)).to.include("Namespaces of Cluster API to be gone").and.include("capi-system");
    });
});
