import type { LabConfig } from "./config/keys";
import type { Problem } from "./problem";
import { SETTINGS, type Profile } from "./profiles";

/** Rows of docs/deviations.md that can be left out: those that a setting of the profile has. */
export const ROWS: readonly string[] = [...new Set(Object.values(SETTINGS).flatMap(({ deviations }) => deviations))];

/** Changes of Ironic's process, each of which can be left out by itself. */
const CHANGES = SETTINGS.tunedRuntime.deviations;

/** Larger servers are also what the other two go into. */
const GO_TOGETHER = [["ironic-server-sizes", "ironic-hash-ring-balance", "ironic-response-cache"]];

/** Rows that only go together: they are one setting. */
const groups = (): (readonly string[])[] => [
    ...Object.values(SETTINGS)
        .map(({ deviations }) => deviations)
        .filter((rows) => rows !== CHANGES && rows.length > 1),
    ...GO_TOGETHER,
];

/** The profile in which settings whose deviations are all left out have their published values. */
export function withoutDeviations(profile: Profile, without: readonly string[]): Profile {
    const left = Object.entries(SETTINGS).filter(([, { deviations }]) =>
        deviations.every((row) => without.includes(row)),
    );
    return { ...profile, ...Object.fromEntries(left.map(([name, { published }]) => [name, published])) };
}

/** The changes of Ironic's process that are left out, of those that its conductors would make. */
export const changesLeftOut = (without: readonly string[]): string[] => CHANGES.filter((row) => without.includes(row));

/** Rows that there are not, and rows that only go with others. */
export function withoutProblems({ without = [] }: Partial<LabConfig>): Problem[] {
    const unknown = without.filter((row) => !ROWS.includes(row));
    const halves = groups().flatMap((rows) => {
        const missing = rows.filter((row) => !without.includes(row));
        const named = rows.filter((row) => without.includes(row));
        // Hash rings and remembered answers can go alone: what they go into stays.
        const isHalf = rows === GO_TOGETHER[0] ? named.includes("ironic-server-sizes") : named.length > 0;
        return isHalf && missing.length > 0 ? [{ named, missing }] : [];
    });
    const problem = (value: unknown, rule: string): Problem => ({ key: "without", value: JSON.stringify(value), rule });
    return [
        ...unknown.map((row) => problem(row, `is no deviation that can be left out: those are ${ROWS.join(", ")}`)),
        ...halves.map(({ named, missing }) => problem(named, `goes only together with ${missing.join(", ")}`)),
    ];
}
