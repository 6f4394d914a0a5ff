import { duration } from "../../lib/duration";
import { plainTable } from "../plain-table";
import type { LabStatus, Waiting } from "./summary";

/** Most reasons that are named; the others are counted. */
const NAMED = 10;
/** Most rows of a table, those that do not work first; the others are counted. */
const ROWS = 8;

const counts = (byState: Record<string, number>): string =>
    Object.entries(byState)
        .map(([state, count]) => `${count} ${state}`)
        .join(", ") || "none yet";

/** The state of a lab in lines for a person. */
export function statusLines(status: LabStatus): string[] {
    const { hosts, clusters, parts, stuck, onTheirWay, queued, notes } = status;
    const left = stuck.slice(NAMED);
    return [
        verdict(status),
        `  hosts     ${counts(hosts.byState)} (wanted: ${hosts.wanted})`,
        `  clusters  ${counts(clusters.byState)} (wanted: ${clusters.wanted})`,
        `  parts     ${parts.total - parts.troubled} of ${parts.total} work`,
        ...(stuck.length > 0 ? ["What is stuck, the oldest first, and where to look next:"] : []),
        ...stuck.slice(0, NAMED).flatMap(({ line, next }) => [`  ${line}`, ...next.map((command) => `    ${command}`)]),
        ...(left.length > 0 ? [`  and ${size(left)} more, for ${left.length} other reasons`] : []),
        ...(onTheirWay.length > 0 ? [`On their way: ${size(onTheirWay)}, the oldest first:`] : []),
        ...onTheirWay.slice(0, NAMED).map(({ line }) => `  ${line}`),
        ...(queued > 0 ? [`Queued, until others are done: ${queued}`] : []),
        ...tables(status),
        ...notes.map((note) => `Left out: ${note}`),
    ];
}

const size = (groups: readonly Waiting[]): number => groups.reduce((sum, { others }) => sum + 1 + others.length, 0);

/** The parts of which a lab has several. */
function tables({ conductors, pairs, fakeApiServers }: LabStatus): string[] {
    const figure = (value: number | null, unit = ""): string => (value === null ? "-" : `${value}${unit}`);
    const cores = (value: number | null): string => (value === null ? "-" : value.toFixed(2));
    const works = (trouble: string | null): string => trouble ?? "works";
    return [
        ...table(["conductor", "hosts", "locked", "cores", "state"], conductors, (each) => [
            ...[each.name, figure(each.hosts), figure(each.locked), cores(each.cpuCores), works(each.trouble)],
        ]),
        ...table(["pair", "hosts", "BMC", "state"], pairs, (each) => [
            ...[each.name, figure(each.hosts), figure(each.bmcMilliseconds, " ms"), works(each.trouble)],
        ]),
        ...table(["fake API server", "clusters", "cores", "state"], fakeApiServers, (each) => [
            ...[each.name, figure(each.clusters), cores(each.cpuCores), works(each.trouble)],
        ]),
    ];
}

function table<Part extends { trouble: string | null }>(
    head: readonly string[],
    parts: readonly Part[],
    row: (part: Part) => string[],
): string[] {
    // A stable sort: parts that work stay in their order.
    const sorted = [...parts].sort((a, b) => Number(a.trouble === null) - Number(b.trouble === null));
    const left = sorted.slice(ROWS);
    const broken = left.filter(({ trouble }) => trouble !== null).length;
    return [
        ...plainTable(head, sorted.slice(0, ROWS).map(row)).map((line) => `  ${line}`),
        ...(left.length === 0 ? [] : [`  and ${left.length} more, of which ${left.length - broken} work`]),
    ];
}

function verdict({ isSettled, hosts, clusters, others, rate }: LabStatus): string {
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
    const own = others === 0 ? "" : `, ${others} of your own not yet`;
    return `Not yet: ${of} are where they should be${own}; ${speed}`;
}
