import { requestErrorText } from "../../lib/kubernetes";
import { WaitTimeout, waitUntil, type Clock, type Look } from "../../lib/wait-until";
import { UserError } from "../../plan/user-error";
import { decide, type Decision, type HostSight, type Sight, type Staying } from "./decide";

/** One run of vacating hosts. */
export interface VacateArgs {
    staying: Staying;
    timeoutSeconds: number;
    management: {
        hosts(): Promise<HostSight[]>;
        sight(hosts: HostSight[]): Promise<Sight>;
        carryOut(decision: Decision, now: string): Promise<void>;
    };
    /** Told one line whenever another host is waited for, and every {@link REPORT_MS} otherwise. */
    report: (line: string) => void;
    /** Tests set a clock of their own. Default: the machine's clock. */
    clock?: Clock;
}

/** Milliseconds between two looks. */
const LOOK_MS = 3_000;
const REPORT_MS = 30_000;
/** Hosts that a message names; the others are counted. */
const NAMED = 10;

const named = (lines: readonly string[]): string[] => [
    ...lines.slice(0, NAMED).map((line) => `  ${line}`),
    ...(lines.length > NAMED ? [`  and ${lines.length - NAMED} more`] : []),
];

/** Hosts that are to leave the lab cannot get free. */
class HostsInUse extends UserError {
    constructor(problems: readonly string[]) {
        super(
            [
                "These hosts are to leave the lab, and are in use by what stays; nothing was moved:",
                ...named(problems),
                "Set 'nodes' higher or 'clusters' lower, or free a host that stays.",
            ].join("\n"),
        );
    }
}

/**
 * Frees the hosts that are about to leave the lab: Pulumi deletes them at the end of `up`. Clusters that leave are
 * deleted first, machines of clusters that stay move to other hosts. Returns after one list of hosts where none leaves.
 * @throws HostsInUse before anything is moved, when a machine has nowhere to move to
 * @throws UserError after `timeoutSeconds`, naming the hosts that are still in use
 */
export async function vacateHosts(args: VacateArgs): Promise<void> {
    const { staying, management, timeoutSeconds, report, clock } = args;
    const now = clock?.now ?? Date.now;
    let reported = { text: "", at: -Infinity };
    const look = async (): Promise<Look<undefined>> => {
        const hosts = await management.hosts();
        const concerns = ({ name, leaving }: HostSight): boolean =>
            staying.hosts.has(name) ? leaving : staying.isOwnHost(name);
        if (!hosts.some(concerns)) {
            return { done: undefined };
        }
        const decision = decide(await management.sight(hosts), staying);
        if (decision.problems.length > 0) {
            return { failed: new HostsInUse(decision.problems) };
        }
        await management.carryOut(decision, new Date(now()).toISOString());
        const { mark, unmark, deleteClusters, roll, waiting } = decision;
        if ([mark, unmark, deleteClusters, roll, waiting].every(({ length }) => length === 0)) {
            return { done: undefined };
        }
        // What was written just now takes effect later: FKAS may have released a host before it saw the mark.
        const text = `hosts that leave and cannot yet: ${waiting.length}; ${waiting[0]}`;
        if (waiting.length > 0 && (text !== reported.text || now() - reported.at >= REPORT_MS)) {
            report(text);
            reported = { text, at: now() };
        }
        return { pending: named(waiting) };
    };
    try {
        await waitUntil<undefined>({
            what: "the hosts that leave the lab to be free",
            timeoutMs: timeoutSeconds * 1000,
            everyMs: LOOK_MS,
            look: () => look().catch((error: unknown) => ({ pending: [requestErrorText(error)] })),
            hint: "'waitTimeout' is the limit. The next 'pulumi up' goes on.",
            ...(clock === undefined ? {} : { clock }),
        });
    } catch (error) {
        throw error instanceof WaitTimeout ? new UserError(error.message) : error;
    }
}
