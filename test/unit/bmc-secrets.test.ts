import { Environment } from "@marcbachmann/cel-js";
import { expect } from "chai";
import { unlabelledBmcSecrets } from "../../plan/manifests/bmc-secrets";

interface Policy {
    matchConditions: { expression: string }[];
    mutations: { patchType: string; jsonPatch: { expression: string } }[];
}

interface Secret {
    metadata: { labels?: Record<string, string>; managedFields?: object[] };
}

const policy = unlabelledBmcSecrets()[0]?.["spec"] as Policy;
const CAPM3 = "system:serviceaccount:capm3-system:capm3-manager";
const LABEL = "cluster.x-k8s.io/cluster-name";

/** Evaluates an expression of the policy for an update. */
function evaluate(expression: string, oldObject: Secret, object: Secret, username: string): unknown {
    const cel = new Environment({
        enableOptionalTypes: true,
        unlistedVariablesAreDyn: true,
        homogeneousAggregateLiterals: false,
    });
    // cel-js knows no message constructors. A map with the same fields stands for each JSONPatch: the fields' names
    // become variables whose values are those names.
    const asMap = expression.replaceAll("JSONPatch{", "{");
    const request = { userInfo: { username } };
    return cel.parse(asMap)({ object, oldObject, request, op: "op", path: "path", value: "value" });
}

/** The object as kube-apiserver stores it. */
function admitted(oldObject: Secret, object: Secret, username = CAPM3): Secret {
    if (!policy.matchConditions.every(({ expression }) => evaluate(expression, oldObject, object, username))) {
        return object;
    }
    const patched = structuredClone(object);
    for (const { jsonPatch } of policy.mutations) {
        const patch = evaluate(jsonPatch.expression, oldObject, object, username);
        for (const { op, path, value } of patch as { op: string; path: string; value?: unknown }[]) {
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
