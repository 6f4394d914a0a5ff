import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Cluster } from "../../tasks/cluster-api/cluster";

const GROUP_LIST = (resources: [string, string][]): object => ({
    kind: "APIResourceList",
    resources: resources.map(([name, kind]) => ({
        name,
        kind,
        namespaced: kind !== "CustomResourceDefinition",
        verbs: ["get"],
    })),
});
const RESOURCES: Record<string, object> = {
    "/api/v1": GROUP_LIST([["secrets", "Secret"]]),
    "/apis/apiextensions.k8s.io/v1": GROUP_LIST([["customresourcedefinitions", "CustomResourceDefinition"]]),
    "/apis/clusterctl.cluster.x-k8s.io/v1alpha3": GROUP_LIST([["providers", "Provider"]]),
    "/apis/g.io/v1": GROUP_LIST([["things", "Thing"]]),
};

describe("cluster-api: the management cluster", () => {
    let server: Server;
    let cluster: Cluster;
    /** Answers beyond discovery, by method and path; what is not there is a 404. */
    let answers: Record<string, [number, object]> = {};
    /** What was sent, by method and path, with its content type. */
    let sent: Record<string, [string | undefined, unknown]> = {};

    before(async () => {
        server = createServer((request, response) => {
            const path = (request.url ?? "").split("?")[0] ?? "";
            const [code, body] = RESOURCES[path]
                ? [200, RESOURCES[path]]
                : (answers[`${request.method ?? ""} ${path}`] ?? [404, { kind: "Status", message: "not found" }]);
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                if (chunks.length > 0) {
                    sent[`${request.method ?? ""} ${path}`] = [
                        request.headers["content-type"],
                        JSON.parse(Buffer.concat(chunks).toString()),
                    ];
                }
            });
            response.writeHead(code, { "content-type": "application/json" });
            response.end(JSON.stringify(body));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        cluster = new Cluster(
            JSON.stringify({
                apiVersion: "v1",
                kind: "Config",
                "current-context": "c",
                contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
                clusters: [
                    { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
                ],
                users: [{ name: "u", user: {} }],
            }),
        );
    });
    after(() => server.close());
    beforeEach(() => {
        answers = {};
        sent = {};
    });

    it("changes a definition as the manifest has it, with all that a schema can say", async () => {
        const schema = {
            openAPIV3Schema: {
                properties: { share: { "x-kubernetes-int-or-string": true, default: 1, enum: [1, "50%"] } },
            },
        };
        const definition = {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: { name: "things.g.io" },
            spec: { versions: [{ name: "v1", served: false, schema }] },
        };
        const call = "PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.g.io";
        answers = { [call]: [200, definition] };
        await cluster.update(definition);
        expect(sent).to.deep.equal({ [call]: ["application/merge-patch+json", definition] });
    });

    it("has no providers where clusterctl was never run", async () =>
        expect(await cluster.installedProviders()).to.deep.equal([]));

    it("has the providers of clusterctl's inventory", async () => {
        answers = {
            "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/providers.clusterctl.cluster.x-k8s.io": [
                200,
                { kind: "CustomResourceDefinition" },
            ],
            "GET /apis/clusterctl.cluster.x-k8s.io/v1alpha3/providers": [
                200,
                {
                    kind: "ProviderList",
                    items: [{ type: "CoreProvider", providerName: "cluster-api", version: "v1.13.4" }],
                },
            ],
        };
        expect(await cluster.installedProviders()).to.deep.equal([
            { type: "CoreProvider", name: "cluster-api", version: "v1.13.4" },
        ]);
    });

    it("reads a TLS Secret; one that is missing or half empty is none", async () => {
        const data = { "tls.crt": Buffer.from("C").toString("base64"), "tls.key": Buffer.from("K").toString("base64") };
        answers = {
            "GET /api/v1/namespaces/n/secrets/whole": [200, { kind: "Secret", data }],
            "GET /api/v1/namespaces/n/secrets/half": [200, { kind: "Secret", data: { "tls.crt": data["tls.crt"] } }],
        };
        expect(await cluster.tlsSecret("n", "whole")).to.deep.equal({ cert: "C", key: "K" });
        expect(await cluster.tlsSecret("n", "half")).to.equal(undefined);
        expect(await cluster.tlsSecret("n", "none")).to.equal(undefined);
    });

    const probe = { apiVersion: "g.io/v1", kind: "Thing", metadata: { name: "webhook-probe", namespace: "default" } };
    const rows: [string, [number, object], string | undefined][] = [
        ["allowed", [201, { kind: "Thing" }], undefined],
        ["refused by the webhook", [403, { message: "admission webhook denied the request: no" }], undefined],
        ["invalid", [422, { message: "spec is required" }], undefined],
        [
            "not reached",
            [500, { message: 'failed calling webhook "x": no endpoints' }],
            '500 failed calling webhook "x": no endpoints',
        ],
        ["without its kind", [404, { message: "the server could not find it" }], "404 the server could not find it"],
        ["at a server in trouble", [503, { message: "etcd" }], "503 etcd"],
    ];
    for (const [name, answer, expected] of rows) {
        it(`a dry run ${name}: ${expected === undefined ? "the webhook is reached" : "it is not"}`, async () => {
            answers = { "POST /apis/g.io/v1/namespaces/default/things": answer };
            expect(await cluster.webhookUnreachable(probe)).to.equal(expected);
        });
    }

    it("refuses a kubeconfig whose context names no cluster", () => {
        const broken = {
            apiVersion: "v1",
            kind: "Config",
            "current-context": "x",
            contexts: [],
            clusters: [],
            users: [],
        };
        expect(() => new Cluster(JSON.stringify(broken))).to.throw(/kubeconfig/);
    });
});
