/** One thing that happened. */
export interface Entry {
    /** ISO 8601 in UTC, with milliseconds. Kubernetes' own times are whole seconds. */
    time: string;
    /** Who says it: "BMO", "ironic-conductor-0", "agent", … */
    source: string;
    text: string;
}

/** A time as entries have it; undefined for what is no time. */
export function timeOf(value: Date | string | number | null | undefined): string | undefined {
    const time = value === null || value === undefined || value === "" ? NaN : new Date(value).getTime();
    return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** An entry at a time, or none where the time is not known. */
export const entryAt = (value: Parameters<typeof timeOf>[0], source: string, text: string): Entry[] => {
    const time = timeOf(value);
    return time === undefined ? [] : [{ time, source, text }];
};

/**
 * Entries of several sources in the order of time. Those of one time stay in the order in which they were given.
 * @param since leaves out what is older
 */
export const inOrder = (entries: readonly Entry[], since?: Date): Entry[] =>
    entries
        .filter(({ time }) => since === undefined || time >= since.toISOString())
        .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
