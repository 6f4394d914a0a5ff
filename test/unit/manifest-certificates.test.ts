import { expect } from "chai";
import { certificateRequests, replaceCertManager, type CertificateRequest } from "../../plan/manifests/certificates";
import { ManifestError, type Manifest } from "../../plan/manifests/documents";
import {
    annotations,
    certificate,
    converting,
    definition,
    deployment,
    everything,
    issuer,
    webhooks,
} from "./manifest-samples";

describe("The replacement of cert-manager", () => {
    const replace = (manifests: Manifest[], asked: CertificateRequest[] = []): Manifest[] =>
        replaceCertManager(manifests, "Q0E=", "CA", (request) => {
            asked.push(request);
            return { certificate: "CERT", privateKey: "KEY" };
        });

    it("asks for exactly the names of the Certificate", () => {
        const asked: CertificateRequest[] = [];
        replace(everything, asked);
        expect(asked).to.deep.equal(certificateRequests(everything));
        expect(asked).to.deep.equal([
            {
                certificate: "sys/ctl-serving",
                namespace: "sys",
                secretName: "ctl-cert",
                dnsNames: ["ctl.sys.svc", "ctl.sys.svc.cluster.local"],
            },
        ]);
    });

    it("makes the Secret in the Certificate's place, drops Issuers, and puts the CA everywhere", () => {
        expect(replace(everything)).to.deep.equal([
            deployment([]),
            {
                apiVersion: "v1",
                kind: "Secret",
                metadata: { name: "ctl-cert", namespace: "sys", labels: { provider: "x" } },
                type: "kubernetes.io/tls",
                stringData: { "ca.crt": "CA", "tls.crt": "CERT", "tls.key": "KEY" },
            },
            {
                ...webhooks,
                metadata: { name: "w", annotations: { other: "stays" } },
                webhooks: [
                    {
                        ...(webhooks.webhooks as object[])[0],
                        clientConfig: { service: { name: "ctl" }, caBundle: "Q0E=" },
                    },
                    { ...(webhooks.webhooks as object[])[1], clientConfig: { caBundle: "Q0E=" } },
                ],
            },
            {
                ...converting,
                metadata: { name: "things.g.io", annotations: { other: "stays" } },
                spec: {
                    ...(converting.spec as object),
                    conversion: {
                        strategy: "Webhook",
                        webhook: {
                            clientConfig: { service: { name: "ctl" }, caBundle: "Q0E=" },
                            conversionReviewVersions: ["v1"],
                        },
                    },
                },
            },
        ]);
    });

    it("puts no CA where nothing is converted: the API server would refuse it", () => {
        for (const plain of [definition(), definition({ strategy: "None" })]) {
            const [, , , changed] = replace([deployment([]), certificate, webhooks, plain]);
            expect(changed?.spec).to.deep.equal(plain.spec);
        }
    });

    it("passes values through that are known only later", () => {
        const value = (): undefined => undefined;
        const [, secret] = replaceCertManager(everything, value, value, () => ({
            certificate: value,
            privateKey: value,
        }));
        expect((secret?.stringData as Record<string, unknown>)["tls.crt"]).to.equal(value);
    });

    const failures: [string, Manifest[], string][] = [
        ["a Secret nobody mounts", [certificate], "no Deployment of sys mounts Secret ctl-cert"],
        [
            "a CA of a Certificate that is not there",
            [deployment([]), webhooks],
            "MutatingWebhookConfiguration w wants the CA of Certificate sys/ctl-serving",
        ],
        [
            "something else of cert-manager's",
            [{ ...issuer, kind: "ClusterIssuer", metadata: { name: "c" } }],
            "ClusterIssuer c of cert-manager is not understood",
        ],
        [
            "a Certificate without names",
            [deployment([]), { ...certificate, spec: { secretName: "ctl-cert" } }],
            "Certificate sys/ctl-serving needs a namespace, spec.secretName and spec.dnsNames",
        ],
        [
            "a CA for something without a place for it",
            [
                deployment([]),
                certificate,
                { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", annotations } },
            ],
            "ConfigMap c wants a CA",
        ],
    ];
    for (const [name, manifests, message] of failures) {
        it(`refuses: ${name}`, () =>
            expect(() => replace(manifests))
                .to.throw(ManifestError)
                .with.property("message")
                .that.includes(message));
    }
});
