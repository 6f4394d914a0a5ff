import { expect } from "chai";
import { labStatus } from "../../cli/status/summary";
import { ownerStatus } from "../../tasks/wait-for-fleet/machines";
import { nodeStatus } from "../../tasks/wait-for-fleet/nodes";
import { partStatus } from "../../tasks/wait-for-fleet/workloads";
import { ago, clusterObject, LAB, NOW, observed } from "./status-samples";
import { clusters, deployment, expectNamed, inUse, machine, machines } from "./stuck-samples";

/** The words are those of BMO 0.13.2, Ironic 38.0.0, sushy, CAPM3 1.13.2, Cluster API 1.13.4 and kube-apiserver. */
describe("A cluster that is made stuck is named by status and by the wait of up, in upstream's words:", () => {
    it("Ironic that is down: BMO says nothing, so its parts do", async () => {
        const crash = {
            metadata: { name: "ironic-conductor-0-5d4-x", namespace: "metal3" },
            status: {
                containerStatuses: [
                    {
                        name: "ironic",
                        image: "",
                        imageID: "",
                        ready: false,
                        restartCount: 7,
                        state: { waiting: { reason: "CrashLoopBackOff" } },
                    },
                ],
            },
        };
        const conductor = (index: number) =>
            partStatus(
                { kind: "Deployment", namespace: "metal3", name: `ironic-conductor-${index}`, inState: true },
                false,
                [crash],
            );
        await expectNamed(
            { clusters, hosts: inUse("provisioning"), evidence: { machines }, parts: [0, 1].map(conductor) },
            "Deployment metal3/ironic-conductor-0: ironic-conductor-0-5d4-x CrashLoopBackOff; 1 waits for it: " +
                `Cluster cluster-0001: Machine ${machine}: BareMetalHost host-0001: provisioning`,
            ["kubectl -n metal3 describe deployment ironic-conductor-0"],
        );
    });

    it("a webhook that refuses, and one that does not answer", async () => {
        const labels = { "cluster.x-k8s.io/cluster-name": "cluster-0001" };
        const name = "cluster-0001-control-plane";
        const owners = [ownerStatus("KubeadmControlPlane", { metadata: { name, labels } })];
        const first =
            "Failed to create initial control plane Machine for cluster metal3/cluster-0001 control plane: " +
            "failed to create Machine: ";
        const event = (words: string) => ({
            clusters,
            evidence: {
                owners,
                warnings: [{ kind: "KubeadmControlPlane", name, message: first + words, time: ago(1) }],
            },
        });
        const describeOwner = `kubectl -n metal3 describe kubeadmcontrolplane ${name}`;
        const denied =
            'admission webhook "validation.machine.cluster.x-k8s.io" denied the request: ' +
            'Machine.cluster.x-k8s.io "m" is invalid: spec.version: Invalid value: "1": ' +
            "must be a valid semantic version";
        await expectNamed(event(denied), `Cluster cluster-0001: KubeadmControlPlane ${name}: ${first}${denied}`, [
            describeOwner,
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
        ]);
        const policy =
            "machines.cluster.x-k8s.io \"m\" is forbidden: ValidatingAdmissionPolicy 'stop' with binding 'stop' " +
            "denied request: not today";
        await expectNamed(event(policy), `KubeadmControlPlane ${name}: ${first}${policy}`, [
            describeOwner,
            "kubectl describe validatingadmissionpolicy stop",
        ]);
        const silent =
            'Internal error occurred: failed calling webhook "default.machine.cluster.x-k8s.io": failed to call ' +
            'webhook: Post "https://capi-webhook-service.capi-system.svc:443/mutate-cluster-x-k8s-io-v1beta2-machine' +
            '?timeout=10s": dial tcp 10.96.12.34:443: connect: connection refused';
        await expectNamed(event(silent), `KubeadmControlPlane ${name}: ${first}${silent}`, [
            "kubectl -n capi-system get deployments,pods",
        ]);
        // Its controller is down, and so is a part that has nothing to do with it.
        const parts = [deployment("fkas-0"), deployment("capi-controller-manager", "capi-system")];
        const found = labStatus(observed({ ...event(silent), parts }), LAB, NOW).stuck;
        expect(found.map(({ name: part, others }) => [part, others.length])).to.deep.equal([
            ["capi-system/capi-controller-manager", 1],
            ["metal3/fkas-0", 0],
        ]);
        const claim =
            'Internal error occurred: failed calling webhook "baremetalhost.metal3.io": failed to call webhook: Post ' +
            '"https://baremetal-operator-webhook-service.baremetal-operator-system.svc:443/' +
            'validate-metal3-io-v1alpha1-baremetalhost?timeout=10s": ' +
            "no endpoints available for service";
        const conditions = [
            { type: "AssociateBareMetalHost", status: "False", message: claim, lastTransitionTime: ago(5) },
        ];
        await expectNamed(
            { clusters, evidence: { machines, metal3Machines: [{ name: machine, conditions }] } },
            `Machine ${machine}: Metal3Machine ${machine}: ${claim}`,
            ["kubectl -n baremetal-operator-system get deployments,pods"],
        );
        // Of workers no Event tells, and of the conditions only one of v1beta1.
        const workers = ownerStatus("MachineDeployment", {
            metadata: { name: "cluster-0001-workers", labels },
            status: {
                deprecated: {
                    v1beta1: {
                        conditions: [
                            {
                                type: "MachineSetReady",
                                status: "False",
                                severity: "Error",
                                message: `failed to create Machine: ${denied}`,
                                lastTransitionTime: ago(3),
                            },
                        ],
                    },
                },
            },
        });
        await expectNamed(
            { clusters, evidence: { owners: [...owners, workers] } },
            `Cluster cluster-0001: MachineDeployment cluster-0001-workers: failed to create Machine: ${denied}`,
            [
                "kubectl -n metal3 describe machinedeployment cluster-0001-workers",
                "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            ],
        );
        const topology =
            "error reconciling the Cluster topology: failed to create KubeadmControlPlane: admission webhook " +
            '"validation.kubeadmcontrolplane.controlplane.cluster.x-k8s.io" denied the request: no';
        await expectNamed(
            {
                clusters: [
                    clusterObject("cluster-0000"),
                    clusterObject("cluster-0001", { TopologyReconciled: topology }),
                ],
            },
            `Cluster cluster-0001: ${topology}`,
            [
                "npm run describe -- cluster-0001 --stack mine",
                "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            ],
        );
    });

    it("a paused cluster, whatever its conditions say of it", async () => {
        const paused = {
            TopologyReconciled: "Cluster spec.paused is set to true",
            Available: "* TopologyReconciled: Cluster spec.paused is set to true",
        };
        await expectNamed(
            {
                clusters: [
                    clusterObject("cluster-0000"),
                    clusterObject("cluster-0001", paused, { spec: { paused: true } }),
                ],
            },
            "Cluster cluster-0001: is paused by its field spec.paused",
            [`kubectl -n metal3 patch cluster cluster-0001 --type merge -p '{"spec":{"paused":false}}'`],
        );
    });

    it("a full disk in the node, by what kubelet says of it or by its figure", async () => {
        const type = "DiskPressure";
        const lastTransitionTime = new Date(ago(7));
        const message = "kubelet has disk pressure";
        const pressure = nodeStatus({
            metadata: { name: "m3lab-mine-control-plane" },
            status: {
                conditions: [{ type, status: "True", reason: "KubeletHasDiskPressure", message, lastTransitionTime }],
            },
        });
        const look = { clusters, hosts: inUse("provisioning") };
        const next = ["kubectl describe node m3lab-mine-control-plane"];
        await expectNamed(
            { ...look, evidence: { machines, nodes: [pressure] } },
            "Node m3lab-mine-control-plane: DiskPressure: kubelet has disk pressure",
            next,
        );
        // The lab's kubelet evicts nothing for lack of disk, and so has no such condition.
        const disk = { available: 900 * 2 ** 20, capacity: 250 * 2 ** 30 };
        await expectNamed(
            { ...look, evidence: { machines, nodes: [{ name: "m3lab-mine-control-plane", conditions: [], disk }] } },
            "Node m3lab-mine-control-plane: its disk is full: 0.9 of 250.0 GiB are free; 1 waits for it: ",
            next,
        );
    });
});
