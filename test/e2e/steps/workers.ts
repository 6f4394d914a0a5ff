import type { V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import { builtImage } from "../../lab-image";
import { configure, eventually, leftovers, lab as command, NAMESPACE, PREFIX, run, STACK } from "../harness";
import { isAsPlanned, type FleetConfig } from "./fleet";
import { lab, up } from "./lab";

const CONTROL_PLANE = `${PREFIX}-control-plane`;
const worker = (index: number): string => `${PREFIX}-worker-${index}`;

/** Port of the probes, which answer each request with the address that it came from. */
const PORT = 8099;
const SERVER = `
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())
HTTPServer(("", ${PORT}), Echo).serve_forever()
`;
const ask = (host: string): string =>
    `import urllib.request; print(urllib.request.urlopen("http://${host}:${PORT}/", timeout=20).read().decode())`;
const LABELS = { app: "probe" };

/** Whether the nodes of these names, and no others, are in the cluster and Ready. */
async function nodesAre(names: readonly string[]): Promise<void> {
    const { items } = await lab.live.core.listNode();
    expect(items.map(({ metadata }) => metadata?.name).sort()).to.deep.equal([...names].sort());
    const unschedulable = items.filter(({ spec }) => spec?.unschedulable).map(({ metadata }) => metadata?.name);
    expect(unschedulable, "cordoned").to.deep.equal([]);
    await eventually(
        "every node Ready",
        120,
        () => lab.live.nodesReady(),
        () => lab.live.core.listNode(),
    );
}

const probeName = (node: string): string => `probe-${node.slice(PREFIX.length + 1)}`;

/** A pod on each of these nodes that answers and can ask, and a Service in front of all of them. */
async function makeProbes(nodes: readonly string[]): Promise<void> {
    const image = builtImage("ironic");
    for (const nodeName of nodes) {
        const containers = [{ name: "probe", image, command: ["python3", "-c", SERVER] }];
        await lab.live.core.createNamespacedPod({
            namespace: "default",
            body: {
                metadata: { name: probeName(nodeName), labels: LABELS },
                spec: { nodeName, containers, terminationGracePeriodSeconds: 0 } as V1Pod["spec"] & object,
            },
        });
    }
    await lab.live.core.createNamespacedService({
        namespace: "default",
        body: { metadata: { name: "probe" }, spec: { selector: LABELS, ports: [{ port: PORT }] } },
    });
    await eventually(
        "the probes running",
        120,
        async () => Object.keys(await probes()).length === nodes.length,
        probes,
    );
}

/** Addresses of the probes that run, by name. */
async function probes(): Promise<Record<string, string>> {
    const { items } = await lab.live.core.listNamespacedPod({ namespace: "default", labelSelector: "app=probe" });
    const running = items.filter(({ status }) => status?.phase === "Running" && status.podIP !== undefined);
    return Object.fromEntries(running.map(({ metadata, status }) => [metadata?.name ?? "", status?.podIP ?? ""]));
}

/** What is answered to a probe. */
async function answer(probe: string, host: string): Promise<string> {
    const { output } = await lab.live.kubectl(["exec", "-n", "default", probe, "--", "python3", "-c", ask(host)]);
    return output.trim();
}

/** Nodes by the pods of Ironic's conductors. */
const conductorNodes = async (): Promise<(string | undefined)[]> =>
    (await lab.live.conductors()).map(({ spec }) => spec?.nodeName);

/** UIDs of hosts, clusters and machines, which must stay whatever happens to nodes. */
const lasting = async (): Promise<Record<string, string>> =>
    Object.fromEntries(Object.entries(await lab.live.identities()).filter(([name]) => !/^(pod|container) /.test(name)));

/** Nodes come, go and fail under a lab that has two workers. */
export function workers(config: FleetConfig): void {
    it("has three nodes, with conductors on all of them", async () => {
        await nodesAre([CONTROL_PLANE, worker(1), worker(2)]);
        expect(new Set(await conductorNodes()).size).to.equal(3);
    });

    it("lets pods of all nodes reach each other, with their own addresses, and through a Service", async () => {
        await makeProbes([CONTROL_PLANE, worker(1), worker(2)]);
        const all = await probes();
        for (const [from, own] of Object.entries(all)) {
            for (const [to, address] of Object.entries(all)) {
                expect(await answer(from, address), `${from} at ${to}`).to.equal(own);
            }
            // The Service chooses any of them. A pod that it sends back to itself comes from its node's bridge.
            const service = await answer(from, "probe.default.svc.cluster.local");
            expect(service, `${from} at the Service`).to.match(/^10\.244\.\d+\.\d+$/);
        }
        await lab.live.kubectl(["delete", "-n", "default", "pods,service", "--selector", "app=probe", "--now"]);
        await lab.live.kubectl(["delete", "-n", "default", "service", "probe"]);
    });

    it("loses a worker without losing a host, a cluster or a machine, and leaves nothing of it", async () => {
        const before = await lasting();
        const containers = await lab.live.containers();
        await configure({ embeddedWorkers: 1 });
        await up();
        await nodesAre([CONTROL_PLANE, worker(1)]);
        const { [worker(2)]: gone, ...others } = containers;
        expect(gone).to.not.equal(undefined);
        expect(await lab.live.containers()).to.deep.equal(others);
        expect((await leftovers()).filter((name) => name.includes(worker(2)))).to.deep.equal([]);
        await isAsPlanned(config);
        expect(await lasting()).to.deep.equal(before);
        expect((await conductorNodes()).filter((node) => node === worker(2))).to.deep.equal([]);
    });

    it("gets it again, and touches nothing that is there", async () => {
        const before = await lab.live.identities();
        await configure({ embeddedWorkers: 2 });
        await up();
        await nodesAre([CONTROL_PLANE, worker(1), worker(2)]);
        expect(await lab.live.identities()).to.include(before);
        await makeProbes([worker(2)]);
        await lab.live.kubectl(["delete", "-n", "default", "pod", probeName(worker(2)), "--now"]);
        await isAsPlanned(config);
    });

    it("has a worker again that was killed, after the next up", async () => {
        const before = await lasting();
        const { code, output } = await run("docker", ["kill", worker(1)], { quiet: true });
        expect(code, output).to.equal(0);
        const again = await command("up", "--stack", STACK);
        expect(again.code, again.output).to.equal(0);
        await nodesAre([CONTROL_PLANE, worker(1), worker(2)]);
        await isAsPlanned(config);
        expect(await lasting()).to.deep.equal(before);
    });

    it("has a worker again whose Node was deleted, after the next up", async () => {
        await lab.live.core.deleteNode({ name: worker(1) });
        await up();
        await nodesAre([CONTROL_PLANE, worker(1), worker(2)]);
        expect((await lab.live.pods()).filter(({ metadata }) => metadata?.namespace === NAMESPACE)).to.not.have.length(
            0,
        );
        await isAsPlanned(config);
    });
}
