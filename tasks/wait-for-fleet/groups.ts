import { duration } from "../../lib/duration";
import type { Chain } from "./chains";
import { partFinder, type KnownLab } from "./lab-parts";
import { isPart } from "./pending";

/** Chains with one reason. */
export interface Group {
    /** The part that all wait for, or the chain that has waited longest. */
    head: Chain;
    /** The others, the oldest first: those of the same reason, or those that wait for the part. */
    others: Chain[];
    /** "stuck": it does not go on by itself, or has not for two minutes. "on its way": it has just moved. */
    progress: "stuck" | "on its way" | "queued";
}

/** A chain whose end has not moved for so long is stuck, even if nobody speaks of an error. */
const STUCK_SECONDS = 120;

/** Age of a chain, seconds: since when the object at its end has not moved; null where nobody knows. */
export const ageSeconds = ({ since }: Pick<Chain, "since">, now: Date): number | null =>
    since === undefined ? null : Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000));

/**
 * Groups chains by what holds them up. Each chain is in exactly one group.
 * @returns broken parts first, then the oldest first; what waits in the lab's queue is last
 */
export function groupChains(chains: readonly Chain[], lab: KnownLab, now: Date): Group[] {
    const parts = chains.filter(isPart);
    const partOf = partFinder(lab, parts);
    const groups = new Map<string, Chain[]>(parts.map((part) => [keyOf(part), []]));
    for (const chain of chains.filter((each) => !isPart(each)).sort(byAge)) {
        const part = partOf(chain);
        const key = part === undefined ? topicOf(chain) : keyOf(part);
        groups.set(key, [...(groups.get(key) ?? []), chain]);
    }
    const heads = new Map(parts.map((part) => [keyOf(part), part]));
    return [...groups]
        .map(([key, found]): Group => {
            const part = heads.get(key);
            const [head, ...others] = part === undefined ? found : [part, ...found];
            return { head: head as Chain, others, progress: progressOf(head as Chain, now) };
        })
        .sort((a, b) => rank(a) - rank(b) || byAge(a.head, b.head));
}

const keyOf = ({ kind, name }: Chain): string => `part ${kind} ${name}`;

/** What chains with one reason have in common: the words at their ends, without names, addresses and numbers. */
const topicOf = ({ root, says, isQueued, pausedBy, lost }: Chain): string =>
    isQueued
        ? "queued"
        : `${root.kind}${pausedBy ?? ""}${lost ?? ""}: ${says
              .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "*")
              .replace(/\S*\d\S*/g, "*")}`;

function progressOf(head: Chain, now: Date): Group["progress"] {
    if (head.isQueued) {
        return "queued";
    }
    const age = ageSeconds(head, now);
    return head.isError || age === null || age >= STUCK_SECONDS ? "stuck" : "on its way";
}

const RANKS: Record<Group["progress"], number> = { stuck: 1, "on its way": 2, queued: 3 };

const rank = ({ head, progress }: Group): number => (isPart(head) ? 0 : RANKS[progress]);

/** The oldest first, those of unknown age last. */
const byAge = (a: Chain, b: Chain): number =>
    Number(a.since === undefined) - Number(b.since === undefined) ||
    (a.since ?? "").localeCompare(b.since ?? "") ||
    a.name.localeCompare(b.name);

/** A group in one line. */
export function groupLine({ head, others }: Group, now: Date): string {
    const age = ageSeconds(head, now);
    const since = age === null ? "" : ` (${duration(age * 1000)})`;
    return `${head.kind} ${head.name}: ${head.reason}${since}${isPart(head) ? waiting(others) : more(others)}`;
}

const more = (others: readonly Chain[]): string =>
    others.length === 0 ? "" : `, and ${others.length} more of the same reason`;

/** Who waits for a part: one chain in full, since it may not be obvious why; one that says what fails, if any does. */
function waiting(others: readonly Chain[]): string {
    const first = others.find(({ isError }) => isError) ?? others[0];
    return first === undefined
        ? ""
        : `; ${others.length} ${others.length === 1 ? "waits" : "wait"} for it: ` +
              `${first.kind} ${first.name}: ${first.reason}${others.length > 1 ? ", …" : ""}`;
}

/**
 * Groups in lines, each with what to do next in lines of their own, and the number of those that are left out.
 * @param most groups that are named
 * @param next commands that show more of what holds a chain up, or end it
 */
export function groupLines(
    groups: readonly Group[],
    now: Date,
    most: number,
    next: (head: Chain) => readonly string[] = () => [],
): string[] {
    const left = groups.slice(most);
    const chains = left.reduce((sum, { others }) => sum + 1 + others.length, 0);
    return [
        ...groups
            .slice(0, most)
            .flatMap((group) => [groupLine(group, now), ...next(group.head).map((command) => `  ${command}`)]),
        ...(left.length === 0 ? [] : [`and ${chains} more, for ${left.length} other reasons`]),
    ];
}
