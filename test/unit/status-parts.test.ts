import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { IronicReader } from "../../cli/status/ironic";
import { labStatus } from "../../cli/status/summary";
import { statusLines } from "../../cli/status/text";
import { parseKubeconfig } from "../../lib/kubernetes";
import type { IronicNode } from "../../tasks/wait-for-fleet/evidence";
import type { PartStatus } from "../../tasks/wait-for-fleet/pending";
import { RequestLog } from "../../tasks/wait-for-fleet/request-log";
import { kubeconfigFor } from "../kubeconfig";
import { LAB, NOW, observed } from "./status-samples";

const node = (uuid: string, conductor: string, reservation: string | null = null): IronicNode => ({
    uuid,
    conductor,
    reservation,
    provisionState: "active",
    lastError: null,
    maintenance: false,
    maintenanceReason: null,
});

describe("The parts of which a lab has several", () => {
    it("are said with what they do, what they use and why they do not work", () => {
        const [one, two] = LAB.plan.conductors.map(({ host }) => host);
        const name = "m3lab-mine-pair-001-fake-ipa";
        const parts: PartStatus[] = [
            { kind: "Deployment", name: "metal3/ironic-conductor-0" },
            { kind: "Deployment", name: "metal3/ironic-conductor-1" },
            { kind: "Container", name, trouble: "Exited (1)", lost: "start" },
        ];
        const found = observed({
            parts,
            ironicNodes: [node("a", one as string, one), node("b", one as string), node("c", two as string, one)],
            bmcs: new Map([
                ["pair-000", 12],
                ["pair-001", null],
            ]),
            podCores: new Map([
                ["metal3/ironic-conductor-0-5d4-x", 0.5],
                ["metal3/ironic-conductor-1-5d4-x", 0.25],
                ["other/ironic-conductor-1-5d4-x", 9],
            ]),
            notes: ["something"],
        });
        const status = labStatus(found, LAB, NOW);
        expect(status.conductors.map(({ hosts, locked, cpuCores }) => [hosts, locked, cpuCores])).to.deep.equal([
            [2, 2, 0.5],
            [1, 0, 0.25],
        ]);
        expect(status.pairs).to.deep.equal([
            { name: "pair-000", hosts: 2, bmcMilliseconds: 12, trouble: null },
            { name: "pair-001", hosts: 2, bmcMilliseconds: null, trouble: "fake-ipa: Exited (1)" },
        ]);
        // Those that do not work come first.
        const lines = statusLines(status);
        const pairs = lines.findIndex((line) => line.startsWith("  pair "));
        expect(lines.slice(pairs, pairs + 3).map((line) => line.trim().split(/ +/).join(" "))).to.deep.equal([
            "pair hosts BMC state",
            "pair-001 2 - fake-ipa: Exited (1)",
            "pair-000 2 12 ms works",
        ]);
        expect(lines.at(-1)).to.equal("Left out: something");
    });

    it("are in trouble where a pair's BMCs do not answer, though its containers run", () => {
        const bmcs = new Map([
            ["pair-000", null],
            ["pair-001", 3],
        ]);
        const { pairs } = labStatus(observed({ bmcs }), LAB, NOW);
        expect(pairs.map(({ trouble }) => trouble)).to.deep.equal(["its BMCs gave no answer in 5 s", null]);
    });
});

describe("What Ironic says of a lab's hosts", () => {
    const requests: IncomingMessage[] = [];
    let server: Server;
    let answer = 200;
    before(async () => {
        const secret = (data: Record<string, string>) => ({
            data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
        });
        server = createServer((request, response) => {
            const { pathname, searchParams } = new URL(request.url ?? "", "http://here");
            if (pathname === "/v1/nodes") {
                requests.push(request);
                response.writeHead(answer);
                const uuid = `node of ${searchParams.get("conductor")}`;
                const fields = {
                    provision_state: "deploy failed",
                    reservation: null,
                    last_error: "no",
                    maintenance: true,
                };
                response.end(JSON.stringify({ nodes: [{ uuid, ...fields, maintenance_reason: "power" }] }));
                return;
            }
            response.writeHead(200, { "content-type": "application/json" });
            const isLogin = pathname.endsWith("/ironic-credentials");
            response.end(JSON.stringify(secret(isLogin ? { username: "u", password: "p" } : { "ca.crt": "" })));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => server.close());

    it("is asked conductor by conductor, with the lab's own login, which is read once", async () => {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const log = new RequestLog();
        const ironic = new IronicReader(parseKubeconfig(kubeconfigFor(url)), "metal3", log);
        const conductors = ["a", "b"].map((host, index) => ({ index, host }));
        const nodes = await ironic.read(url, conductors);
        expect(nodes).to.deep.equal(
            ["a", "b"].map((host) => ({
                uuid: `node of ${host}`,
                conductor: host,
                reservation: null,
                provisionState: "deploy failed",
                lastError: "no",
                maintenance: true,
                maintenanceReason: "power",
            })),
        );
        expect(log.take()).to.deep.equal({ "Ironic's nodes": 2, secrets: 2 });
        expect(requests[0]?.headers.authorization).to.equal(`Basic ${btoa("u:p")}`);
        answer = 503;
        const failed = await ironic.read(url, conductors).catch((error: unknown) => error);
        expect((failed as Error).message).to.equal("it answers 503");
        expect(log.take()).to.have.property("Ironic's nodes", 2);
        expect(log.take()).to.deep.equal({});
    });
});
