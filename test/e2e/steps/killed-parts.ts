import { expect } from "chai";
import { copyCluster, deleteCluster } from "../extra-cluster";
import { eventually, pulumi } from "../harness";
import { controlPlane, nodeService, pairContainer, podContainer, type Part } from "../kill";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab } from "./lab";

/** One part of each kind: a database, a conductor, one of its neighbours, two controllers, the node's, a pair's. */
const ONE_OF_EACH_KIND: readonly Part[] = [
    podContainer("mariadb", /^ironic-mariadb-0$/),
    podContainer("ironic", /^ironic-conductor-0-/),
    podContainer("provisioning-ip", /^ironic-conductor-1-/),
    podContainer("fkas", /^fkas-0-/),
    podContainer("manager", /^baremetal-operator-/, "baremetal-operator-system"),
    controlPlane("kube-apiserver"),
    nodeService("containerd"),
    pairContainer("pair-001", "sushy-tools"),
];

/** With those, every part of the lab that runs by itself. */
const THE_OTHERS: readonly Part[] = [
    podContainer("http", /^ironic-conductor-1-/),
    podContainer("nginx", /^ironic-image-server-/),
    podContainer("manager", /^capi-controller-manager-/, "capi-system"),
    podContainer("manager", /^capi-kubeadm-bootstrap-/, "capi-kubeadm-bootstrap-system"),
    podContainer("manager", /^capi-kubeadm-control-plane-/, "capi-kubeadm-control-plane-system"),
    podContainer("manager", /^capm3-controller-manager-/, "capm3-system"),
    podContainer("manager", /^ipam-controller-manager-/, "metal3-ipam-system"),
    podContainer("coredns", /^coredns-/, "kube-system"),
    controlPlane("etcd"),
    nodeService("kubelet"),
    pairContainer("pair-001", "fake-ipa"),
];

/** Index of a cluster that is not in the plan, beyond the two that are. FKAS assigns a host, and opens its port. */
const EXTRA = 2;
const EXTRA_CLUSTER = "cluster-0002";

/** Limit of one step of a host or cluster, seconds. It takes a tenth of that on two quiet cores. */
const LIMIT_SECONDS = 300;

/** Has Cluster API provision a host, and lets it go again: a way through every layer of the lab. */
async function provisionAndRelease(): Promise<void> {
    const inUse = (count: number): Promise<void> =>
        eventually(
            `${count} hosts provisioned and the others available`,
            LIMIT_SECONDS,
            async () => {
                const states = Object.values(await lab.live.hostStates());
                const others = states.filter((state) => state !== "provisioned");
                return states.length - others.length === count && others.every((state) => state === "available");
            },
            () => lab.live.hosts(),
        );
    await eventually(
        "kube-apiserver and the webhooks accepting a Cluster",
        LIMIT_SECONDS,
        async () => {
            await copyCluster(lab.live, "cluster-0001", EXTRA_CLUSTER, EXTRA);
            return true;
        },
        () => lab.live.pods(),
    );
    await inUse(EXTRA + 1);
    await allAvailable(lab.live, 3, LIMIT_SECONDS);
    await deleteCluster(lab.live, EXTRA_CLUSTER);
    await eventually(
        `${EXTRA_CLUSTER} deleted`,
        LIMIT_SECONDS,
        async () => (await lab.live.clusters()).length === 2,
        () => lab.live.clusters(),
    );
    await inUse(EXTRA);
}

/** Kills parts of the lab once, in their containers. The lab must work on without anybody's help. */
export function killedParts(): void {
    for (const part of SUBSTRATE.isWhole ? [...ONE_OF_EACH_KIND, ...THE_OTHERS] : ONE_OF_EACH_KIND) {
        it(`provisions a host and lets it go after a kill of ${part.name}`, async () => {
            await part.kill(lab.live);
            await provisionAndRelease();
        });
    }

    it("is at rest, with nothing for Pulumi to do, after parts were killed", async () => {
        await allAvailable(lab.live, 2, LIMIT_SECONDS);
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]);
        expect(code, output).to.equal(0);
        lab.identities = await lab.live.identities();
    });
}
