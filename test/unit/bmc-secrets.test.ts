import { expect } from "chai";
import { unlabelledBmcSecrets } from "../../plan/manifests/bmc-secrets";
import { operationsOf } from "./policies";

interface Secret {
    metadata: { labels?: Record<string, string>; managedFields?: object[] };
}

const CAPM3 = "system:serviceaccount:capm3-system:capm3-manager";
const LABEL = "cluster.x-k8s.io/cluster-name";

/** The object as kube-apiserver stores it. */
function admitted(oldObject: Secret, object: Secret, username = CAPM3): Secret {
    const operations = operationsOf(unlabelledBmcSecrets(), { object, oldObject, request: { userInfo: { username } } });
    const patched = structuredClone(object);
    for (const { op, path, value } of operations ?? []) {
        const names = path.split("/").slice(1);
        const parts = names.map((part) => part.replace("~1", "/"));
        const key = parts.pop() as string;
        let at: Record<string, unknown> = patched as unknown as Record<string, unknown>;
        for (const part of parts) {
            at = at[part] as Record<string, unknown>;
        }
        // RFC 6902: what is replaced or removed has to be there, and the place of what is added as well.
        expect(at, path).to.be.an("object");
        if (op !== "add") {
            expect(at, path).to.have.property(key);
        }
        if (op === "remove") {
            delete at[key];
        } else {
            at[key] = value;
        }
    }
    return patched;
}

describe("The policy for the Secrets of BMCs, evaluated as CEL,", () => {
    const own = { "environment.metal3.io": "baremetal" };
    const note = (manager: string) => ({ manager });
    const before: Secret = { metadata: { labels: own, managedFields: [note("pulumi")] } };
    const labelled = (cluster: string): Secret => ({
        metadata: { labels: { ...own, [LABEL]: cluster }, managedFields: [note("pulumi"), note("capm3")] },
    });

    it("leaves a Secret as it was that CAPM3 labels with a cluster", () => {
        expect(admitted(before, labelled("cluster-0000"))).to.deep.equal(before);
    });

    it("leaves a Secret as it was from which CAPM3 takes the label of an earlier version, or changes it", () => {
        const old = labelled("cluster-0000");
        expect(admitted(old, { metadata: { labels: own, managedFields: [note("capm3")] } })).to.deep.equal(old);
        expect(admitted(old, labelled("cluster-0001"))).to.deep.equal(old);
    });

    it("lets CAPM3 write what is the same", () => {
        expect(admitted(before, structuredClone(before))).to.deep.equal(before);
        expect(admitted({ metadata: {} }, { metadata: {} })).to.deep.equal({ metadata: {} });
    });

    it("lets everybody else write what they want", () => {
        expect(admitted(before, labelled("mine"), "kubernetes-admin")).to.deep.equal(labelled("mine"));
    });
});
