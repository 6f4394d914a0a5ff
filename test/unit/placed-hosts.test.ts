import { expect } from "chai";
import { FORMER_QUEUED_ANNOTATION, QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { hostStatus, pendingHost, type HostObject } from "../../tasks/wait-for-fleet/hosts";

describe("A host that its user has put elsewhere", () => {
    const spare: HostObject = {
        metadata: { name: "host-0002" },
        status: { operationalStatus: "OK", provisioning: { state: "available" } },
    };
    const paused = { "baremetalhost.metal3.io/paused": "" };
    const host = (change: HostObject, state = "available") => {
        const { metadata, spec, status } = structuredClone(spare);
        return hostStatus({
            metadata: { ...metadata, ...change.metadata },
            spec: { ...spec, ...change.spec },
            status: { ...status, provisioning: { state }, ...change.status },
        });
    };
    const reasons = (found: ReturnType<typeof host>): string[] =>
        pendingHost("host-0002", found, new Set(["cluster-0000"])).map(({ reason }) => reason);
    const detached = { metadata: { annotations: { "baremetalhost.metal3.io/detached": "" } } };
    const own = { spec: { image: {} } };
    const custom = { spec: { customDeploy: {} } };
    const external = { spec: { externallyProvisioned: true } };

    const there: [string, HostObject, string][] = [
        ["with an image of its own", own, "provisioned"],
        ["as externally provisioned", external, "externally provisioned"],
        ["detached", { ...detached, status: { operationalStatus: "detached" } }, "available"],
        ["paused, in any state", { metadata: { annotations: paused } }, "inspecting"],
    ];
    for (const [what, change, state] of there) {
        it(`is where it should be: ${what}`, () => {
            expect(host(change, state).elsewhere?.there).to.equal(true);
            expect(reasons(host(change, state))).to.deep.equal([]);
        });
    }

    const onItsWay: [string, HostObject, string, string][] = [
        ["an image", own, "provisioning", "provisioning (wanted: provisioned as its user says)"],
        ["another deployment", custom, "provisioning", "provisioning (wanted: provisioned as its user says)"],
        ["an external system", external, "available", "available (wanted: externally provisioned)"],
        ["being detached", detached, "available", "available (wanted: detached)"],
    ];
    for (const [what, change, state, reason] of onItsWay) {
        it(`is pending on its way to ${what}`, () => expect(reasons(host(change, state))).to.deep.equal([reason]));
    }

    it("is not one that the lab's queue has paused, nor one that a machine uses", () => {
        for (const name of [QUEUED_ANNOTATION, FORMER_QUEUED_ANNOTATION]) {
            const queued = { ...paused, [name]: "" };
            expect(host({ metadata: { annotations: queued } }, ""), name).to.include({ state: "queued" });
            expect(reasons(host({ metadata: { annotations: queued } }, "")), name).to.have.length(1);
        }
        const used = host({ spec: { consumerRef: { name: "m" }, image: {} } }, "provisioned");
        expect(used.elsewhere).to.equal(undefined);
    });

    it("is not one that is powered off: CAPM3 powers off each host that it lets go", () =>
        expect(host({ spec: { online: false } } as HostObject).elsewhere).to.equal(undefined));

    it("is no spare host with an error, which no machine is given", () =>
        expect(reasons(host({ status: { errorMessage: "BMC gone" } }))).to.deep.equal(["available: BMC gone"]));
});

describe("A host that a machine uses", () => {
    const used = (labels: Record<string, string>) =>
        hostStatus({ metadata: { name: "host-0002", labels }, spec: { consumerRef: { name: "m" } } }).cluster;

    it("is of the cluster that CAPM3 has written on it", () =>
        expect(used({ "cluster.x-k8s.io/cluster-name": "a", "metal3-scale-lab/cluster": "b" })).to.equal("a"));

    it("is of the cluster that FKAS gave it to, where it was deleted in use and made again", () =>
        expect(used({ "metal3-scale-lab/cluster": "b" })).to.equal("b"));

    it("is of no cluster that is known without either", () => expect(used({})).to.equal(undefined));
});
