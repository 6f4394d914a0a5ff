import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseRecord, type RunRecord } from "../../../cli/record/record";
import { reported, type ReportedRun } from "../../../cli/report/report";
import { RECORDS } from "../../../machine/own-runs/machine";
import { repoPath } from "../../../toolchain/paths";
import { STACK, tally } from "../harness";
import { inLab, lab } from "./lab";

/** An object as `kubectl get -o json` prints it, with the fields of which the report has figures. */
interface Printed {
    metadata: { name: string; creationTimestamp: string; annotations?: Record<string, string> };
    status: {
        provisioning?: { state: string };
        operationHistory?: Record<string, { start: string | null; end: string | null }>;
        conditions?: { type: string; status: string; lastTransitionTime: string }[];
    };
}

/** The newest record of the lab of these tests. */
function newestRecord(): RunRecord {
    // The names of records begin with their times.
    for (const name of readdirSync(repoPath(RECORDS)).sort().reverse()) {
        const text = readFileSync(join(repoPath(RECORDS), name), "utf8");
        if (name.endsWith(".jsonl") && text.slice(0, text.indexOf("\n")).includes(`"stack":"${STACK}"`)) {
            return parseRecord(text, name);
        }
    }
    throw new Error(`${RECORDS} has no record of the stack ${STACK}`);
}

async function printed(kind: string): Promise<Printed[]> {
    return (JSON.parse(await inLab("get", kind, "--output", "json")) as { items: Printed[] }).items;
}

const at = (time: string | null | undefined): number => (time ? Date.parse(time) / 1000 : NaN);

/** When the queue let an object go, or when it was made. */
const released = ({ metadata }: Printed): number =>
    at(metadata.annotations?.["queue.metal3-scale-lab/released"] ?? metadata.creationTimestamp);

const ended =
    (operation: string) =>
    (host: Printed): number =>
        at(host.status.operationHistory?.[operation]?.end);

/** When a condition became true. */
const became =
    (type: string) =>
    (object: Printed): number => {
        const found = object.status.conditions?.find((each) => each.type === type);
        return found?.status === "True" ? at(found.lastTransitionTime) : NaN;
    };

/** The figures of how long objects took from one moment to another, from what Kubernetes and BMO have noted. */
function recomputed(objects: readonly Printed[], from: (o: Printed) => number, to: (o: Printed) => number) {
    const took = objects
        .map((object) => Math.max(0, to(object) - from(object)))
        .filter((seconds) => !Number.isNaN(seconds))
        .sort((a, b) => a - b);
    const middle = Math.floor(took.length / 2);
    const [low = NaN, high = NaN] = [took[took.length % 2 === 0 ? middle - 1 : middle], took[middle]];
    const percentile = (percent: number): number | undefined => took[Math.ceil((took.length * percent) / 100) - 1];
    const all = { n: took.length, p50: (low + high) / 2, p95: percentile(95), p99: percentile(99), max: took.at(-1) };
    return Object.fromEntries(Object.entries(all).map(([key, seconds]) => [key, milli(seconds)]));
}

/** Holds the report of the `up` that made the lab against what kubectl and Ironic's API say. */
export function figures(): void {
    it("reports of its up what kubectl and Ironic's API say", async () => {
        const record = newestRecord();
        const run = reported("", record, []);
        const [hosts, clusters, machines] = await Promise.all(
            ["baremetalhosts", "clusters.cluster.x-k8s.io", "machines.cluster.x-k8s.io"].map(printed),
        );
        if (hosts === undefined || clusters === undefined || machines === undefined) {
            throw new Error("kubectl printed nothing");
        }
        const states = tally(hosts.map(({ status }) => status.provisioning?.state ?? ""));
        const last = record.fleet.at(-1);
        expect(last?.hosts).to.deep.equal(states);
        expect(last?.clusters).to.deep.equal({ Available: clusters.length });
        expect(run).to.include({ hosts: hosts.length, clusters: clusters.length, outcome: "complete" });
        expect(run.existing).to.deep.equal({ hosts: 0, clusters: 0 });
        const inIronic = tally((await lab.live.ironicNodes()).map(({ provision_state }) => provision_state));
        // Without cleaning, BMO leaves the node of an available host manageable until it is provisioned.
        expect(inIronic).to.deep.equal({ active: states["provisioned"], manageable: states["available"] });

        const provisioned = hosts.filter(({ status }) => status.provisioning?.state === "provisioned");
        expect(spreads(run)).to.deep.include({
            "hosts.inspect": recomputed(hosts, ended("register"), ended("inspect")),
            "hosts.register": recomputed(hosts, released, ended("register")),
            "hosts.provisioned": recomputed(provisioned, released, ended("provision")),
            "clusters.infrastructure": recomputed(clusters, released, became("InfrastructureReady")),
            "clusters.control-plane": recomputed(
                clusters,
                became("InfrastructureReady"),
                became("ControlPlaneInitialized"),
            ),
            "clusters.settle": recomputed(clusters, became("ControlPlaneInitialized"), became("Available")),
            "clusters.available": recomputed(clusters, released, became("Available")),
            "machines.node-healthy": recomputed(machines, released, became("NodeHealthy")),
            "machines.ready": recomputed(machines, released, became("Ready")),
        });
        expect(value(run, "failed")).to.equal(0);
        const goal = Math.max(...clusters.map(became("Available"))) - at(record.header.began) - (record.firstHost ?? 0);
        expect(value(run, "goal")).to.be.closeTo(goal, 0.001);
    });
}

const value = ({ figures: all }: ReportedRun, name: string): unknown =>
    all.find((each) => each.name === name)?.measured;

/** The figures over many measurements. */
const spreads = ({ figures: all }: ReportedRun): Record<string, object> =>
    Object.fromEntries(
        all.flatMap(({ name, measured }) =>
            typeof measured === "object" && measured !== null
                ? [[name, Object.fromEntries(Object.entries(measured).map(([key, each]) => [key, milli(each)]))]]
                : [],
        ),
    );

/** A record has microseconds, of which sums in binary fractions are off. */
const milli = (seconds: unknown): unknown => (typeof seconds === "number" ? Number(seconds.toFixed(3)) : seconds);
