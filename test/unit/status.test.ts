import { readFileSync } from "node:fs";
import { expect } from "chai";
import { labStatus, type LabStatus } from "../../cli/status/summary";
import { statusLines } from "../../cli/status/text";
import type { ClusterObject } from "../../tasks/wait-for-fleet/clusters";
import type { HostObject } from "../../tasks/wait-for-fleet/hosts";
import type { PartStatus } from "../../tasks/wait-for-fleet/pending";
import { repoPath } from "../../toolchain/paths";
import {
    ago,
    clusterObject,
    CLUSTERS,
    hostObject,
    HOSTS,
    hostsWith,
    LAB,
    machineOf,
    NOW,
    observed,
} from "./status-samples";

const look = (...args: Parameters<typeof observed>): LabStatus => labStatus(observed(...args), LAB, NOW);
const part = (name: string, trouble?: string): PartStatus => ({
    kind: "Deployment",
    name: `metal3/${name}`,
    ...(trouble === undefined ? {} : { trouble }),
});
const WORKING = ["ironic-conductor-0", "ironic-conductor-1", "fkas-0"].map((name) => part(name));
const NOT_YET = [clusterObject("cluster-0000"), clusterObject("cluster-0001", { Available: "waits" })];

describe("The state of a lab", () => {
    it("is well where everything is where it should be", () => {
        const found = look({ parts: WORKING });
        expect(found).to.deep.include({ schemaVersion: 1, isSettled: true, stuck: [], onTheirWay: [], queued: 0 });
        expect(found.hosts).to.deep.equal({ wanted: 4, settled: 4, byState: { available: 2, provisioned: 2 } });
        expect(found.clusters).to.deep.equal({ wanted: 2, settled: 2, byState: { Available: 2 } });
        expect(statusLines(found)).to.deep.equal([
            "All is where it should be: 4 of 4 hosts and 2 of 2 clusters",
            "  hosts     2 available, 2 provisioned (wanted: 4)",
            "  clusters  2 Available (wanted: 2)",
            "  parts     3 of 3 work",
            "  conductor           hosts  locked  cores  state",
            "  ironic-conductor-0  -      -       -      works",
            "  ironic-conductor-1  -      -       -      works",
            "  pair      hosts  BMC  state",
            "  pair-000  2      -    works",
            "  pair-001  2      -    works",
            "  fake API server  clusters  cores  state",
            "  fkas-0           0         -      works",
        ]);
    });

    it("names what is stuck with its age, and where to look, broken parts first and then the oldest", () => {
        const clusters = [
            clusterObject("cluster-0000", { Available: "waits" }),
            clusterObject("cluster-0001", { Available: "waits" }),
        ];
        const young = hostObject(1, "provisioning", "cluster-0001-control-plane-x", "no space left");
        const old = hostObject(0, "deprovisioning", "cluster-0000-control-plane-x", "cannot power off");
        Object.assign(old.status?.operationHistory ?? {}, { deprovision: { start: ago(30) } });
        const machines = [machineOf("cluster-0000"), machineOf("cluster-0001")];
        const parts = [...WORKING, part("fkas-7", "crashes")];
        const found = look({ hosts: hostsWith(young, old), clusters, parts, evidence: { machines } });
        expect([found.hosts.settled, found.clusters.settled, found.parts]).to.deep.equal([
            2,
            0,
            { total: 4, troubled: 1 },
        ]);
        const lines = statusLines(found);
        expect(lines[0]).to.equal(
            "Not yet: 2 of 4 hosts and 0 of 2 clusters are where they should be; " +
                "nothing came to its end in the last 5 min 00 s",
        );
        expect(lines.slice(4, 12)).to.deep.equal([
            "What is stuck, the oldest first, and where to look next:",
            "  Deployment metal3/fkas-7: crashes",
            "    kubectl -n metal3 describe deployment fkas-7",
            "  Cluster cluster-0000: Machine cluster-0000-control-plane-x: " +
                "BareMetalHost host-0000: deprovisioning: cannot power off (30 min 00 s)",
            "    npm run describe -- host-0000 --stack mine",
            "    docker logs --tail 50 m3lab-mine-pair-000-sushy-tools",
            "  Cluster cluster-0001: Machine cluster-0001-control-plane-x: " +
                "BareMetalHost host-0001: provisioning: no space left (4 min 00 s)",
            "    npm run describe -- host-0001 --stack mine",
        ]);
        // A host is named once: by the chain.
        expect(lines.filter((line) => line.includes("BareMetalHost host-0000"))).to.have.length(1);
    });

    it("has the rate of the last five minutes, and when it ends like this", () => {
        const at = (end: string | null): HostObject => {
            const host = hostObject(0, "provisioned", "cluster-0000-control-plane-x");
            Object.assign(host.status?.operationHistory ?? {}, { provision: { start: ago(60), end } });
            return host;
        };
        const hosts = [at(ago(1)), at(ago(5)), at(null), at(ago(5.01))];
        const available = (type: string, minutes: number): ClusterObject => {
            const object = clusterObject("cluster-0000", type === "False" ? { Available: "no" } : {});
            Object.assign(object.status?.conditions?.[0] ?? {}, { lastTransitionTime: ago(minutes) });
            return object;
        };
        const clusters = [available("True", 2), available("False", 1), available("True", 60)];
        const found = labStatus({ ...observed({ clusters: NOT_YET }), hosts, clusters }, LAB, NOW);
        expect(found.rate).to.deep.equal({
            windowSeconds: 300,
            hostsPerMinute: 0.4,
            clustersPerMinute: 0.2,
            secondsLeft: 300,
        });
        expect(statusLines(found)[0]).to.include("0.4 hosts and 0.2 clusters a minute, about 5 min 00 s to go");
    });

    it("counts a host that is free when its inspection ends, and has no end in sight while a part is down", () => {
        const free = hostObject(2, "available");
        Object.assign(free.status?.operationHistory ?? {}, { inspect: { end: ago(1) }, provision: { end: null } });
        const rate = (parts: PartStatus[]) =>
            labStatus({ ...observed({ clusters: NOT_YET, parts }), hosts: [free], clusters: CLUSTERS }, LAB, NOW).rate;
        expect(rate([]).hostsPerMinute).to.equal(0.2);
        const one = clusterObject("cluster-0000");
        Object.assign(one.status?.conditions?.[0] ?? {}, { lastTransitionTime: ago(1) });
        const left = (parts: PartStatus[]) =>
            labStatus({ ...observed({ clusters: NOT_YET, parts }), clusters: [one] }, LAB, NOW).rate.secondsLeft;
        expect([left([]), left([part("fkas-0", "crashes")])]).to.deep.equal([300, null]);
    });

    it("says what brings back what does not exist or was stopped, and describes neither", () => {
        const exited: PartStatus = { kind: "Container", name: "m3lab-mine-x", trouble: "exited", lost: "start" };
        const found = look({ parts: [exited], hosts: HOSTS.slice(1) });
        const steps = found.stuck.map(({ kind, lost, next }) => [kind, lost, next]);
        expect(steps).to.deep.include(["Container", "start", ["docker start m3lab-mine-x"]]);
        expect(steps).to.deep.include(["BareMetalHost", "refresh", ["npm run up -- --refresh --stack mine"]]);
    });

    it("has no field that docs/status.md does not name", () => {
        const status = look({ parts: [...WORKING, part("fkas-7", "crashes")], hosts: HOSTS.slice(1) });
        const [conductor, pair, server] = [status.conductors[0], status.pairs[0], status.fakeApiServers[0]];
        const fields = [status, ...status.stuck, status.rate, status.hosts, conductor, pair, server].flatMap((each) =>
            Object.keys(each ?? {}),
        );
        const page = readFileSync(repoPath("docs/status.md"), "utf8");
        expect(fields.filter((field) => !page.includes(`\`${field}\``))).to.deep.equal([]);
        expect(fields).to.include.members(["lost", "others", "bmcMilliseconds", "look"]);
    });

    it("looks at the volume that a pod waits for", () => {
        const trouble = "ironic-mariadb-0 not scheduled: pod has unbound immediate PersistentVolumeClaims";
        const parts: PartStatus[] = [{ kind: "StatefulSet", name: "metal3/ironic-mariadb", trouble }];
        expect(look({ parts }).stuck[0]?.next).to.deep.equal(["kubectl -n metal3 describe persistentvolumeclaims"]);
    });

    it("counts hosts and clusters by what they are about, the most first", () => {
        const annotations = { "queue.metal3-scale-lab/queued": "1" };
        const queued = clusterObject("cluster-0001", {}, { metadata: { annotations } });
        const leaving: HostObject = { metadata: { name: "l", deletionTimestamp: ago(1) } };
        const found = look({ hosts: [leaving, {}, {}], clusters: [queued, NOT_YET[1] as ClusterObject] });
        expect(Object.entries(found.hosts.byState)).to.deep.equal([
            ["new", 2],
            ["being deleted", 1],
        ]);
        expect(found.clusters.byState).to.deep.equal({ "not Available yet": 1, queued: 1 });
    });

    it("names ten reasons, and counts what the others hold up", () => {
        const names = Array.from({ length: 12 }, (_, index) => String.fromCharCode(97 + index).repeat(3));
        const hosts = names.map((name): HostObject => {
            return { ...hostObject(0, "inspecting", undefined, `${name} failed`), metadata: { name } };
        });
        const lines = statusLines(look({ hosts: [...HOSTS, ...hosts] }));
        expect(lines.filter((line) => / failed \(/.test(line))).to.have.length(10);
        expect(lines).to.include("  and 2 more, for 2 other reasons");
    });
});
