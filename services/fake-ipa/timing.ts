import { between, type Clock } from "./clock.js";

/** A series of waits: `first` seconds, each `factor` times the one before, `most` at most. */
export interface Backoff {
    first: number;
    factor: number;
    most: number;
}

/**
 * How long to wait before a request is repeated. Ironic's API is what limits the lab (about 10 ms of its CPU a request), so waits grow; a lock
 * is held for moments, so they stay short there.
 */
export const RETRY = {
    /** 409, node locked. */
    locked: { first: 3, factor: 1.2, most: 5 },
    /** Lookup answers 404: Ironic does not expect an agent, or not yet. */
    notExpected: { first: 1, factor: 1.5, most: 30 },
    /** Inspection answers 404: the node is not waiting for it, or not yet. */
    notInspecting: { first: 3, factor: 1.6, most: 120 },
    /** 5xx, no answer, nonsense. */
    error: { first: 3, factor: 1.6, most: 30 },
} as const satisfies Record<string, Backoff>;

/**
 * Distances of the heartbeats that repeat an important one until Ironic reacts, in seconds. A heartbeat costs Ironic ~25 ms of CPU and a lock on the
 * node: where it is busy, shorter distances only make it slower (15 heartbeats a host were seen with 2, 4, 8, 16, at 50 hosts at once).
 */
export const EAGER_SECONDS: readonly number[] = [3, 8, 20, 45, 90];

/** The wait before attempt `attempt` + 1, in ms, give or take a fifth so that agents drift apart. */
export function backoff(clock: Clock, series: Backoff, attempt: number): number {
    return 1000 * Math.min(series.most, series.first * series.factor ** attempt) * between(clock, 0.8, 1.2);
}

/** The wait between heartbeats, in ms: 0.3 to 0.6 of Ironic's timeout, as ironic-python-agent does (agent.py, min/max_jitter_multiplier). */
export function heartbeatInterval(clock: Clock, timeoutSeconds: number): number {
    return 1000 * timeoutSeconds * between(clock, 0.3, 0.6);
}
