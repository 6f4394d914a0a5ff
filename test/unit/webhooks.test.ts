import { expect } from "chai";
import type { Manifest } from "../../plan/manifests/documents";
import { webhookProbes } from "../../plan/manifests/probes";
import { webhooksForChanges } from "../../plan/manifests/webhooks";
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
            expect(conditions(made)[0]?.map(({ expression }) => expression)).to.deep.equal([
                "request.operation != 'UPDATE'" +
                    " || object.?spec.orValue({}) != oldObject.?spec.orValue({})" +
                    " || object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})" +
                    " || object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})",
            ]);
            expect(conditions(given)).to.deep.equal([undefined]);
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
