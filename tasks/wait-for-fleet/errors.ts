import { UserError } from "../../plan/user-error";
import type { Chain } from "./chains";
import { groupLines, type Group } from "./groups";
import type { Pending } from "./pending";

/** Objects or reasons that an error names; the others are counted. */
const NAMED = 20;

/** Objects and why they are not where they should be, in lines. */
export const named = (pending: readonly Pending[]): string[] => [
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

/** The fleet is not where it should be in time: what is pending, by what holds it up. */
export class FleetTimeout extends UserError {
    /** @param next commands that show more of what holds a chain up, or end it */
    constructor(
        groups: readonly Group[],
        next: (head: Chain) => string[],
        timeoutSeconds: number,
        hint: string,
        lastError: string,
    ) {
        const count = groups.reduce((sum, { others }) => sum + 1 + others.length, 0);
        super(
            [
                `After ${timeoutSeconds} s ${objectsAre(count)}:`,
                ...groupLines(groups, new Date(), NAMED, next).map((line) => `  ${line}`),
                ...(lastError ? [`The last look at the cluster failed: ${lastError}`] : []),
                hint,
            ].join("\n"),
        );
    }
}
