import { errorText } from "../../lib/error-text";

/** What went wrong has nothing to do with the size of the lab. */
export class LostError extends Error {}

/** How a rung came out. */
export interface Judgement {
    holds: boolean;
    /** What was held against it, a line each. */
    says: string[];
}

/** One size that was looked at. */
export interface Rung {
    hosts: number;
    /** Hosts that the lab had before. */
    from: number;
    /**
     * `refused`: not tried, because the memory cannot hold it. `unknown`: it was not over when the time was, or when it
     * was stopped.
     */
    verdict: "holds" | "fails" | "refused" | "unknown";
    says: string[];
    /** From the beginning of the rung to its verdict, a lab that was brought back first included. */
    seconds: number;
}

/** The lab that is brought from rung to rung. */
export interface CapacityLab {
    /** Why a size needs not be tried; undefined: it must be. */
    refused(hosts: number): string | undefined;
    /** Takes away what is there, and brings a new lab to a size that has held. 0: to no lab. Nothing is judged. */
    fresh(hosts: number): Promise<void>;
    /**
     * Lets the lab grow, and judges that.
     * @throws LostError where nothing can be said of the size
     * @throws Error where the lab does not get there
     */
    grow(from: number, to: number): Promise<Judgement>;
}

/** Between which sizes is searched, and how closely. */
export interface SearchPlan {
    /** First size, hosts. */
    start: number;
    /** Largest size. */
    most: number;
    /** The search ends where the largest size that holds and the smallest that does not differ by this share. */
    precision: number;
}

/** The world around a search. */
export interface SearchClock {
    /** Milliseconds. */
    now: () => number;
    /** Whether the time is over. */
    isOver: () => boolean;
    /** Whether a person has stopped it. */
    isStopped: () => boolean;
}

/** What a search has come to. */
export interface Found {
    /** Most hosts that were seen to hold; 0: none. */
    holds: number;
    /** Fewest hosts that were seen not to hold, or were refused. Undefined: none. */
    fails?: number;
    /** Why it ended. `most`: the largest size holds. */
    ended: "found" | "most" | "time" | "stopped" | "lost";
    /** With `lost`: why no further lab could be had. */
    why?: string;
}

/** The next size; undefined: there is none. Doubles until something does not hold, then halves what is between. */
export function nextSize({ start, most, precision }: SearchPlan, holds: number, fails?: number): number | undefined {
    if (fails === undefined) {
        return holds >= most ? undefined : Math.min(most, holds === 0 ? start : 2 * holds);
    }
    return fails - holds <= Math.max(1, holds * precision) ? undefined : Math.floor((holds + fails) / 2);
}

/**
 * Looks for the largest lab that holds. One lab grows as long as its rungs hold. What did not hold is taken away: of a
 * lab that has failed, or shrinks, nobody knows what it would be like. The next one is first brought to the size that
 * held last, so that each verdict is of the same thing: the way up from a smaller lab.
 * @param onRung told of each rung as soon as it is judged
 */
export async function search(
    plan: SearchPlan,
    lab: CapacityLab,
    clock: SearchClock,
    onRung: (rung: Rung) => Promise<void>,
): Promise<Found> {
    let [holds, fails, there]: [number, number | undefined, number | undefined] = [0, undefined, undefined];
    const found = (ended: Found["ended"], why?: string): Found => ({
        holds,
        ...(fails !== undefined && { fails }),
        ended,
        ...(why !== undefined && { why }),
    });
    for (;;) {
        const hosts = nextSize(plan, holds, fails);
        if (hosts === undefined) {
            return found(fails === undefined ? "most" : "found");
        }
        if (clock.isStopped() || clock.isOver()) {
            return found(clock.isStopped() ? "stopped" : "time");
        }
        const began = clock.now();
        const judged = (verdict: Rung["verdict"], says: string[]): Promise<void> =>
            onRung({ hosts, from: holds, verdict, says, seconds: (clock.now() - began) / 1000 });
        const refused = lab.refused(hosts);
        if (refused !== undefined) {
            await judged("refused", [refused]);
            fails = hosts;
            continue;
        }
        let judgement: Judgement;
        try {
            if (there !== holds) {
                there = undefined;
                await lab.fresh(holds).catch((error: unknown) => {
                    throw new LostError(errorText(error));
                });
            }
            judgement = await lab.grow(holds, hosts);
        } catch (error) {
            if (error instanceof LostError && !clock.isStopped() && !clock.isOver()) {
                return found("lost", error.message);
            }
            judgement = { holds: false, says: [errorText(error)] };
        }
        if (!judgement.holds && (clock.isStopped() || clock.isOver())) {
            await judged("unknown", judgement.says);
            return found(clock.isStopped() ? "stopped" : "time");
        }
        await judged(judgement.holds ? "holds" : "fails", judgement.says);
        if (judgement.holds) {
            [holds, there] = [hosts, hosts];
        } else {
            [fails, there] = [hosts, undefined];
        }
    }
}
