import { mean } from "simple-statistics";
import type { RunResult } from "../file";
import { otherCpu } from "../run-figures";
import { ASSUMED_NOISE } from "./verdict";

/**
 * Why the sides do not compare: other programs than the lab's took more of the machine in the runs of one side than in
 * those of the other, by more than the noise of a single run's CPU. Undefined: they did not, or the lab's parts are not
 * on this machine.
 */
export function disturbed(a: readonly RunResult[], b: readonly RunResult[]): string | undefined {
    const [inA, inB] = [other(a), other(b)];
    const all = [...a, ...b].flatMap(({ growth: { machine } }) => machine?.cpuSeconds ?? []);
    if (inA === undefined || inB === undefined || Math.abs(inA - inB) <= ASSUMED_NOISE * mean(all)) {
        return undefined;
    }
    return (
        `other programs than the lab's took ${Math.round(inA)} CPU-s in a run of A and ${Math.round(inB)} in one ` +
        "of B, so that the labs do not compare: measure again while the machine does nothing else"
    );
}

/** CPU-seconds of other programs in a run of a side, the mean. */
function other(runs: readonly RunResult[]): number | undefined {
    const each = runs.flatMap(({ growth }) => (growth.machine === undefined ? [] : otherCpu(growth.machine, growth)));
    return each.length === 0 ? undefined : mean(each);
}
