import type { ObjectsLine } from "../../record/lines";
import type { RunRecord } from "../../record/record";
import type { Single } from "./definition";
import { spread } from "./measured";

type Kind = ObjectsLine["kind"];

/** Seconds that each object took from one of its events to another. One that has not both does not count. */
export function durations(record: RunRecord, kind: Kind, from: string, to: string): number[] {
    return record.objects[kind].flatMap(({ events: { [from]: begin, [to]: end } }) =>
        begin === undefined || end === undefined ? [] : [Math.max(0, end - begin)],
    );
}

/** When objects had an event, seconds from the beginning of the run, in ascending order. */
export const moments = (record: RunRecord, kind: Kind, event: string): number[] =>
    record.objects[kind].flatMap(({ events }) => events[event] ?? []).sort((a, b) => a - b);

/** A stage of the objects of a kind: what it is called in figures and plots, and the events between which it lies. */
export interface Stage {
    name: string;
    kind: Kind;
    from: string;
    to: string;
    meaning: string;
}

const stage =
    (kind: Kind) =>
    (name: string, from: string, to: string, meaning: string): Stage => ({
        name: `${kind}.${name}`,
        kind,
        from,
        to,
        meaning,
    });
const host = stage("hosts");
const cluster = stage("clusters");
const machine = stage("machines");

/** Stages that follow each other, and so add up to the whole way of an object. */
export const HOST_STEPS: readonly Stage[] = [
    host("queue", "queued", "created", "A host waits for its release by the queue."),
    host("register", "created", "registered", "From the release of a host until Ironic knows it."),
    host("inspect", "registered", "enrolled", "From there until its inspection has ended."),
    host("prepare", "enrolled", "available", "From there until it is available for the first time."),
    host("provision", "available", "firstProvisioned", "From there until it is provisioned, the wait included."),
];
export const CLUSTER_STEPS: readonly Stage[] = [
    cluster("queue", "queued", "created", "A cluster waits until enough hosts are available for it."),
    cluster("infrastructure", "created", "infrastructureReady", "From its release until its infrastructure is ready."),
    cluster("control-plane", "infrastructureReady", "controlPlaneInitialized", "From there to its first API server."),
    cluster("settle", "controlPlaneInitialized", "available", "From there until it is Available."),
];

/** Stages beside those: whole ways, and what happens to few. */
export const WAYS: readonly Stage[] = [
    host("available", "created", "available", "From the release of a host until it is available: the whole way."),
    host("provisioned", "created", "firstProvisioned", "From its release until it is provisioned: the whole way."),
    host("deprovision", "deprovisionStart", "deprovisioned", "From the end of its use until it is free again."),
    cluster("available", "created", "available", "From the release of a cluster until it is Available: the whole way."),
    machine("node-healthy", "created", "nodeHealthy", "From the creation of a Machine until its node is healthy."),
    machine("ready", "created", "ready", "From the creation of a Machine until it is Ready."),
];

/** A figure for each stage. */
export const STAGE_FIGURES: readonly Single[] = [...HOST_STEPS, ...CLUSTER_STEPS, ...WAYS]
    .sort((a, b) => Number(a.kind !== "hosts") - Number(b.kind !== "hosts"))
    .map(({ name, kind, from, to, meaning }) => ({
        name,
        meaning,
        group: kind === "hosts" ? "hosts" : "clusters",
        unit: "s",
        of: (record) => spread(durations(record, kind, from, to)),
    }));
