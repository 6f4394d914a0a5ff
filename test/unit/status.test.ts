import { expect } from "chai";
import { labStatus } from "../../cli/status/summary";
import { statusLines } from "../../cli/status/text";
import { clusterStatus, type ClusterObject } from "../../tasks/wait-for-fleet/clusters";
import { wanted } from "../../tasks/wait-for-fleet/fleet";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import type { WholeFleet } from "../../tasks/wait-for-fleet/reader";
import { cluster, config, crashing, host, machinery, planned, settled } from "./fleet-samples";

const NOW = new Date("2026-03-02T10:10:00Z");
const LAB = { namespace: "metal3", stack: "mine" };
const want = wanted(planned, config, "clusters");

/** Objects that say when they came to their end. */
const hostObject = (end?: string | null): HostObject => ({
    metadata: { name: "h" },
    status: { provisioning: { state: "provisioned" }, operationHistory: { provision: { end: end ?? null } } },
});
const clusterObject = (status: string, lastTransitionTime: string): ClusterObject => ({
    metadata: { name: "c" },
    status: { conditions: [{ type: "Available", status, lastTransitionTime }] },
});

const whole = (change: Partial<WholeFleet> = {}): WholeFleet => ({
    fleet: settled,
    evidence: { hosts: settled.hosts, machines: machinery().machines, metal3Machines: [] },
    hosts: [],
    clusters: [],
    ...change,
});

describe("The state of a lab", () => {
    it("is well where everything is where it should be", () => {
        const found = labStatus(whole(), want, NOW);
        expect(found).to.deep.include({ schemaVersion: 1, isSettled: true, waiting: [] });
        expect(found.hosts).to.deep.equal({ wanted: 4, settled: 4, byState: { available: 2, provisioned: 2 } });
        expect(found.clusters).to.deep.equal({ wanted: 2, settled: 2, byState: { Available: 2 } });
        expect(statusLines(found, LAB)).to.deep.equal([
            "All is where it should be: 4 of 4 hosts and 2 of 2 clusters",
            "  hosts     2 available, 2 provisioned (wanted: 4)",
            "  clusters  2 Available (wanted: 2)",
            "  parts     1 of 1 work",
        ]);
    });

    it("names what holds a cluster up by the object at the end of the chain, and where to look", () => {
        const hosts = [host(0, "provisioning", "no space left"), ...settled.hosts.slice(1)];
        const fleet = {
            ...settled,
            hosts,
            clusters: [cluster(0, false, "waits"), cluster(1, true)],
            parts: [crashing],
        };
        const { machines } = machinery({ hasNode: false });
        const found = labStatus(whole({ fleet, evidence: { hosts, machines, metal3Machines: [] } }), want, NOW);
        expect(found.isSettled).to.equal(false);
        expect([found.hosts.settled, found.clusters.settled, found.parts.troubled]).to.deep.equal([3, 1, 1]);
        const lines = statusLines(found, LAB);
        expect(lines[0]).to.equal(
            "Not yet: 3 of 4 hosts and 1 of 2 clusters are where they should be; " +
                "nothing came to its end in the last 5 min 00 s",
        );
        const chain = lines.findIndex((line) => line.startsWith("  Cluster cluster-0000: Machine cluster-0000-x: "));
        expect(lines[chain]).to.include("BareMetalHost host-0000: provisioning: no space left");
        expect(lines[chain + 1]).to.equal("    kubectl -n metal3 describe baremetalhost host-0000");
        expect(lines.find((line) => line.includes("describe deployment"))).to.match(
            /kubectl -n \S+ describe deployment [\w-]+$/,
        );
        // The host is named once: by the chain.
        expect(lines.filter((line) => line.includes("host-0000:"))).to.have.length(1);
    });

    it("has the rate of the last five minutes, and when it ends like this", () => {
        const hosts = [
            hostObject("2026-03-02T10:09:00Z"),
            hostObject("2026-03-02T10:05:00Z"),
            hostObject(),
            hostObject("2026-03-02T10:04:59Z"),
        ];
        const clusters = [
            clusterObject("True", "2026-03-02T10:08:00Z"),
            clusterObject("False", "2026-03-02T10:09:00Z"),
            clusterObject("True", "2026-03-02T09:00:00Z"),
        ];
        const fleet = { ...settled, clusters: [cluster(0, false), cluster(1, true)] };
        const { rate } = labStatus(whole({ fleet, hosts, clusters }), want, NOW);
        expect(rate).to.deep.equal({
            windowSeconds: 300,
            hostsPerMinute: 0.4,
            clustersPerMinute: 0.2,
            secondsLeft: 300,
        });
        const lines = statusLines(labStatus(whole({ fleet, hosts, clusters }), want, NOW), LAB);
        expect(lines[0]).to.include("0.4 hosts and 0.2 clusters a minute, about 5 min 00 s to go");
    });

    it("counts a host that is free when its inspection ends, and has no end in sight while a part is down", () => {
        const free: HostObject = {
            metadata: { name: "f" },
            status: {
                provisioning: { state: "available" },
                operationHistory: { inspect: { end: "2026-03-02T10:09:00Z" }, provision: { end: null } },
            },
        };
        const fleet = { ...settled, clusters: [cluster(0, false), cluster(1, true)] };
        const clusters = [clusterObject("True", "2026-03-02T10:08:00Z")];
        const { rate } = labStatus(whole({ fleet, hosts: [free], clusters }), want, NOW);
        expect([rate.hostsPerMinute, rate.secondsLeft]).to.deep.equal([0.2, 300]);
        const down = labStatus(whole({ fleet: { ...fleet, parts: [crashing] }, hosts: [free], clusters }), want, NOW);
        expect(down.rate.secondsLeft).to.equal(null);
    });

    it("says what brings back what does not exist or was stopped, and describes neither", () => {
        const stopped = { kind: "Deployment" as const, name: "metal3/bmo", trouble: "is scaled to 0", lost: "refresh" };
        const exited = { kind: "Container" as const, name: "m3lab-mine-x", trouble: "exited", lost: "start" };
        const parts = [stopped, exited] as WholeFleet["fleet"]["parts"];
        const fleet = { ...settled, hosts: settled.hosts.slice(1), parts };
        const found = labStatus(whole({ fleet }), want, NOW);
        expect(statusLines(found, LAB).slice(4)).to.deep.equal([
            "What is not where it should be, and what holds it up, the oldest first:",
            "  Deployment metal3/bmo: is scaled to 0",
            "  Container m3lab-mine-x: exited",
            "    docker start m3lab-mine-x",
            "  Cluster cluster-0000: Machine cluster-0000-x: is not Available yet",
            "    kubectl -n metal3 describe cluster cluster-0000",
            "  BareMetalHost host-0000: does not exist",
            "Unless up is at work, this makes what does not exist, and starts what is scaled to 0: " +
                "npm run up -- --refresh --stack mine",
        ]);
        expect(found.waiting.map(({ lost }) => lost)).to.deep.equal(["refresh", "start", undefined, "refresh"]);
    });

    it("looks at the volume that a pod waits for", () => {
        const trouble = "ironic-mariadb-0 not scheduled: pod has unbound immediate PersistentVolumeClaims";
        const parts = [{ kind: "StatefulSet" as const, name: "metal3/ironic-mariadb", trouble }];
        expect(statusLines(labStatus(whole({ fleet: { ...settled, parts } }), want, NOW), LAB).at(-1)).to.equal(
            "    kubectl -n metal3 describe persistentvolumeclaims",
        );
    });

    it("counts hosts and clusters by what they are about, the most first", () => {
        const queued: ClusterObject = {
            metadata: { name: "q", annotations: { "queue.metal3-scale-lab/queued": "1" } },
        };
        const leaving: HostObject = { metadata: { name: "l", deletionTimestamp: "2026-03-02T10:00:00Z" } };
        const fleet = {
            hosts: [leaving, {}, {}].map(hostStatus),
            clusters: [queued, clusterObject("False", "2026-03-02T10:00:00Z")].map(clusterStatus),
            parts: [],
        };
        const found = labStatus(whole({ fleet }), want, NOW);
        expect(Object.entries(found.hosts.byState)).to.deep.equal([
            ["new", 2],
            ["being deleted", 1],
        ]);
        expect(found.clusters.byState).to.deep.equal({ "not Available yet": 1, queued: 1 });
    });

    it("names twenty objects, and counts the others", () => {
        const many = { ...want, hosts: Array.from({ length: 30 }, (_, index) => `gone-${index}`) };
        const lines = statusLines(labStatus(whole(), many, NOW), LAB);
        expect(lines.filter((line) => /^ {2}[A-Z]\w+ [\w-]+: /.test(line))).to.have.length(20);
        expect(lines.at(-2)).to.equal("  and 12 more");
    });
});
