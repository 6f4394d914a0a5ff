import type { LabConfig } from "./config/keys";
import type { Problem } from "./problem";
import { SETTINGS, type Profile } from "./profiles";

/** Rows of docs/deviations.md that can be left out: those that a setting of the profile has. */
export const ROWS: readonly string[] = [...new Set(Object.values(SETTINGS).flatMap(({ deviations }) => deviations))];

/** Changes of Ironic's process, each of which can be left out by itself. */
const CHANGES = SETTINGS.tunedRuntime.deviations;

/** Rows of which some cannot be left out without all the others. */
const GROUPS: readonly { rows: readonly string[]; notAlone: readonly string[] }[] = [
    ...Object.values(SETTINGS)
        .map(({ deviations }) => deviations)
        .filter((rows) => rows !== CHANGES && rows.length > 1)
        .map((rows) => ({ rows, notAlone: rows })),
    // Larger servers are also what the other two go into.
    {
        rows: ["ironic-server-sizes", "ironic-hash-ring-balance", "ironic-response-cache"],
        notAlone: ["ironic-server-sizes"],
    },
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
    const halves = GROUPS.filter(({ notAlone }) => notAlone.some((row) => without.includes(row)))
        .map(({ rows }) => ({
            named: rows.filter((row) => without.includes(row)),
            missing: rows.filter((row) => !without.includes(row)),
        }))
        .filter(({ missing }) => missing.length > 0);
    const problem = (value: unknown, rule: string): Problem => ({ key: "without", value: JSON.stringify(value), rule });
    return [
        ...unknown.map((row) => problem(row, `is no deviation that can be left out: those are ${ROWS.join(", ")}`)),
        ...halves.map(({ named, missing }) => problem(named, `goes only together with ${missing.join(", ")}`)),
    ];
}
