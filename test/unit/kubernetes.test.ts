import { ApiException, type CustomObjectsApi } from "@kubernetes/client-node";
import { expect } from "chai";
import { isAbsent, listObjects, parseKubeconfig, renameKubeconfig, requestErrorText } from "../../lib/kubernetes";

const HOSTS = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };

/** An API server with so many objects, which notes the size of each page that it is asked for. */
function apiServer(objects: number): { api: CustomObjectsApi; limits: number[] } {
    const limits: number[] = [];
    const api = {
        listNamespacedCustomObject: ({ limit, _continue }: { limit: number; _continue?: string }) => {
            limits.push(limit);
            const from = Number(_continue ?? 0);
            const to = Math.min(objects, from + limit);
            const items = Array.from({ length: to - from }, (_, index) => from + index);
            return Promise.resolve({ items, metadata: to < objects ? { continue: String(to) } : {} });
        },
    };
    return { api: api as unknown as CustomObjectsApi, limits };
}

describe("The Kubernetes client", () => {
    it("lists all objects of a kind in pages of 500", async () => {
        const { api, limits } = apiServer(1201);
        const found = await listObjects<number>(api, HOSTS, "metal3");
        expect(found).to.deep.equal(Array.from({ length: 1201 }, (_, index) => index));
        expect(limits).to.deep.equal([500, 500, 500]);
    });

    it("stops after the page that has as many objects as are wanted", async () => {
        const { api, limits } = apiServer(1201);
        expect(await listObjects(api, HOSTS, "metal3", 3)).to.have.length(3);
        expect(limits).to.deep.equal([3]);
    });

    const failed = (code: number, body: unknown): ApiException<unknown> =>
        new ApiException(code, "failed", body, { "content-type": "application/json" });

    it("takes a missing object and an unknown kind for absent, and nothing else", () => {
        expect(isAbsent(failed(404, "{}"))).to.equal(true);
        expect(isAbsent(new Error("Unrecognized API version and kind: metal3.io/v1alpha1 BareMetalHost"))).to.equal(
            true,
        );
        expect(isAbsent(failed(403, "{}"))).to.equal(false);
        expect(isAbsent(new Error("connect ECONNREFUSED 127.0.0.1:6443"))).to.equal(false);
    });

    it("says why a request failed in one line", () => {
        expect(requestErrorText(failed(403, JSON.stringify({ message: "no" })))).to.equal("403 no");
        expect(requestErrorText(failed(503, { message: "etcd" }))).to.equal("503 etcd");
        expect(requestErrorText(failed(502, "<html>"))).to.equal("502 <html>");
        expect(requestErrorText(failed(401, undefined))).to.equal("401");
        const refused = new Error("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:6443") });
        expect(requestErrorText(refused)).to.equal("connect ECONNREFUSED 127.0.0.1:6443");
    });

    it("gives a kubeconfig one name for all its entries, and keeps its server, certificates and keys", () => {
        const encode = (text: string): string => Buffer.from(text).toString("base64");
        const entry = (name: string): object => ({
            apiVersion: "v1",
            kind: "Config",
            "current-context": `${name}-admin@${name}`,
            clusters: [
                {
                    name,
                    cluster: { server: "https://192.168.222.2:20000", "certificate-authority-data": encode("ca") },
                },
            ],
            users: [
                {
                    name: `${name}-admin`,
                    user: { "client-certificate-data": encode("cert"), "client-key-data": encode("key") },
                },
            ],
            contexts: [{ name: `${name}-admin@${name}`, context: { cluster: name, user: `${name}-admin` } }],
        });
        const renamed = (stack: string): Record<string, { name: string }[]> =>
            JSON.parse(renameKubeconfig(JSON.stringify(entry("cluster-0000")), `m3lab-${stack}-cluster-0000`)) as never;
        const [one, other] = [renamed("dev"), renamed("second")];
        for (const list of ["clusters", "users", "contexts"]) {
            expect(one[list]?.map(({ name }) => name)).to.deep.equal(["m3lab-dev-cluster-0000"]);
            expect(other[list]?.map(({ name }) => name)).to.deep.equal(["m3lab-second-cluster-0000"]);
        }
        const config = parseKubeconfig(JSON.stringify(one));
        expect(config.getCurrentCluster()).to.deep.include({
            server: "https://192.168.222.2:20000",
            caData: encode("ca"),
        });
        expect(config.getCurrentUser()).to.deep.include({ certData: encode("cert"), keyData: encode("key") });
    });

    it("refuses a kubeconfig whose current context names no cluster", () => {
        const context = { name: "lab", context: { cluster: "nowhere", user: "nobody" } };
        const config = { apiVersion: "v1", kind: "Config", "current-context": "lab", contexts: [context] };
        expect(() => parseKubeconfig(JSON.stringify({ ...config, clusters: [], users: [] }))).to.throw(
            "its current context names no cluster",
        );
    });
});
