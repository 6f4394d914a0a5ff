import { between, type Clock } from "./clock.js";

/** A series of waits in seconds: the first one, the factor from one to the next, and the longest. */
export interface Backoff {
    first: number;
    factor: number;
    most: number;
}

/**
 * Waits before a request is repeated, by the result of the last one. Ironic's API limits the lab, at about 10 ms of CPU
 * a request, so the waits grow. A lock is held for moments only, so the waits for one stay short.
 */
export const RETRY = {
    /** 409: the node is locked. */
    locked: { first: 3, factor: 1.2, most: 5 },
    /** 404 to a lookup: Ironic does not expect an agent, or does not yet. */
    "not-expected": { first: 1, factor: 1.5, most: 30 },
    /** 404 to an inspection: the node does not wait for one, or does not yet. */
    "not-inspecting": { first: 3, factor: 1.6, most: 120 },
    /** 5xx, no answer, or an answer that is not Ironic's. */
    error: { first: 3, factor: 1.6, most: 30 },
} as const satisfies Record<string, Backoff>;

/**
 * Distances in seconds of the heartbeats that repeat an important one until Ironic calls. A heartbeat costs Ironic
 * about 25 ms of CPU and a lock on the node, so shorter distances only slow down an Ironic that is busy: with 2, 4, 8
 * and 16 s there were 15 heartbeats a host, at 50 hosts at once.
 */
export const HEARTBEAT_REPEATS: readonly number[] = [3, 8, 20, 45, 90];

/** The wait before attempt `attempt` + 1, in milliseconds. A random fifth more or less makes the agents drift apart. */
export function backoff(clock: Clock, series: Backoff, attempt: number): number {
    return 1000 * Math.min(series.most, series.first * series.factor ** attempt) * between(clock, 0.8, 1.2);
}

/**
 * The wait between heartbeats, in milliseconds: 0.3 to 0.6 of Ironic's timeout, as in ironic-python-agent (agent.py,
 * `min_jitter_multiplier` and `max_jitter_multiplier`).
 */
export function heartbeatInterval(clock: Clock, timeoutSeconds: number): number {
    return 1000 * timeoutSeconds * between(clock, 0.3, 0.6);
}
