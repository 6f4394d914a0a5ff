import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { FleetWatch } from "../../cli/bench/recording/fleet-watch";
import { waitUntil } from "../../lib/wait-until";

const host = (name: string, state: string): object => ({
    kind: "BareMetalHost",
    apiVersion: "metal3.io/v1alpha1",
    metadata: { name, namespace: "metal3", uid: `uid-${name}`, creationTimestamp: "2026-11-30T10:00:00Z" },
    status: { provisioning: { state } },
});

describe("The watch of a fleet", () => {
    let server: Server;
    let watches: ServerResponse[];
    let asked: string[];
    let fleet: FleetWatch;

    beforeEach(async () => {
        watches = [];
        asked = [];
        server = createServer((request, response) => {
            const url = new URL(request.url ?? "", "http://lab");
            asked.push(`${url.pathname.split("/").at(-1)}${url.searchParams.has("watch") ? " watch" : ""}`);
            response.setHeader("content-type", "application/json");
            if (url.searchParams.has("watch")) {
                watches.push(response);
                response.flushHeaders();
            } else {
                const items = [host("host-0000", "available"), host("host-0001", "")];
                response.end(JSON.stringify({ kind: "List", metadata: { resourceVersion: "7" }, items }));
            }
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        const config = new KubeConfig();
        config.loadFromOptions({
            clusters: [{ name: "lab", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
            users: [{ name: "lab" }],
            contexts: [{ name: "lab", cluster: "lab", user: "lab" }],
            currentContext: "lab",
        });
        fleet = new FleetWatch(config, "metal3", false);
    });
    afterEach(async () => {
        await fleet.stop();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    });

    const seen = (hosts: Record<string, number>): Promise<unknown> =>
        waitUntil({
            what: JSON.stringify(hosts),
            timeoutMs: 5000,
            everyMs: 20,
            look: async () => {
                const now = JSON.stringify(fleet.counts().hosts);
                return now === JSON.stringify(hosts) ? { done: now } : { pending: [now] };
            },
        });
    const tell = (type: string, object: object): void => {
        watches.at(-1)?.write(`${JSON.stringify({ type, object })}\n`);
    };

    it("counts hosts by state, as they are and as they change, with one list alone", async () => {
        await seen({ available: 1, new: 1 });
        await waitUntil({
            what: "a watch",
            timeoutMs: 5000,
            everyMs: 20,
            look: async () => (watches.length > 0 ? { done: true } : { pending: [] }),
        });
        tell("MODIFIED", host("host-0001", "inspecting"));
        await seen({ available: 1, inspecting: 1 });
        tell("ADDED", host("host-0002", "available"));
        tell("MODIFIED", host("host-0000", "provisioning"));
        await seen({ provisioning: 1, inspecting: 1, available: 1 });
        tell("DELETED", host("host-0001", "inspecting"));
        await seen({ provisioning: 1, available: 1 });
        expect(asked.filter((each) => each === "baremetalhosts")).to.have.length(1);
        // What a host does not bear any more, the watch remembers.
        expect([...fleet.available.keys()]).to.deep.equal(["host-0000", "host-0002"]);
    });

    it("asks for no Clusters in a lab without", () => {
        expect(fleet.counts().clusters).to.deep.equal({});
        expect(asked.filter((each) => each.startsWith("clusters"))).to.deep.equal([]);
    });
});
