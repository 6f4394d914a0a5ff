import { Environment } from "@marcbachmann/cel-js";
import { expect } from "chai";
import type { Manifest } from "../../plan/manifests/documents";
import { webhookProbes } from "../../plan/manifests/probes";
import { webhooksForChanges, webhooksForOthers } from "../../plan/manifests/webhooks";
import { converting, everything } from "./manifest-samples";

describe("webhooks", () => {
    const rule = (...resources: string[]) => ({ operations: ["CREATE", "UPDATE"], resources });
    const configuration = (kind: string, ...webhooks: object[]): Manifest => ({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind,
        metadata: { name: "hooks" },
        webhooks,
    });
    const conditions = (manifest: Manifest | undefined) =>
        (manifest?.webhooks as { matchConditions?: { name: string; expression: string }[] }[]).map(
            ({ matchConditions }) => matchConditions,
        );

    for (const kind of ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]) {
        it(`of a ${kind} are asked about all but updates that leave what they look at`, () => {
            const given = configuration(kind, { name: "a", failurePolicy: "Fail", rules: [rule("things")] });
            const [made] = webhooksForChanges([given]);
            expect(made).to.deep.equal(
                configuration(kind, {
                    name: "a",
                    failurePolicy: "Fail",
                    rules: [rule("things")],
                    matchConditions: conditions(made)[0],
                }),
            );
            expect(conditions(given)).to.deep.equal([undefined]);
        });
    }

    const before = { metadata: { labels: { a: "1" } }, spec: { replicas: 1 } };
    const calls: [string, string, object, object, boolean][] = [
        ["an update that changes nothing", "UPDATE", before, before, false],
        [
            "an update of finalizers and owners",
            "UPDATE",
            before,
            { ...before, metadata: { ...before.metadata, finalizers: ["f"] } },
            false,
        ],
        ["an update of the status", "UPDATE", before, { ...before, status: { ready: true } }, false],
        ["an update of the spec", "UPDATE", before, { ...before, spec: { replicas: 2 } }, true],
        ["an update that adds the spec", "UPDATE", { metadata: {} }, { metadata: {}, spec: { replicas: 2 } }, true],
        ["an update of a label", "UPDATE", before, { ...before, metadata: { labels: { a: "2" } } }, true],
        ["an update that takes the last label away", "UPDATE", before, { ...before, metadata: {} }, true],
        [
            "an update of an annotation",
            "UPDATE",
            before,
            { ...before, metadata: { ...before.metadata, annotations: { b: "1" } } },
            true,
        ],
        ["a creation", "CREATE", {}, before, true],
        ["a deletion", "DELETE", before, before, true],
    ];
    for (const [what, operation, oldObject, object, asked] of calls) {
        it(`are ${asked ? "asked" : "not asked"} about ${what}: the condition is evaluated as CEL`, () => {
            const given = configuration("MutatingWebhookConfiguration", { name: "a", rules: [rule("things")] });
            const [condition] = conditions(webhooksForChanges([given])[0])[0] ?? [];
            const cel = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true });
            expect(cel.parse(condition?.expression ?? "")({ request: { operation }, object, oldObject })).to.equal(
                asked,
            );
        });
    }

    it("keep the conditions they have", () => {
        const own = { name: "own", expression: "true" };
        const [made] = webhooksForChanges([
            configuration("MutatingWebhookConfiguration", {
                name: "a",
                rules: [rule("things")],
                matchConditions: [own],
            }),
        ]);
        expect(conditions(made)[0]).to.have.length(2).and.deep.include(own);
    });

    const kept: [string, Manifest][] = [
        [
            "those of subresources",
            configuration("ValidatingWebhookConfiguration", { name: "a", rules: [rule("things/scale")] }),
        ],
        ["those of everything", configuration("ValidatingWebhookConfiguration", { name: "a", rules: [rule("*")] })],
        ["those without rules", configuration("ValidatingWebhookConfiguration", { name: "a" })],
        ["other objects", { ...configuration("Other", { name: "a", rules: [rule("things")] }) }],
    ];
    for (const [name, manifest] of kept) {
        it(`leave ${name} alone`, () => expect(webhooksForChanges([manifest])).to.deep.equal([manifest]));
    }

    const controller = { namespace: "operators", deployment: "operator" };
    const deployment = (pod: object): Manifest => ({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "operator", namespace: "operators" },
        spec: { template: { spec: pod } },
    });
    const users: [string, boolean][] = [
        ["system:serviceaccount:operators:own", false],
        ["system:serviceaccount:operators:another", true],
        ["system:serviceaccount:elsewhere:own", true],
        ["kubernetes-admin", true],
    ];
    for (const [username, asked] of users) {
        it(`for others are ${asked ? "asked" : "not asked"} about what ${username} does`, () => {
            const hooks = configuration("ValidatingWebhookConfiguration", { name: "a", rules: [rule("things")] });
            const account = deployment({ serviceAccountName: "own" });
            const [same, made] = webhooksForOthers([account, hooks], controller);
            expect(same).to.deep.equal(account);
            const [condition] = conditions(made)[0] ?? [];
            const cel = new Environment({ unlistedVariablesAreDyn: true });
            expect(cel.parse(condition?.expression ?? "")({ request: { userInfo: { username } } })).to.equal(asked);
        });
    }

    it("for others need a controller with a service account of its own", () => {
        expect(() => webhooksForOthers([deployment({})], controller)).to.throw("has no service account of its own");
        expect(() => webhooksForOthers([], controller)).to.throw("operator");
    });
});

describe("The probes of webhooks", () => {
    it("create an object that a webhook is asked about when the object is created", () => {
        expect(webhookProbes(everything)).to.deep.equal([
            {
                apiVersion: "g.io/v2",
                kind: "Thing",
                metadata: { name: "webhook-probe", namespace: "default" },
                spec: {},
            },
        ]);
        expect(webhookProbes([converting])).to.deep.equal([]);
    });
});
