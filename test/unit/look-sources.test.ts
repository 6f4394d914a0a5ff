import { expect } from "chai";
import { clusterSources, hostSources } from "../../cli/look/sources";
import { plan, type LabPlan } from "../../plan/plan";
import { validate } from "../../plan/validate";

const planOf = (config: Record<string, string>): LabPlan => plan(validate(config), "mine");
const text = (sources: ReturnType<typeof hostSources>): string[] =>
    sources.map((source) =>
        source.kind === "container"
            ? `${source.name}: docker ${source.container}`
            : `${source.name}: ${source.namespace}/${source.deployment} ${source.container}`,
    );

describe("The logs in which one thing is", () => {
    it("are, of a host, those of the queue, BMO, every conductor and the containers of its pair", () => {
        expect(text(hostSources(planOf({ conductors: "2" }), "host-0002"))).to.deep.equal([
            "fkas-0: metal3/fkas-0 fkas",
            "BMO: baremetal-operator-system/baremetal-operator-controller-manager manager",
            "ironic-conductor-0: metal3/ironic-conductor-0 ironic",
            "ironic-conductor-1: metal3/ironic-conductor-1 ironic",
            "BMC: docker m3lab-mine-pair-001-sushy-tools",
            "agent: docker m3lab-mine-pair-001-fake-ipa",
        ]);
    });

    it("are those of a pod, where the pairs are pods", () => {
        const sources = text(hostSources(planOf({ fakeNodes: "kubernetes" }), "host-0000"));
        expect(sources).to.include.members(["BMC: metal3/pair-000 sushy-tools", "agent: metal3/pair-000 fake-ipa"]);
    });

    it("are without a pair, where the host is a person's own", () => {
        expect(text(hostSources(planOf({}), "mine")).filter((each) => /BMC|agent/.test(each))).to.deep.equal([]);
    });

    it("are, of a cluster, those of each controller of Cluster API's and of FKAS", () => {
        expect(text(clusterSources(planOf({})))).to.deep.equal([
            "Cluster API: capi-system/capi-controller-manager manager",
            "bootstrap: capi-kubeadm-bootstrap-system/capi-kubeadm-bootstrap-controller-manager manager",
            "control plane: capi-kubeadm-control-plane-system/capi-kubeadm-control-plane-controller-manager manager",
            "CAPM3: capm3-system/capm3-controller-manager manager",
            "IPAM: metal3-ipam-system/ipam-controller-manager manager",
            "fkas-0: metal3/fkas-0 fkas",
        ]);
    });
});
