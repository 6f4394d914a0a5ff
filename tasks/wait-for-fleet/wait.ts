import { requestErrorText } from "../../lib/kubernetes";
import { WaitTimeout, waitUntil, type Clock, type Look } from "../../lib/wait-until";
import { UserError } from "../../plan/user-error";
import { explain, type Evidence } from "./chains";
import { pendingObjects, progressLine, type Fleet, type Wanted } from "./fleet";
import { pendingMachinery, type Machinery } from "./machines";
import { pendingParts, type PartStatus, type Pending } from "./pending";

/** One wait for the fleet. */
export interface FleetWaitArgs {
    want: Wanted;
    timeoutSeconds: number;
    /** Reads hosts, clusters and workloads from the management cluster. */
    read: () => Promise<Fleet>;
    /** Reads what the Clusters consist of. */
    readMachinery: () => Promise<Machinery>;
    /** Reads what lies between the Clusters and their hosts, once the time has run out. */
    readEvidence: () => Promise<Evidence>;
    /** Reads the lab's Docker containers: they answer for a cluster that does not. */
    readContainers: () => Promise<PartStatus[]>;
    /** Told one line whenever the counts change, and every {@link REPORT_SECONDS} otherwise. */
    report: (line: string) => void;
    /** Where to look when the wait was in vain. */
    hint: string;
    /** Command that makes again what somebody has deleted. */
    refresh: string;
    /** Tests set a clock of their own. Default: the machine's clock. */
    clock?: Clock;
}

/** Seconds between two lines of progress while nothing changes. */
const REPORT_SECONDS = 30;
/** Objects that an error names; the others are counted. */
const NAMED = 20;
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

const named = (pending: readonly Pending[]): string[] => [
    ...pending.slice(0, NAMED).map(({ kind, name, reason }) => `  ${kind} ${name}: ${reason}`),
    ...(pending.length > NAMED ? [`  and ${pending.length - NAMED} more`] : []),
];

/** Objects that an `up` has made are gone, or are stopped, and nothing in the lab brings them back. */
export class ObjectsMissing extends UserError {
    constructor(
        readonly missing: readonly Pending[],
        refresh: string,
    ) {
        const stopped = missing.filter(({ lost }) => lost === "start").map(({ name }) => name);
        const deleted = missing.some(({ lost }) => lost === "refresh");
        super(
            [
                "Something else has deleted or stopped these, and nothing in the lab brings them back:",
                ...named(missing),
                ...(stopped.length > 0 ? [`docker start ${stopped.join(" ")} starts what is stopped.`] : []),
                ...(deleted ? [`${refresh} notices what was deleted, and makes it again.`] : []),
            ].join("\n"),
        );
    }
}

const objectsAre = (count: number): string =>
    count === 1 ? "1 object is not where it should be" : `${count} objects are not where they should be`;

/** The fleet is not where it should be in time: which objects, and their last error. */
export class FleetTimeout extends UserError {
    constructor(
        readonly pending: readonly Pending[],
        timeoutSeconds: number,
        hint: string,
        lastError: string,
    ) {
        super(
            [
                `After ${timeoutSeconds} s ${objectsAre(pending.length)}:`,
                ...named(pending),
                ...(lastError ? [`The last look at the cluster failed: ${lastError}`] : []),
                hint,
            ].join("\n"),
        );
    }
}

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
            ? new FleetTimeout(await looks.causes(), timeoutSeconds, hint, looks.lastError)
            : error;
    }
}

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

    constructor(private readonly args: FleetWaitArgs) {
        this.now = args.clock?.now ?? Date.now;
        this.started = this.now();
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
        this.pending = pendingObjects(fleet, this.args.want);
        if (this.pending.length === 0) {
            this.pending = await this.confirm();
        }
        this.report(fleet);
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

    /** What is pending, with the reasons that the objects themselves give. */
    async causes(): Promise<readonly Pending[]> {
        if (this.lastError !== "" || this.args.want.clusters.length === 0) {
            return this.pending;
        }
        try {
            return explain(this.pending, await this.args.readEvidence());
        } catch (error) {
            this.lastError = requestErrorText(error);
            return this.pending;
        }
    }

    /** @param seen what this look itself has found to be pending */
    private verdict(seen: readonly Pending[]): Look<Fleet> {
        const lost = seen.filter((each) => each.lost !== undefined);
        this.looksWithout = lost.length > 0 ? this.looksWithout + 1 : 0;
        return this.looksWithout < LOOKS_WITHOUT
            ? { pending: named(seen) }
            : { failed: new ObjectsMissing(lost, this.args.refresh) };
    }

    private report(fleet: Fleet): void {
        const { want, report } = this.args;
        const elapsed = (this.now() - this.started) / 1000;
        const counts = progressLine(fleet, want, 0);
        if (counts !== this.counts || elapsed - this.reported >= REPORT_SECONDS || this.pending.length === 0) {
            report(progressLine(fleet, want, elapsed));
            this.counts = counts;
            this.reported = elapsed;
        }
    }
}
