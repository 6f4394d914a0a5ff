import { requestErrorText } from "../../lib/kubernetes";
import { WaitTimeout, waitUntil, type Clock, type Look } from "../../lib/wait-until";
import { explain, type Chain } from "./chains";
import { FleetTimeout, named, ObjectsMissing } from "./errors";
import { NO_EVIDENCE, type Evidence } from "./evidence";
import { pendingObjects, progressLine, type Fleet, type Wanted } from "./fleet";
import { groupChains, groupLine, groupLines, type Group } from "./groups";
import type { KnownLab } from "./lab-parts";
import { pendingMachinery, type Machinery } from "./machines";
import { nextSteps, type Commands } from "./next-step";
import { pendingParts, type PartStatus, type Pending } from "./pending";

/** One wait for the fleet. */
export interface FleetWaitArgs {
    want: Wanted;
    lab: KnownLab;
    timeoutSeconds: number;
    /** Reads hosts, clusters and workloads from the management cluster. */
    read: () => Promise<Fleet>;
    /** Reads what the Clusters consist of. */
    readMachinery: () => Promise<Machinery>;
    /** Reads why these Clusters, and whatever else is pending, are not where they should be. */
    readEvidence: (clusters: readonly string[]) => Promise<Evidence>;
    /** Reads the lab's Docker containers: they answer for a cluster that does not. */
    readContainers: () => Promise<PartStatus[]>;
    /**
     * Told one line whenever the counts change, and every {@link REPORT_SECONDS} otherwise. Also told what is stuck, at
     * most {@link STUCK_NAMED} reasons, when nothing has moved for {@link STILL_SECONDS} and something else is stuck.
     */
    report: (line: string) => void;
    /** What else to know when the wait was in vain. */
    hint: string;
    /** Commands that are named with what they are good for. */
    commands: Commands;
    /** Tests set a clock of their own. Default: the machine's clock. */
    clock?: Clock;
}

/** Seconds between two lines of progress while nothing changes. */
const REPORT_SECONDS = 30;
/** Seconds without a change of the counts after which the wait looks for what is stuck, and looks again. */
const STILL_SECONDS = 60;
/** Reasons that are named while the wait goes on. */
const STUCK_NAMED = 3;
/**
 * So many looks in a row must miss an object before the wait is given up. A list from kube-apiserver's cache may be
 * older than an object that was just made.
 */
const LOOKS_WITHOUT = 3;

/**
 * Seconds between two looks. A look costs the API server and the program about 1 ms an object: every 2 s for a small
 * fleet, every 15 s for a thousand hosts and clusters, never less than every 20 s.
 */
export const pollSeconds = (objects: number): number => Math.min(20, 2 + objects / 150);

/**
 * Waits until every host and cluster is where it should be, and every part that they live on works.
 * @returns the fleet as last seen.
 * @throws FleetTimeout after `timeoutSeconds`; a look that fails is tried again until then.
 * @throws ObjectsMissing when the same is lost in three looks, one after the other.
 */
export async function waitForFleet(args: FleetWaitArgs): Promise<Fleet> {
    const looks = new FleetLooks(args);
    const { want, timeoutSeconds, hint, clock } = args;
    try {
        return await waitUntil<Fleet>({
            what: "the fleet",
            timeoutMs: timeoutSeconds * 1000,
            everyMs: 1000 * pollSeconds(want.hosts.length + want.clusters.length),
            look: () => looks.look(),
            ...(clock === undefined ? {} : { clock }),
        });
    } catch (error) {
        throw error instanceof WaitTimeout
            ? new FleetTimeout(await looks.causes(), looks.next, timeoutSeconds, hint, looks.lastError)
            : error;
    }
}

const withoutAge = ({ since: _since, ...head }: Group["head"]): Group["head"] => head;

/** What the looks of one wait have found so far. */
class FleetLooks {
    pending: readonly Pending[];
    /** Why the last look failed, or "". */
    lastError = "";
    private readonly now: () => number;
    private readonly started: number;
    private counts = "";
    private reported = -Infinity;
    private looksWithout = 0;
    private fleet: Fleet = { hosts: [], clusters: [], parts: [] };
    private moved: number;
    /** What was last found to be stuck, without its age. */
    private stuck: ReadonlySet<string> = new Set();

    constructor(private readonly args: FleetWaitArgs) {
        this.now = args.clock?.now ?? Date.now;
        this.started = this.now();
        this.moved = this.started;
        this.pending = [
            ...args.want.hosts.map((name): Pending => ({ kind: "BareMetalHost", name, reason: "never seen" })),
            ...args.want.clusters.map((name): Pending => ({ kind: "Cluster", name, reason: "never seen" })),
        ];
    }

    async look(): Promise<Look<Fleet>> {
        const [containers, read] = await Promise.allSettled([this.args.readContainers(), this.args.read()]);
        if (containers.status === "rejected" || read.status === "rejected") {
            // The cluster's own container may be the reason why the cluster does not answer.
            const broken = containers.status === "fulfilled" ? pendingParts(containers.value) : [];
            const failed = [containers, read].find((each) => each.status === "rejected");
            this.lastError = requestErrorText(failed?.reason);
            this.pending = [...broken, ...this.pending.filter(({ kind }) => kind !== "Container")];
            return this.verdict(broken);
        }
        this.lastError = "";
        const fleet = { ...read.value, parts: [...containers.value, ...read.value.parts] };
        this.fleet = fleet;
        this.pending = pendingObjects(fleet, this.args.want);
        if (this.pending.length === 0) {
            this.pending = await this.confirm();
        }
        this.report(fleet);
        await this.reportStuck();
        return this.pending.length === 0 ? { done: fleet } : this.verdict(this.pending);
    }

    /**
     * Whether the Machines, and the objects that make them, agree with the Clusters. A Cluster's status is a copy of
     * what its parts say, and a part may not have seen the last change yet. These lists are as long as that of the
     * Clusters, which costs the API server seconds for a thousand. So they are read only once everything looks done,
     * when they nearly always confirm it: an `up` reads them once or twice.
     */
    private async confirm(): Promise<Pending[]> {
        const { clusters, shape } = this.args.want;
        return clusters.length === 0 ? [] : pendingMachinery(await this.args.readMachinery(), clusters, shape);
    }

    /** Commands that show more of what holds a chain up, or end it. */
    readonly next = (head: Chain): string[] => nextSteps(head, this.args.lab, this.args.commands);

    /** What is pending, by the reasons that the objects themselves give. */
    async causes(): Promise<Group[]> {
        const { fleet, pending } = this;
        const queued = new Set(fleet.clusters.flatMap((each) => (each.queued ? [each.name] : [])));
        const clusters = pending.flatMap((each) => each.cluster ?? (each.kind === "Cluster" ? each.name : []));
        let evidence = NO_EVIDENCE;
        if (this.lastError === "") {
            try {
                evidence = await this.args.readEvidence([...new Set(clusters)].filter((name) => !queued.has(name)));
            } catch (error) {
                this.lastError = requestErrorText(error);
            }
        }
        return groupChains(explain(pending, fleet, evidence), this.args.lab, new Date());
    }

    /** Says what is stuck, once nothing has moved for a while, and later only what was not stuck before. */
    private async reportStuck(): Promise<void> {
        if (this.pending.length === 0 || this.now() - this.moved < STILL_SECONDS * 1000) {
            return;
        }
        this.moved = this.now();
        const groups = (await this.causes()).filter(({ progress }) => progress === "stuck");
        const told = (group: Group): string => groupLine({ ...group, head: withoutAge(group.head) }, new Date());
        const fresh = groups.filter((group) => !this.stuck.has(told(group)));
        for (const line of groupLines(fresh, new Date(), STUCK_NAMED, this.next)) {
            this.args.report(line.startsWith(" ") ? line : `stuck: ${line}`);
        }
        this.stuck = new Set(groups.map(told));
    }

    /** @param seen what this look itself has found to be pending */
    private verdict(seen: readonly Pending[]): Look<Fleet> {
        const lost = seen.filter((each) => each.lost !== undefined);
        this.looksWithout = lost.length > 0 ? this.looksWithout + 1 : 0;
        return this.looksWithout < LOOKS_WITHOUT
            ? { pending: named(seen) }
            : { failed: new ObjectsMissing(lost, this.args.commands.refresh) };
    }

    private report(fleet: Fleet): void {
        const { want, report } = this.args;
        const elapsed = (this.now() - this.started) / 1000;
        const counts = progressLine(fleet, want, 0);
        if (counts !== this.counts) {
            this.moved = this.now();
        }
        if (counts !== this.counts || elapsed - this.reported >= REPORT_SECONDS || this.pending.length === 0) {
            report(progressLine(fleet, want, elapsed));
            this.counts = counts;
            this.reported = elapsed;
        }
    }
}
