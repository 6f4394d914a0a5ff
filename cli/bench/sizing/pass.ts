import type { Sighting } from "./row";

/** Longest way back in time from a host to the next one within one power sync, as a part of the interval. */
const LARGEST_STEP_BACK = 0.5;

/**
 * Seconds that a power sync takes to go through all hosts of its conductor, by when it found changes at the first host,
 * at the last one and at some in between.
 *
 * All hosts are changed at the same moment. If a power sync is under way then, it finds only the hosts that it has not
 * looked at, and the next one finds those before them, an interval later. Between those two hosts the time goes back,
 * so that step is left out, and the others stand for the whole.
 * @param sightings of the hosts of one conductor
 * @returns undefined when fewer than two hosts were found in the same power sync
 */
export function passSeconds(sightings: readonly Sighting[], intervalSeconds: number): number | undefined {
    const found = sightings
        .flatMap(({ position, seen }) => (seen === null ? [] : [{ position, at: Date.parse(seen) / 1000 }]))
        .sort((a, b) => a.position - b.position);
    const steps = found.slice(1).map(({ position, at }, index) => {
        const before = found[index] as { position: number; at: number };
        return { hosts: position - before.position, seconds: at - before.at };
    });
    // Several workers share the hosts, so neighbours may be found in the other order, shortly one after the other.
    const within = steps.filter(({ seconds }) => seconds > -LARGEST_STEP_BACK * intervalSeconds);
    const sum = (part: readonly (typeof steps)[number][], of: "hosts" | "seconds"): number =>
        part.reduce((total, step) => total + step[of], 0);
    const covered = sum(within, "hosts");
    if (covered === 0) {
        return undefined;
    }
    if (within.length === steps.length) {
        const times = found.map(({ at }) => at);
        return Math.max(...times) - Math.min(...times);
    }
    return Math.max(0, (sum(within, "seconds") * sum(steps, "hosts")) / covered);
}
