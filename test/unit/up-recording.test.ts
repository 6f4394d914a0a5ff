import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { expect } from "chai";
import { UpRecording } from "../../cli/bench/recording/up-recording";
import { parseRecord, type RunRecord } from "../../cli/record/record";
import { waitUntil } from "../../lib/wait-until";
import { repoPath } from "../../toolchain/paths";
import { kubeconfigFor } from "../kubeconfig";

const STACK = "up-recording-test";
const HOUR_MS = 3_600_000;

type Made = { metadata: { name: string; uid: string; creationTimestamp: string }; status: object };

/** An object as kube-apiserver has it. @param ago when it was made, milliseconds */
const object = (name: string, status: object, ago = 0): Made => ({
    metadata: { name, uid: `uid-${name}`, creationTimestamp: new Date(Date.now() - ago).toISOString() },
    status,
});
const host = (name: string, ago = 0): Made => object(name, { provisioning: { state: "available" } }, ago);

describe("The record of an up", () => {
    const there: Record<string, Made[]> = {};
    const asked: string[] = [];
    const watches: ServerResponse[] = [];
    const file = repoPath(".lab", STACK, "kubeconfig");
    let server: Server;

    before(async () => {
        server = createServer((request, response) => {
            const url = new URL(request.url ?? "", "http://lab");
            const [, kind = "", name] = /\/namespaces\/metal3\/([a-z0-9]+)(?:\/([^/]+))?/.exec(url.pathname) ?? [];
            const isWatch = url.searchParams.has("watch");
            asked.push(`${kind}${name === undefined ? "" : `/${name}`}${isWatch ? " watch" : ""}`);
            response.setHeader("content-type", "application/json");
            if (isWatch) {
                watches.push(response);
                response.flushHeaders();
                return;
            }
            const items = there[kind] ?? [];
            const found = name === undefined ? { items } : items.find(({ metadata }) => metadata.name === name);
            response.statusCode = found === undefined ? 404 : 200;
            response.end(JSON.stringify({ kind: "List", metadata: { resourceVersion: "7" }, ...found }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
    beforeEach(() => {
        there["baremetalhosts"] = [host("host-0000", HOUR_MS), host("host-0001", HOUR_MS)];
        there["clusters"] = [object("cluster-0000", {}, HOUR_MS)];
        asked.length = 0;
    });
    after(async () => {
        await rm(dirname(file), { recursive: true });
        server.closeAllConnections();
        server.close();
    });

    /** Of a lab whose parts are on no machine that could be measured. */
    const recordingOf = (hosts: number, clusters: number, said: string[] = []): UpRecording => {
        const place = { namespace: "metal3", isHere: false };
        return new UpRecording({ stack: STACK, place, hosts, clusters, tuning: "lab", settings: {} }, (line) =>
            said.push(line),
        );
    };
    const until = (what: string, isTrue: () => boolean): Promise<unknown> =>
        waitUntil({
            what,
            timeoutMs: 20_000,
            everyMs: 50,
            look: () => Promise.resolve(isTrue() ? { done: true } : { pending: [asked.slice(-5).join(", ")] }),
        });
    /** An up that makes these, and its record. */
    async function recorded(hosts: number, clusters: number, make: () => void): Promise<RunRecord> {
        const recording = recordingOf(hosts, clusters);
        await recording.begin();
        await until("a look at what is new", () => asked.some((each) => each.includes("/")));
        make();
        await until("a watch of the fleet", () => asked.includes("clusters watch"));
        const made = await recording.end(0);
        const path = repoPath(made?.file ?? "none");
        expect(made?.gib).to.equal(null);
        const record = parseRecord(await readFile(path, "utf8"), "record");
        await rm(path);
        return record;
    }

    it("of a living lab is of what came with it alone, which is asked for by name", async () => {
        const { header, fleet, objects, result } = await recorded(4, 2, () => {
            there["baremetalhosts"]?.push(host("host-0002"), host("host-0003"));
            there["clusters"]?.push(object("cluster-0001", {}));
        });
        expect(header).to.deep.include({ hosts: 4, clusters: 2, existing: 2, existingClusters: 1 });
        expect(fleet.at(-1)?.hosts).to.deep.equal({ available: 2 });
        expect(fleet.at(-1)?.clusters).to.deep.equal({ "in progress": 1 });
        expect(objects.hosts.map(({ name }) => name)).to.deep.equal(["host-0002", "host-0003"]);
        expect(objects.clusters.map(({ name }) => name)).to.deep.equal(["cluster-0001"]);
        expect(result?.machine).to.equal(null);
        const [first, second] = asked.filter((each) => each.includes("/"));
        expect([first, second].sort()).to.deep.equal(["baremetalhosts/host-0002", "clusters/cluster-0001"]);
    });

    it("begins with the first new cluster where no host is new", async () => {
        const { header, objects } = await recorded(2, 2, () => {
            there["clusters"]?.push(object("cluster-0001", {}));
        });
        expect(header).to.deep.include({ hosts: 2, clusters: 2, existing: 2, existingClusters: 1 });
        expect([objects.hosts.length, objects.clusters.length]).to.deep.equal([0, 1]);
    });

    it("is none where nothing is to be made", async () => {
        const said: string[] = [];
        for (const [hosts, clusters] of [
            [2, 1],
            [1, 0],
        ] as const) {
            const recording = recordingOf(hosts, clusters, said);
            await recording.begin();
            expect(await recording.end(0)).to.equal(undefined);
        }
        expect(said).to.deep.equal([]);
        expect(asked.filter((each) => each.includes("/"))).to.deep.equal([]);
    });
});
