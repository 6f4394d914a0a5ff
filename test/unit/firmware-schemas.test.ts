import { expect } from "chai";
import { ownerlessFirmwareSchemas } from "../../plan/manifests/firmware-schemas";
import { operationsOf } from "./policies";

interface Schema {
    metadata: Record<string, unknown>;
    spec: object;
}

/** The object as kube-apiserver stores it when it asks the policy. */
function admitted(object: Schema): Schema {
    const patched = structuredClone(object);
    for (const { op, path } of operationsOf(ownerlessFirmwareSchemas(), { object }) ?? []) {
        expect(op).to.equal("remove");
        const field = path.replace("/metadata/", "");
        // RFC 6902: a patch that removes what is not there fails, and the policy with it.
        expect(patched.metadata, path).to.have.property(field);
        delete patched.metadata[field];
    }
    return patched;
}

describe("The policy for FirmwareSchemas, evaluated as CEL,", () => {
    const spec = { hardwareVendor: "fake" };
    const bare = { name: "schema-1", labels: { a: "1" } };
    const ownerReferences = [{ kind: "BareMetalHost", name: "host-0000" }];
    const managedFields = [{ manager: "baremetal-operator" }];

    it("removes owners and the notes about them in managedFields, and nothing else", () => {
        expect(admitted({ metadata: { ...bare, ownerReferences, managedFields }, spec })).to.deep.equal({
            metadata: bare,
            spec,
        });
    });

    it("removes owners from a schema without managedFields", () => {
        expect(admitted({ metadata: { ...bare, ownerReferences }, spec })).to.deep.equal({ metadata: bare, spec });
    });

    it("leaves a schema alone that has no owners", () => {
        const schema = { metadata: { ...bare, managedFields }, spec };
        expect(admitted(schema)).to.deep.equal(schema);
    });
});
