import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { leaving } from "../../plan/change/leaving";
import { QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { pauseProblems } from "../../prepare/paused";
import { pausesInTheWay, type PausableHost } from "../../tasks/vacate-hosts/paused";
import type { PausableCluster } from "../../tasks/wait-for-fleet/pauses";
import { living, type Raw } from "./living-lab";

const planned = (raw: Raw) => plan(validate(raw), "test");
const BMO = "baremetalhost.metal3.io/paused";
const CAPI = "cluster.x-k8s.io/paused";

const cluster = (name: string, paused?: boolean, annotations: Record<string, string> = {}): PausableCluster => ({
    metadata: { name, annotations },
    spec: paused === undefined ? {} : { paused },
});
/** @param by the cluster whose machine has the host */
const host = (name: string, annotations: Record<string, string>, by?: string): PausableHost => ({
    metadata: { name, annotations, ...(by === undefined ? {} : { labels: { "cluster.x-k8s.io/cluster-name": by } }) },
    spec: by === undefined ? {} : { consumerRef: { name: `${by}-machine` } },
});

describe("Pauses of what is to leave the lab", () => {
    const going = leaving(living({ nodes: "4", clusters: "2" }), planned({ nodes: "3", clusters: "1" }));
    const found = (clusters: PausableCluster[], hosts: PausableHost[]): string[] =>
        pausesInTheWay("metal3", going, clusters, hosts).map(({ kind, name, by, command }) =>
            [kind, name, by, command].join("; "),
        );

    it("concern the last clusters and hosts of a lab that shrinks", () => {
        expect([...going.hosts, ...going.clusters]).to.deep.equal(["host-0003", "cluster-0001"]);
    });

    it("are named with the field or the annotation, and the command that takes them off", () => {
        const clusters = [cluster("cluster-0000"), cluster("cluster-0001", true, { [CAPI]: "" })];
        expect(found(clusters, [host("host-0003", { [BMO]: "" })])).to.deep.equal([
            "Cluster; cluster-0001; its field spec.paused; " +
                `kubectl -n metal3 patch cluster cluster-0001 --type merge -p '{"spec":{"paused":false}}'`,
            `Cluster; cluster-0001; its annotation ${CAPI}; ` +
                `kubectl -n metal3 annotate cluster cluster-0001 ${CAPI}-`,
            `BareMetalHost; host-0003; its annotation ${BMO}; ` +
                `kubectl -n metal3 annotate baremetalhost host-0003 ${BMO}-`,
        ]);
    });

    it("are not those of the lab's own queue, nor those of what stays", () => {
        const queued = { [QUEUED_ANNOTATION]: "1", [CAPI]: "", [BMO]: "" };
        const clusters = [cluster("cluster-0000", true), cluster("cluster-0001", undefined, queued)];
        const hosts = [
            host("host-0000", { [BMO]: "" }),
            host("host-0003", queued),
            host("mine", { [BMO]: "" }, "mine"),
        ];
        expect(found(clusters, hosts)).to.deep.equal([]);
    });

    it("are also those of a host that stays and serves a cluster that goes", () => {
        const hosts = [host("host-0001", { [BMO]: "" }, "cluster-0001")];
        expect(found([cluster("cluster-0001")], hosts)).to.have.length(1);
    });

    it("are also those of a cluster that stays and has a machine on a host that goes", () => {
        const clusters = [cluster("cluster-0000", true)];
        const [only, ...others] = found(clusters, [host("host-0003", { [BMO]: "metal3.io/capm3" }, "cluster-0000")]);
        expect(only).to.match(/^Cluster; cluster-0000; its field spec.paused/);
        expect(others, "CAPM3 takes off what it has set on the host").to.deep.equal([]);
    });

    describe("before the first resource", () => {
        let server: Server;
        let requests: string[];
        let answers: Record<string, unknown[]>;
        const lab = (raw: Raw) => {
            const { port } = server.address() as AddressInfo;
            const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
            const kubeconfig = {
                "current-context": "x",
                clusters: [{ name: "x", cluster }],
                users: [{ name: "x", user: {} }],
                contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
            };
            return { ...living(raw), kubeconfig: JSON.stringify(kubeconfig) };
        };

        beforeEach(async () => {
            requests = [];
            server = createServer((request, response) => {
                const kind = new URL(request.url ?? "", "http://x").pathname.split("/").at(-1) ?? "";
                requests.push(kind);
                response.setHeader("Content-Type", "application/json");
                response.end(JSON.stringify({ items: answers[kind] ?? [] }));
            });
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        });
        afterEach(() => server.close());

        it("refuse the shrink with key, value and rule", async () => {
            answers = { clusters: [cluster("cluster-0001", true)], baremetalhosts: [host("host-0003", { [BMO]: "" })] };
            const problems = await pauseProblems(
                lab({ nodes: "4", clusters: "2" }),
                planned({ nodes: "3", clusters: "1" }),
            );
            expect(problems.map(({ key, value, rule }) => `${key} = ${value}: ${rule}`)).to.deep.equal([
                "clusters = 1: Cluster cluster-0001 is paused by its field spec.paused, and would not be let go of: " +
                    "take that off with kubectl -n metal3 patch cluster cluster-0001 --type merge " +
                    `-p '{"spec":{"paused":false}}'`,
                `nodes = 3: BareMetalHost host-0003 is paused by its annotation ${BMO}, and would not be let go of: ` +
                    `take that off with kubectl -n metal3 annotate baremetalhost host-0003 ${BMO}-`,
            ]);
        });

        it("name ten, and count the others", async () => {
            const names = Array.from({ length: 12 }, (_, index) => `host-00${String(index + 3).padStart(2, "0")}`);
            answers = { baremetalhosts: names.map((name) => host(name, { [BMO]: "" })) };
            const problems = await pauseProblems(
                lab({ nodes: "15", clusters: "0" }),
                planned({ nodes: "3", clusters: "0" }),
            );
            expect(problems).to.have.length(11);
            expect(problems.at(-1)?.rule).to.equal("2 more objects that are to leave the lab are paused");
        });

        it("are not looked for where nothing leaves, or where there is no cluster yet", async () => {
            answers = {};
            const size = { nodes: "4", clusters: "2" };
            expect(await pauseProblems(lab(size), planned({ nodes: "6", clusters: "3" }))).to.deep.equal([]);
            expect(await pauseProblems(living(size), planned({ nodes: "1", clusters: "0" }))).to.deep.equal([]);
            expect(requests).to.deep.equal([]);
        });
    });
});
