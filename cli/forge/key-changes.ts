import { plannedLab } from "../../plan/change/planned-lab";
import { changeSummary } from "../../plan/change/summary";
import { defaultOf, keys, type Key, type LabConfig } from "../../plan/config/keys";
import { stackName } from "../../plan/identities";
import { plan } from "../../plan/plan";
import { MEASUREMENTS } from "../../plan/prediction/measurements";
import type { Room } from "../../plan/prediction/own-runs";
import { predicted, predictionLine } from "../../plan/prediction/words";
import { ConfigurationError, validate } from "../../plan/validate";
import { versionSets } from "../../toolchain/images/recipes";

/** A configuration as Pulumi holds it. */
type Raw = Readonly<Record<string, string>>;

/** How a stack's configuration changes, in words. */
export interface StackChange {
    /** One sentence for each key, in Markdown. */
    keys: string[];
    /** What comes and what goes of a lab of the earlier configuration; undefined where hosts and clusters stay. */
    summary: string | undefined;
    /** What that is predicted to take; undefined where hosts, machines and conductors stay as many. */
    predicted?: string | undefined;
}

/** What a file has in the place of a value that is encrypted. */
const isSecret = (value: string): boolean => value.startsWith('{"secure":');

/** A value as it may be shown to everybody. */
function shown(key: string, value: string | undefined): string {
    if (value !== undefined) {
        return isSecret(value) ? "a secret" : `\`${value.replaceAll("`", "'")}\``;
    }
    const standard = key in keys ? defaultOf(key as Key) : undefined;
    return standard === undefined ? "unset" : `\`${standard}\` (the default)`;
}

const onChange = (key: string): string => (key in keys ? ` ${keys[key as Key].onChange}` : "");

/** A configuration that can work; undefined for one that cannot: the preview names its problems. */
function valid(raw: Raw): LabConfig | undefined {
    try {
        return validate({ ...raw });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return undefined;
        }
        throw error;
    }
}

/** What is said of a lab that is up and gets another configuration. */
function saidOf(
    stack: string,
    earlier: LabConfig,
    later: LabConfig,
    machine: Room,
): Pick<StackChange, "summary" | "predicted"> {
    const versions = versionSets();
    const [before, planned] = [plannedLab(stack, earlier, versions), plan(later, stack)];
    const change = { before, plan: planned, config: later, versions };
    return {
        summary: changeSummary(before, planned, later, versions),
        predicted: predictionLine(predicted(change, { ...machine, ownRuns: [] })),
    };
}

/**
 * What changes between two configurations of a stack.
 * @param before undefined: the stack's file is new
 * @param machine for which is predicted what the change takes; default: that of the measurements
 */
export function stackChange(
    stack: string,
    before: Raw | undefined,
    after: Raw,
    machine: Room = MEASUREMENTS.machine,
): StackChange {
    const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])].sort();
    const [earlier, later] = [before && valid(before), valid(after)];
    return {
        keys:
            before === undefined
                ? []
                : names
                      .filter((key) => before[key] !== after[key])
                      .map(
                          (key) =>
                              `\`${key}\`: ${shown(key, before[key])} → ${shown(key, after[key])}.${onChange(key)}`,
                      ),
        ...(earlier && later ? saidOf(stackName(stack), earlier, later, machine) : { summary: undefined }),
    };
}
