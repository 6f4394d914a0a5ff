import { duration } from "../../lib/duration";
import { npmRun } from "../../plan/commands";
import type { LabStatus, Waiting } from "./summary";

/** Most objects that are named; the others are counted. */
const NAMED = 20;

const counts = (byState: Record<string, number>): string =>
    Object.entries(byState)
        .map(([state, count]) => `${count} ${state}`)
        .join(", ") || "none yet";

/** Of what holds a lab up: a pod's volume that nobody provides. */
const UNBOUND = /unbound immediate PersistentVolumeClaims/;

/** The state of a lab in lines for a person. */
export function statusLines(status: LabStatus, { namespace, stack }: { namespace: string; stack: string }): string[] {
    const { hosts, clusters, parts, waiting } = status;
    const refresh = npmRun("up", stack, "--refresh");
    return [
        verdict(status),
        `  hosts     ${counts(hosts.byState)} (wanted: ${hosts.wanted})`,
        `  clusters  ${counts(clusters.byState)} (wanted: ${clusters.wanted})`,
        `  parts     ${parts.total - parts.troubled} of ${parts.total} work`,
        ...(waiting.length > 0 ? ["What is not where it should be, and what holds it up, the oldest first:"] : []),
        ...waiting.slice(0, NAMED).flatMap((each) => [`  ${each.kind} ${each.name}: ${each.reason}`, ...next(each)]),
        ...(waiting.length > NAMED ? [`  and ${waiting.length - NAMED} more`] : []),
        ...(waiting.some(({ lost }) => lost === "refresh")
            ? [`Unless up is at work, this makes what does not exist, and starts what is scaled to 0: ${refresh}`]
            : []),
    ];

    /** Where to look next. What does not exist, or was stopped, has nothing more to say. */
    function next({ kind, name, reason, lost }: Waiting): string[] {
        if (lost !== undefined) {
            return lost === "start" ? [`    docker start ${name}`] : [];
        }
        const host = /BareMetalHost ([\w.-]+):/.exec(reason)?.[1] ?? (kind === "BareMetalHost" ? name : undefined);
        const place = kind === "Deployment" || kind === "StatefulSet" ? name.split("/") : [namespace, name];
        if (UNBOUND.test(reason)) {
            return [`    kubectl -n ${place[0]} describe persistentvolumeclaims`];
        }
        const object = host === undefined ? `${kind.toLowerCase()} ${place[1]}` : `baremetalhost ${host}`;
        return kind === "Container"
            ? [`    docker logs --tail 50 ${name}`]
            : [`    kubectl -n ${place[0]} describe ${object}`];
    }
}

function verdict({ isSettled, hosts, clusters, rate }: LabStatus): string {
    const of = `${hosts.settled} of ${hosts.wanted} hosts and ${clusters.settled} of ${clusters.wanted} clusters`;
    if (isSettled) {
        return `All is where it should be: ${of}`;
    }
    const { hostsPerMinute, clustersPerMinute, secondsLeft, windowSeconds } = rate;
    const speed =
        hostsPerMinute + clustersPerMinute === 0
            ? `nothing came to its end in the last ${duration(windowSeconds * 1000)}`
            : `${hostsPerMinute.toFixed(1)} hosts and ${clustersPerMinute.toFixed(1)} clusters a minute` +
              (secondsLeft === null ? "" : `, about ${duration(secondsLeft * 1000)} to go`);
    return `Not yet: ${of} are where they should be; ${speed}`;
}
