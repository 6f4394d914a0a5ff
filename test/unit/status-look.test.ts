import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Observer } from "../../cli/status/observe";
import { labStatus } from "../../cli/status/summary";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { wanted } from "../../tasks/wait-for-fleet/fleet";
import { kubeconfigFor } from "../kubeconfig";
import { ago, clusterObject, hostObject, LAB, NOW } from "./status-samples";

const config = validate({ nodes: "1000", clusters: "1000", fakeNodes: "kubernetes" });
const planned = plan(config, "mine");
const want = wanted(planned, config, "clusters");

/** A thousand of each, of which no cluster is Available. */
const hosts = planned.hosts.map(({ name }, index) => {
    const host = hostObject(0, "provisioning", `cluster-${String(index).padStart(4, "0")}-control-plane-x`);
    return { ...host, metadata: { ...host.metadata, name } };
});
const clusters = planned.clusters.map(({ name }) => ({
    ...clusterObject(name, { Available: "waits" }),
    metadata: { name, generation: 2, labels: { "metal3-scale-lab/fake-api-server": "1" } },
}));
const machines = planned.clusters.map(({ name }) => ({
    metadata: { name: `${name}-x`, creationTimestamp: ago(9), labels: { "cluster.x-k8s.io/cluster-name": name } },
    spec: { infrastructureRef: { name: `${name}-control-plane-x` } },
    status: {},
}));
const node = { metadata: { name: "n" }, status: { conditions: [] } };
const summary = {
    node: { fs: { availableBytes: 5, capacityBytes: 2 ** 40 } },
    pods: [{ podRef: { name: "ironic-conductor-0-a-b", namespace: "metal3" }, cpu: { usageNanoCores: 250_000_000 } }],
};

describe("A look at a thousand hosts and clusters", () => {
    const asked: string[] = [];
    let server: Server;
    before(async () => {
        const lists: [string, object[]][] = [
            ["baremetalhosts", hosts],
            ["clusters", clusters],
            ["machines", machines],
            ["nodes", [node]],
        ];
        server = createServer((request, response) => {
            const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
            asked.push(path.split("/").at(-1) ?? "");
            response.writeHead(path.includes("/secrets/") ? 404 : 200, { "content-type": "application/json" });
            const items = lists.find(([kind]) => path.endsWith(`/${kind}`))?.[1] ?? [];
            response.end(JSON.stringify(path.endsWith("/stats/summary") ? summary : { items, metadata: {} }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => server.close());

    it("asks once for each kind, says how often it has asked, and what it could not ask", async () => {
        const { port } = server.address() as AddressInfo;
        const none = () => Promise.reject(new Error("there is no way to it"));
        const found = await new Observer(kubeconfigFor(`http://127.0.0.1:${port}`), planned, want, none).look();
        const once = [
            ...["baremetalhosts", "clusters", "deployments", "events", "kubeadmcontrolplanes", "kubelet summaries"],
            ...["machinedeployments", "machines", "metal3machines", "nodes", "statefulsets"],
        ];
        expect(found.look.requests).to.deep.equal(Object.fromEntries(once.map((kind) => [kind, 1])));
        const paths = once.map((kind) => (kind === "kubelet summaries" ? "summary" : kind));
        expect(asked.sort()).to.deep.equal(paths.sort());
        expect(found.notes).to.include("Ironic was not asked for its locks and errors: there is no way to it");
        const status = labStatus(found, { plan: planned, want, commands: LAB.commands }, NOW);
        expect(status.stuck[0]).to.deep.include({ kind: "Node", name: "n" });
        expect(status.stuck[0]?.others).to.have.length(1000);
        const [conductor] = status.conductors;
        expect(conductor).to.deep.equal({
            name: "ironic-conductor-0",
            hosts: null,
            locked: null,
            cpuCores: 0.25,
            trouble: "does not exist",
        });
        expect(status.fakeApiServers.map(({ clusters: count }) => count)).to.deep.equal([0, 1000]);
        expect(status.pairs.reduce((sum, pair) => sum + pair.hosts, 0)).to.equal(1000);
    });
});
