import { UserError } from "../../../plan/user-error";
import type { LabPlace } from "../lab";
import { nodesOf, POWER_SYNCS, type BenchOptions } from "../options";
import type { SizingPlan } from "./steps";

/** Numbers of conductors that are measured when none are given. */
const DEFAULT_CONDUCTORS = [1, 2, 4];
/** Hosts that each conductor has at least: between the first and the last one a power sync is timed. */
const LEAST_HOSTS_PER_CONDUCTOR = 2;
/** Keys of the configuration that the points themselves set, or that would set the power sync as well. */
const OWN_KEYS = ["nodes", "clusters", "conductors", "tuning", "without"];

/** What --sizing measures: numbers of hosts and conductors, and power syncs. */
export const sizingPlan = (options: BenchOptions): SizingPlan => ({
    nodes: nodesOf(options),
    conductors: options.conductors ?? DEFAULT_CONDUCTORS,
    powerSyncs: options.powerSync ?? POWER_SYNCS,
});

/**
 * @param given configuration of the labs
 * @throws UserError with everything that goes not with --sizing, or only with it, before anything is made
 */
export function checkSizing(
    options: BenchOptions,
    given: Readonly<Record<string, string>>,
    place: Pick<LabPlace, "isHere">,
): void {
    const problems = options.sizing
        ? [...otherWays(options), ...settingProblems(given, place), ...planProblems(sizingPlan(options))]
        : [
              ...(options.conductors ? ["--conductors: only with --sizing; else use --set conductors=N"] : []),
              ...(options.powerSync ? ["--power-sync: only with --sizing"] : []),
          ];
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
}

function otherWays(options: BenchOptions): string[] {
    const why = (given: boolean, option: string, reason: string): string[] =>
        given ? [`${option}: not with --sizing: ${reason}`] : [];
    return [
        ...why(options.clusters !== undefined, "--clusters", "its labs have hosts alone"),
        ...why(options.grow, "--grow", "its labs grow through all sizes anyway"),
        ...why(options.underLoad, "--under-load", "its labs are measured at rest"),
        ...why(options.reference, "--reference", "use --power-sync published for the published lab's power sync"),
        ...why(options.compare !== undefined, "--compare", "it measures one configuration"),
        ...why(options.compareCheckout !== undefined, "--compare-checkout", "it measures this checkout"),
        ...why(options.runs > 1, "--runs", "it measures each point once"),
        ...why(options.thresholds !== undefined, "--thresholds", "limits are held against records, and it keeps none"),
        ...why(options.junit !== undefined, "--junit", "it has no verdicts of limits"),
        ...why(options.idle > 0, "--idle", "each lab is measured at rest for two power syncs anyway"),
    ];
}

function settingProblems(given: Readonly<Record<string, string>>, { isHere }: Pick<LabPlace, "isHere">): string[] {
    const own = OWN_KEYS.filter((key) => key in given).map(
        (key) => `--set ${key}=${given[key]}: not with --sizing, which sets it`,
    );
    return [
        ...own,
        ...(isHere
            ? []
            : ["--set substrate=existing: not with --sizing: CPU is read on the machine of the lab's parts"]),
        ...(given["fakeNodes"] === "kubernetes"
            ? ["--set fakeNodes=kubernetes: not with --sizing: it changes the power of hosts at their BMCs' addresses"]
            : []),
    ];
}

function planProblems({ nodes, conductors, powerSyncs }: SizingPlan): string[] {
    const wrong = conductors.filter((count) => count < 1);
    const least = LEAST_HOSTS_PER_CONDUCTOR * Math.max(...conductors);
    const few = nodes.filter((hosts) => hosts < least);
    const rises = nodes.every((hosts, index) => index === 0 || hosts > (nodes[index - 1] as number));
    const repeats = (values: readonly unknown[]): boolean => new Set(values).size < values.length;
    return [
        ...(wrong.length > 0 ? [`--conductors: ${conductors.join(",")}: each must be 1 or more`] : []),
        ...(repeats(conductors) ? [`--conductors: ${conductors.join(",")}: must not repeat a number`] : []),
        ...(repeats(powerSyncs) ? [`--power-sync: ${powerSyncs.join(",")}: must not repeat a word`] : []),
        ...(rises ? [] : [`--nodes: ${nodes.join(",")}: must rise, because each lab grows through them`]),
        ...(few.length > 0
            ? [
                  `--nodes: ${few.join(",")}: must be ${least} or more for ${Math.max(...conductors)} conductors, ` +
                      `${LEAST_HOSTS_PER_CONDUCTOR} for each`,
              ]
            : []),
    ];
}
