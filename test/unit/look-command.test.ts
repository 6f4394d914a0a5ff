import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Description } from "../../cli/look/description";
import { BARE_METAL_OPERATOR, PROVIDERS } from "../../plan/manifests/providers";
import { repoPath } from "../../toolchain/paths";
import { kubeconfigFor } from "../kubeconfig";
import { clusterObject, hostObject, HOSTS } from "./status-samples";

const LOGS = JSON.parse(readFileSync(repoPath("test/unit/samples/host-logs.json"), "utf8")) as Record<string, string>;
const [CORE] = PROVIDERS;
const CLUSTER_LINE = 'I1201 02:43:05.858800 1 c.go:1] "Made" Cluster="metal3/cluster-0000" password="hunter2"';
const OTHER_LINE = 'I1201 02:43:05.858800 1 c.go:1] "Made" Cluster="metal3/cluster-0001"';
/** A host and a cluster of one name. */
const BOTH = "both";

const hosts = [...HOSTS, { ...hostObject(0, "available"), metadata: { name: BOTH } }];
const clusters = [clusterObject("cluster-0000"), clusterObject(BOTH)];
const pods: Record<string, { name: string; log: (previous: boolean) => string; restarts?: number }> = {
    [BARE_METAL_OPERATOR.namespace]: {
        name: `${BARE_METAL_OPERATOR.deployment}-c878fb7bf-9967j`,
        // Its container was started again after the first lines.
        log: (previous) => {
            const lines = (LOGS["BMO"] ?? "").split("\n");
            return (previous ? lines.slice(0, 3) : lines.slice(3)).join("\n");
        },
        restarts: 1,
    },
    metal3: { name: "ironic-conductor-0-77dd5cf6f-lj56z", log: () => LOGS["ironic-conductor-0"] ?? "" },
    [CORE?.namespace ?? ""]: {
        name: `${CORE?.deployment}-76d8554fc5-n67n7`,
        log: () => [CLUSTER_LINE, OTHER_LINE].map((line) => `2026-12-01T02:43:05.900000000Z ${line}\n`).join(""),
    },
};

/** What kube-apiserver answers; undefined: 404. */
function answer(path: string, query: URLSearchParams): object | string | undefined {
    const [, namespace = "", rest = ""] = /\/namespaces\/([^/]+)\/(.*)$/.exec(path) ?? [];
    const [kind, name, log] = rest.split("/");
    const pod = pods[namespace];
    const objects: Record<string, object[]> = { baremetalhosts: hosts, clusters };
    if (kind === "pods" && log === "log") {
        return pod?.log(query.get("previous") === "true");
    }
    if (kind === "pods") {
        const status = { containerStatuses: [{ name: "manager", restartCount: pod?.restarts ?? 0 }] };
        return { items: pod === undefined ? [] : [{ metadata: { name: pod.name }, status }] };
    }
    if (kind === "events") {
        const involvedObject = { kind: "BareMetalHost", name: "host-0000" };
        const isAsked = query.get("fieldSelector") === "involvedObject.name=host-0000";
        const event = { reason: "Registered", message: "new", involvedObject, lastTimestamp: "2026-12-01T02:42:00Z" };
        return { items: isAsked ? [event] : [] };
    }
    const found = objects[kind ?? ""] as { metadata?: { name?: string } }[] | undefined;
    return name === undefined ? { items: found ?? [] } : found?.find(({ metadata }) => metadata?.name === name);
}

describe("The commands about one host or cluster", function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-look-"));
    const file = join(folder, "kubeconfig");
    let server: Server;
    before(async () => {
        server = createServer((request, response) => {
            const url = new URL(request.url ?? "", "http://localhost");
            const said = answer(decodeURIComponent(url.pathname), url.searchParams);
            const type = typeof said === "string" ? "text/plain" : "application/json";
            response.writeHead(said === undefined ? 404 : 200, { "content-type": type });
            response.end(typeof said === "string" ? said : JSON.stringify(said ?? { message: "absent" }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        writeFileSync(file, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true });
    });

    /** Runs a command for a lab of which nothing but the management cluster is reached. */
    const lab = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
        new Promise((resolve) => {
            const all = ["--import", "tsx", "cli/main.ts", ...args, "--stack", "look-test", "--kubeconfig", file];
            execFile(process.execPath, all, { cwd: repoPath() }, (error, out, err) =>
                resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
            );
        });

    it("describe a host as JSON, with its steps from the logs, and say what they could not ask", async () => {
        const { code, out, err } = await lab("describe", "host-0000", "--json");
        expect(code, err).to.equal(0);
        const found = JSON.parse(out) as Description;
        expect(found).to.include({ kind: "BareMetalHost", name: "host-0000", state: "provisioned", isSettled: true });
        const texts = found.history.map(({ source, text }) => `${source}: ${text}`);
        expect(texts).to.include.members([
            "Event: Registered: new",
            "BMO: provisioning → provisioned",
            "BMO: registration begins",
        ]);
        expect(found.notes.join("\n"))
            .to.include("Ironic was not asked: ")
            .and.include("the log of fkas-0: there is no pod of fkas-0 in metal3")
            .and.include("the log of BMC: ");
    });

    it("print a host's log, with what a container said before it was started again", async () => {
        const { code, out, err } = await lab("logs", "--host", "host-0000");
        expect(code, err).to.equal(0);
        const lines = out.trimEnd().split("\n");
        expect(lines.filter((line) => line.includes(" BMO "))).to.have.length(14);
        expect(lines).to.deep.equal([...lines].sort((a, b) => a.slice(0, 23).localeCompare(b.slice(0, 23))));
        expect(err).to.include("Left out: the log of ironic-conductor-1: there is no pod");
    });

    it("print a cluster's log without secrets, and describe it", async () => {
        const { code, out, err } = await lab("logs", "--cluster", "cluster-0000");
        expect(code, err).to.equal(0);
        expect(out).to.equal(
            '2026-12-01 02:43:05.900  Cluster API  "Made" Cluster="metal3/cluster-0000" password=***\n',
        );
        const { out: described } = await lab("describe", "cluster-0000");
        expect(described).to.match(/^Cluster cluster-0000: Available \(/);
    });

    it("say when nothing was logged, and how far back was looked", async () => {
        const { code, out, err } = await lab("logs", "--cluster", "cluster-0000", "--since", "1s");
        // The server gives all lines, whatever is asked.
        expect([code, out.length > 0]).to.deep.equal([0, true]);
        const { err: nothing } = await lab("logs", "--host", "host-0003");
        expect(nothing).to.include("Left out: no part has logged anything of host-0003");
        expect(err).to.not.include("no part has logged");
    });

    it("refuse a name that is not there, one of two things, and none or two names", async () => {
        for (const [args, says] of [
            [["describe", "hots-0000"], "there is no host or cluster hots-0000; did you mean host-0000"],
            [["describe", "cluster-0001"], "there is no cluster cluster-0001, though the configuration has it"],
            [["describe", BOTH], `${BOTH} is both a host and a cluster: say which with --kind host or --kind cluster`],
            [["logs", "--host", "cluster-0000"], "cluster-0000 is no host, but a cluster"],
            [["logs"], "give --host NAME or --cluster NAME"],
            [["logs", "--host", "a", "--cluster", "b"], "give --host NAME or --cluster NAME"],
        ] as const) {
            const { code, out, err } = await lab(...args);
            expect([code, out], args.join(" ")).to.deep.equal([1, ""]);
            expect(err).to.include(says);
        }
        const { code, out } = await lab("describe", BOTH, "--kind", "host");
        expect(code).to.equal(0);
        expect(out).to.match(/^BareMetalHost both: available/);
    });
});
