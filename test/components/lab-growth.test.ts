import { expect } from "chai";
import { CLUSTER, CONTAINER, HOST, lab } from "./build-lab";

describe("A lab that grows", () => {
    it("changes nothing that is there", async () => {
        const small = await lab({ nodes: "4", clusters: "2" });
        const large = await lab({ nodes: "8", clusters: "4" });
        const inputs = new Map(large.resources.map(({ type, name, inputs: value }) => [`${type} ${name}`, value]));
        for (const { type, name, inputs: value } of small.resources) {
            if (type === "metal3lab:index:Lab" || type.startsWith("pulumi:")) {
                continue;
            }
            expect(inputs.get(`${type} ${name}`), name).to.deep.equal(value);
        }
        expect(large.of(HOST).length - small.of(HOST).length).to.equal(4);
    });

    it("keeps the dependencies of what is there when it gets more conductors, pairs and fake API servers", async () => {
        // With other dependencies of what is there, Pulumi would write the whole state once for each host.
        const small = await lab({ nodes: "500", clusters: "500" });
        const large = await lab({ nodes: "513", clusters: "501", conductors: "11" });
        expect(small.dependencies.get("host-0499")).to.deep.equal([
            "bmo-deployment-baremetal-operator-controller-manager",
            "host-0499-bmc",
            "ironic-deployment-ironic-conductor-1",
            "ironic-deployment-ironic-image-server",
            "pair-009-fake-ipa",
            "pair-009-sushy-tools",
        ]);
        expect(small.dependencies.get("cluster-0499")).to.deep.equal([
            "clusterclass-metal3-lab",
            "fkas-0",
            "fkas-0-9",
            "host-0499",
        ]);
        for (const { name, type } of [HOST, CLUSTER, CONTAINER, "kubernetes:core/v1:Secret"].flatMap((each) =>
            small.of(each),
        )) {
            expect(large.dependencies.get(name), `${type} ${name}`).to.deep.equal(small.dependencies.get(name));
        }
        expect(large.dependencies.get("cluster-0500")).to.include("fkas-1").and.include("fkas-0");
        // The third conductor, not the eleventh, which Helm has in its place.
        expect(large.dependencies.get("host-0500")).to.include("ironic-deployment-ironic-conductor-2");
        expect(large.dependencies.get("ironic-deployment-ironic-image-server")).to.have.length(11);
    }).timeout(60_000);
});
