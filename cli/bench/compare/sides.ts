import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../../plan/user-error";
import { settings, type BenchOptions } from "../options";

/** One of the labs that are compared. */
export interface Side {
    /** Absent where nothing is compared. */
    name?: SideName;
    /** Configuration beside the sizes. */
    settings: Record<string, string>;
    /** Folder of the checkout whose program makes the lab. Default: this one. */
    checkout?: string;
    /** Whether a record of its runs is kept. */
    isRecorded: boolean;
}

export type SideName = "A" | "B";

/**
 * The labs that each size is measured with: one, or A and B.
 * @throws UserError when the options contradict each other
 */
export function sidesOf(options: BenchOptions): Side[] {
    const { compare, compareCheckout, compareNoRecord, grow, reference, underLoad, set, record } = options;
    const given = settings(set);
    if (compare === undefined && compareCheckout === undefined && !compareNoRecord) {
        return [{ settings: given, isRecorded: record }];
    }
    if (grow || reference || underLoad) {
        throw new UserError(
            "--compare, --compare-checkout, --compare-no-record: each lab is made anew in the lab's own way, so they " +
                "exclude --grow, --reference and --under-load",
        );
    }
    const checkout = compareCheckout === undefined ? undefined : resolve(compareCheckout);
    if (checkout !== undefined && !existsSync(join(checkout, "toolchain", "bootstrap.mjs"))) {
        throw new UserError(`--compare-checkout: ${checkout}: is no checkout of this program`);
    }
    return [
        { name: "A", settings: given, isRecorded: record },
        {
            name: "B",
            settings: { ...given, ...settings(compare ?? []) },
            ...(checkout && { checkout }),
            isRecorded: record && !compareNoRecord,
        },
    ];
}

/** What a side is, in words. */
export function sideText({ settings: values, checkout, isRecorded }: Side): string {
    const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    const parts = [
        ...(checkout === undefined ? [] : [`the checkout ${checkout}`]),
        ...pairs,
        ...(isRecorded ? [] : ["without a record"]),
    ];
    return parts.length === 0 ? "as it is" : parts.join(", ");
}
