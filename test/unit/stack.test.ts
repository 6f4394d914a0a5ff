import { expect } from "chai";
import { pendingObjects, type PendingOperation } from "../../cli/stack";

describe("what a killed run had begun", () => {
    const operation = (type: string, kind: string, metadata?: { name?: unknown; namespace?: unknown }): PendingOperation => ({
        type,
        resource: { urn: `urn:pulumi:dev::lab::${kind}::${String(metadata?.name)}`, type: kind, ...(metadata ? { inputs: { metadata } } : {}) },
    });
    const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";

    it("is asked for by the ids that Kubernetes objects have, if they were being created", () => {
        const found = pendingObjects([
            operation("creating", HOST, { name: "host-0007", namespace: "metal3" }),
            operation("creating", "kubernetes:core/v1:Namespace", { name: "metal3" }),
            operation("updating", HOST, { name: "host-0001", namespace: "metal3" }),
            operation("creating", "docker:index/container:Container"),
            // Known only once it is made, or a secret.
            operation("creating", HOST, { name: undefined, namespace: "metal3" }),
            operation("creating", HOST),
        ]);
        expect([...found]).to.deep.equal([
            [`urn:pulumi:dev::lab::${HOST}::host-0007`, "metal3/host-0007"],
            ["urn:pulumi:dev::lab::kubernetes:core/v1:Namespace::metal3", "metal3"],
        ]);
    });
});
