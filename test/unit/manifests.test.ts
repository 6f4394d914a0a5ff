import { expect } from "chai";
import * as fc from "fast-check";
import { certificateRequests, replaceCertManager, type CertificateRequest } from "../../plan/manifests/certificates";
import { formatManifests, ManifestError, parseManifests, type Manifest } from "../../plan/manifests/documents";
import { tuneManager, type ManagerTuning } from "../../plan/manifests/managers";
import { webhookProbes } from "../../plan/manifests/probes";
import { expandVariables } from "../../plan/manifests/variables";
import { withoutDeprecatedVersions } from "../../plan/manifests/versions";

const deployment = (args: string[], env?: object[]): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "ctl", namespace: "sys" },
    spec: {
        replicas: 1,
        template: {
            spec: {
                containers: [
                    { name: "proxy", image: "other:1", args: ["--kept"] },
                    { name: "manager", image: "up:main", imagePullPolicy: "Always", args, ...(env ? { env } : {}) },
                ],
                volumes: [{ name: "cert", secret: { secretName: "ctl-cert" } }],
            },
        },
    },
});

const containerOf = (manifests: Manifest[]): Record<string, unknown> => {
    const spec = manifests[0]?.spec as { template: { spec: { containers: Record<string, unknown>[] } } };
    const found = spec.template.spec.containers.find((container) => container.name === "manager");
    if (found === undefined) {
        throw new Error("no manager");
    }
    return found;
};

const tuned = (args: string[], tuning: ManagerTuning, env?: object[]): Record<string, unknown> =>
    containerOf(tuneManager([deployment(args, env)], { deployment: "ctl" }, tuning));

describe("manifests: variables", () => {
    const rows: [string, string, Record<string, string>, string][] = [
        ["a default", "a: ${A:=1}", {}, "a: 1"],
        ["a default with colons", "a: ${A:=:8443}", {}, "a: :8443"],
        ["an empty default", "a: ${A:=}", {}, "a: "],
        ["a quoted default stays quoted", "a: ${A:='false'}", {}, "a: 'false'"],
        ["quotes around stay", 'a: "${A:=x}"', {}, 'a: "x"'],
        ["the other forms of a default", "${A=1} ${B:-2} ${C-3}", {}, "1 2 3"],
        ["a value before a default", "a: ${A:=1}", { A: "2" }, "a: 2"],
        ["every use of a variable", "${A:=1},${A:=9}", { A: "2" }, "2,2"],
        ["within a list of gates", "--g=X=${X:=true},Y=${Y:=false}", { Y: "true" }, "--g=X=true,Y=true"],
        ["no variable at all", "pattern: ^[a-z]$ $x {y}", {}, "pattern: ^[a-z]$ $x {y}"],
    ];
    for (const [name, text, values, expected] of rows) {
        it(`expands ${name}`, () => expect(expandVariables(text, values)).to.equal(expected));
    }

    it("keeps a quoted default a string in YAML", () => {
        const text =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  fast: ${F:='false'}\n  port: ${P:=80}\n";
        expect(parseManifests(expandVariables(text), "x")[0]?.data).to.deep.equal({ fast: "false", port: 80 });
    });

    it("names every problem at once", () => {
        expect(() => expandVariables("${A} ${B} ${C:=1}", { D: "1", C: "x\ny" }))
            .to.throw(ManifestError)
            .with.property("message")
            .that.includes("A has neither")
            .and.includes("B has neither")
            .and.includes("D is given but not used")
            .and.includes("the value of C cannot stand inside a YAML scalar");
    });

    it("leaves no variable that has a default", () => {
        const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
        const fallback = fc.stringMatching(/^[a-z0-9:.=,-]{0,12}$/);
        fc.assert(
            fc.property(fc.array(fc.tuple(name, fallback)), (variables) => {
                const text = variables.map(([key, value]) => `\${${key}:=${value}}`).join("|");
                expect(expandVariables(text)).to.equal(variables.map(([, value]) => value).join("|"));
            }),
        );
    });
});

describe("manifests: documents", () => {
    it("reads a stream and leaves out what is empty", () => {
        const text = "---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\n";
        expect(parseManifests(text, "x")).to.deep.equal([
            { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
        ]);
    });

    it("writes what it reads", () => {
        const manifests = [deployment(["--a=b: c", "'q'", 'x"y'])];
        expect(parseManifests(formatManifests(manifests), "x")).to.deep.equal(manifests);
    });

    it("names each bad document", () => {
        expect(() => parseManifests("a: 1\n---\napiVersion: v1\nkind: A\n---\n[1, 2\n", "core v1"))
            .to.throw(ManifestError)
            .with.property("message")
            .that.matches(/^core v1 is not .*document 1: no apiVersion; document 2: no metadata.name; document 3: /);
    });
});

describe("manifests: managers", () => {
    const rows: [string, string[], ManagerTuning["args"], string[]][] = [
        ["adds a flag", ["--a"], { b: 2 }, ["--a", "--b=2"]],
        ["replaces a flag in its place", ["--a=1", "--c"], { a: "x" }, ["--a=x", "--c"]],
        ["replaces a flag without a value", ["--leader-elect"], { "leader-elect": false }, ["--leader-elect=false"]],
        ["replaces a flag with one dash", ["-qps", "--c"], { qps: 5 }, ["--qps=5", "--c"]],
        ["leaves no second of the same", ["--a=1", "--b", "--a=2"], { a: 3 }, ["--a=3", "--b"]],
        ["is not misled by a flag that begins alike", ["--a-b=1"], { a: 2 }, ["--a-b=1", "--a=2"]],
        ["takes a flag away", ["--a=1", "--b"], { a: null }, ["--b"]],
    ];
    for (const [name, args, wanted, expected] of rows) {
        it(name, () => expect(tuned(args, { args: wanted ?? {} }).args).to.deep.equal(expected));
    }

    it("changes nothing twice: the same tuning again is the same", () => {
        const flags = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,6}[a-z]$/), fc.oneof(fc.integer(), fc.boolean()));
        fc.assert(
            fc.property(fc.array(fc.stringMatching(/^--[a-z]{1,3}(=[0-9])?$/)), flags, (args, wanted) => {
                const once = tuneManager([deployment(args)], { deployment: "ctl" }, { args: wanted });
                const twice = tuneManager(once, { deployment: "ctl" }, { args: wanted });
                expect(twice).to.deep.equal(once);
                for (const [flag, value] of Object.entries(wanted)) {
                    expect(containerOf(once).args).to.include(`--${flag}=${String(value)}`);
                }
            }),
        );
    });

    it("sets gates that are listed and leaves the others", () => {
        expect(tuned(["--feature-gates=A=true,B=false", "--x"], { featureGates: { B: true } }).args).to.deep.equal([
            "--feature-gates=A=true,B=true",
            "--x",
        ]);
    });

    it("sets the image, and with it a pull policy that finds an image loaded into the node", () => {
        expect(tuned([], { image: "lab/ctl:v1" })).to.include({ image: "lab/ctl:v1", imagePullPolicy: "IfNotPresent" });
        expect(tuned([], {})).to.include({ image: "up:main", imagePullPolicy: "Always" });
    });

    it("sets variables and requests", () => {
        const later = { then: () => undefined };
        const manifests = tuneManager(
            [
                deployment(
                    [],
                    [
                        { name: "A", value: "1" },
                        { name: "B", value: "2" },
                    ],
                ),
            ],
            { deployment: "ctl" },
            {
                env: { A: "9", C: { later }, D: { valueFrom: { fieldRef: {} } } },
                requests: { cpu: "50m" },
            },
        );
        expect(containerOf(manifests)).to.deep.include({
            env: [
                { name: "B", value: "2" },
                { name: "A", value: "9" },
                { name: "C", value: later },
                { name: "D", valueFrom: { fieldRef: {} } },
            ],
            resources: { requests: { cpu: "50m" } },
        });
    });

    it("gives the probes that are there the patience asked for", () => {
        const manifest = deployment([]);
        const { containers } = (manifest.spec as { template: { spec: { containers: Record<string, unknown>[] } } })
            .template.spec;
        Object.assign(containers.find(({ name }) => name === "manager") as object, {
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 1 },
            readinessProbe: { periodSeconds: 5 },
        });
        const container = containerOf(tuneManager([manifest], { deployment: "ctl" }, { probeTimeoutSeconds: 10 }));
        expect(container).to.deep.include({
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 10 },
            readinessProbe: { periodSeconds: 5, timeoutSeconds: 10 },
        });
        expect(container).to.not.have.property("startupProbe");
        expect(containerOf(tuneManager([manifest], { deployment: "ctl" }, {}))).to.deep.include({
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 1 },
        });
    });

    it("has a pod go on serving before it ends, and gives it its grace period after that", () => {
        const podOf = (manifests: Manifest[]) =>
            (manifests[0]?.spec as { template: { spec: { terminationGracePeriodSeconds?: number } } }).template.spec;
        const impatient = deployment([]);
        podOf([impatient]).terminationGracePeriodSeconds = 10;
        for (const [manifest, grace] of [
            [deployment([]), 35],
            [impatient, 15],
        ] as const) {
            const tuned = tuneManager([manifest], { deployment: "ctl" }, { drainSeconds: 5 });
            expect(containerOf(tuned)).to.deep.include({ lifecycle: { preStop: { sleep: { seconds: 5 } } } });
            expect(podOf(tuned).terminationGracePeriodSeconds).to.equal(grace);
        }
        expect(containerOf(tuneManager([impatient], { deployment: "ctl" }, {}))).to.not.have.property("lifecycle");
    });

    it("leaves its input and the other containers alone", () => {
        const input = [deployment(["--a"])];
        const before = structuredClone(input);
        const [output] = tuneManager(input, { deployment: "ctl" }, { args: { a: null }, image: "x:1" });
        expect(input).to.deep.equal(before);
        expect(JSON.stringify(output)).to.include('{"name":"proxy","image":"other:1","args":["--kept"]}');
    });

    const failures: [string, { deployment: string; container?: string }, ManagerTuning, string][] = [
        [
            "no such Deployment",
            { deployment: "no" },
            {},
            "expected one Deployment named no, found 0 (of this kind: ctl)",
        ],
        [
            "no such container",
            { deployment: "ctl", container: "no" },
            {},
            "Deployment sys/ctl has no container no (there: proxy, manager)",
        ],
        [
            "no such flag to take away",
            { deployment: "ctl" },
            { args: { b: null } },
            "has no flag b to take away (there: --a",
        ],
        [
            "no such feature gate",
            { deployment: "ctl" },
            { featureGates: { Nope: true } },
            "lists no feature gate Nope (there: G)",
        ],
    ];
    for (const [name, address, tuning, message] of failures) {
        it(`refuses: ${name}`, () =>
            expect(() => tuneManager([deployment(["--a", "--feature-gates=G=true"])], address, tuning))
                .to.throw(ManifestError)
                .with.property("message")
                .that.includes(message));
    }
});

describe("manifests: certificates without cert-manager", () => {
    const annotations = { "cert-manager.io/inject-ca-from": "sys/ctl-serving", other: "stays" };
    const certificate: Manifest = {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name: "ctl-serving", namespace: "sys", labels: { provider: "x" } },
        spec: { dnsNames: ["ctl.sys.svc", "ctl.sys.svc.cluster.local"], secretName: "ctl-cert" },
    };
    const issuer: Manifest = {
        apiVersion: "cert-manager.io/v1",
        kind: "Issuer",
        metadata: { name: "i", namespace: "sys" },
    };
    const webhooks: Manifest = {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "w", annotations },
        webhooks: [
            {
                name: "one",
                clientConfig: { service: { name: "ctl" } },
                rules: [{ apiGroups: ["g.io"], apiVersions: ["v2"], operations: ["UPDATE"], resources: ["things"] }],
            },
            {
                name: "two",
                clientConfig: {},
                rules: [{ apiGroups: ["g.io"], apiVersions: ["v2"], operations: ["CREATE"], resources: ["things"] }],
            },
        ],
    };
    const definition = (conversion?: object): Manifest => ({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "things.g.io", annotations },
        spec: {
            group: "g.io",
            scope: "Namespaced",
            names: { kind: "Thing", plural: "things" },
            ...(conversion ? { conversion } : {}),
        },
    });
    const converting = definition({
        strategy: "Webhook",
        webhook: { clientConfig: { service: { name: "ctl" } }, conversionReviewVersions: ["v1"] },
    });
    const everything = [deployment([]), certificate, issuer, webhooks, converting];
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

    it("finds an object that a webhook is asked about when it is created", () => {
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

describe("manifests: versions of resources", () => {
    const definition = (group: string, versions: object[], kind = "CustomResourceDefinition"): Manifest => ({
        apiVersion: "apiextensions.k8s.io/v1",
        kind,
        metadata: { name: "things" },
        spec: { group, scope: "Namespaced", conversion: { strategy: "Webhook" }, versions },
    });
    const old = { name: "v1beta1", served: true, storage: false, deprecated: true, schema: { a: 1 } };
    const now = { name: "v1beta2", served: true, storage: true, schema: { a: 2 } };

    it("no longer serves what is deprecated, and leaves all else as it is", () => {
        const given = [
            definition("g.io", [old, now]),
            definition("g.io", [now], "Other"),
            { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
        ];
        const before = structuredClone(given);
        expect(withoutDeprecatedVersions(given)).to.deep.equal([
            definition("g.io", [{ ...old, served: false }, now]),
            ...given.slice(1),
        ]);
        expect(given).to.deep.equal(before);
    });

    const kept: [string, Manifest][] = [
        ["a version that is older, but not deprecated", definition("g.io", [{ ...old, deprecated: false }, now])],
        ["the version that is stored", definition("g.io", [{ ...old, storage: true }])],
        ["a version that CAPM3 asks for", definition("ipam.cluster.x-k8s.io", [old, now])],
        [
            "a definition without versions",
            {
                apiVersion: "apiextensions.k8s.io/v1",
                kind: "CustomResourceDefinition",
                metadata: { name: "things" },
                spec: { group: "g.io", versions: [] },
            },
        ],
    ];
    for (const [name, manifest] of kept) {
        it(`leaves ${name}`, () => expect(withoutDeprecatedVersions([manifest])).to.deep.equal([manifest]));
    }
});
