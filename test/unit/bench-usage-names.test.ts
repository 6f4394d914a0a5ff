import { expect } from "chai";
import { partComponent, podComponent, processComponent, workload } from "../../cli/bench/usage/names";

describe("the names of components", () => {
    const pods: [pod: string, container: string | undefined, component: string][] = [
        ["ironic-conductor-0-6c8f9d7b54-x2x4z", "ironic", "ironic"],
        ["ironic-conductor-12-6c8f9d7b54-x2x4z", "http", "ironic http"],
        ["ironic-conductor-1-6c8f9d7b54-x2x4z", "provisioning-ip", "ironic provisioning-ip"],
        ["ironic-conductor-1-6c8f9d7b54-x2x4z", "prepare", "ironic prepare"],
        ["ironic-mariadb-bcd456789-qqqqq", "mariadb", "mariadb"],
        ["ironic-image-server-5b6c7d8f9-2gq7c", "nginx", "image-server"],
        ["baremetal-operator-controller-manager-7f4b6c5d8-zk9vl", "manager", "bmo"],
        ["capi-controller-manager-6d5c5b8f9d-x2x4z", "manager", "capi core"],
        ["capi-kubeadm-control-plane-controller-manager-7f4b6c5d8-zk9vl", "manager", "kcp"],
        ["capi-kubeadm-bootstrap-controller-manager-7f4b6c5d8-zk9vl", "manager", "bootstrap"],
        ["capm3-controller-manager-7f4b6c5d8-zk9vl", "manager", "capm3"],
        ["ipam-controller-manager-7f4b6c5d8-zk9vl", "manager", "ipam"],
        ["fkas-0-7f4b6c5d8-zk9vl", "fkas", "fkas"],
        ["fkas-11-7f4b6c5d8-zk9vl", "fkas", "fkas"],
        ["coredns-7f4b6c5d8-zk9vl", "coredns", "coredns"],
        ["some-controller-manager-7f4b6c5d8-zk9vl", "manager", "some-controller-manager"],
        ["some-agent-zk9vl", "helper", "some-agent helper"],
        ["fkas-0-7f4b6c5d8-zk9vl", undefined, "pod sandboxes"],
    ];
    for (const [pod, container, component] of pods) {
        it(`The container ${container ?? "(the sandbox)"} of the pod ${pod} belongs to ${component}`, () => {
            expect(podComponent(container === undefined ? { pod } : { pod, container })).to.equal(component);
        });
    }

    it("A part of a name with a vowel, 0, 1 or 3 is not taken for generated", () => {
        expect(workload("alone")).to.equal("alone");
        expect(workload("metal3-stone")).to.equal("metal3-stone");
        expect(workload("database-0")).to.equal("database");
    });

    it("A Docker container is a Kubernetes node, or a component without the number of its pair", () => {
        expect(partComponent("pair-007-sushy-tools")).to.equal("sushy-tools");
        expect(partComponent("pair-1234-fake-ipa")).to.equal("fake-ipa");
        expect(partComponent("registry")).to.equal("registry");
    });

    it("A process of the node is known by the first 15 characters of its name", () => {
        expect(
            ["kube-controller-manager", "containerd-shim-runc-v2", "kube-apiserver", "sh"].map((name) =>
                processComponent(name.slice(0, 15)),
            ),
        ).to.deep.equal(["kube-controller-manager", "containerd", "kube-apiserver", undefined]);
        expect(processComponent("constructor")).to.equal(undefined);
    });
});
