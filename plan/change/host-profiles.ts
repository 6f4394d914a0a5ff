import type { LabConfig } from "../config/keys";
import { profileByIndex } from "../host-profiles/mix";
import { DEFAULT_PROFILE } from "../host-profiles/shipped";
import { hostName } from "../identities";
import type { LivingLab } from "./living-lab";
import { replaceLab, type ChangeProblem } from "./replace-lab";

/**
 * A host is the same machine as long as it is there: BMO and Ironic hold what they have found in it, the ports of its
 * NICs among that, and a workload may run on it. Hosts that leave the lab, and those that come, may be any.
 */
export function profileProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    const { nodes, hostProfiles } = after;
    if (nodes === undefined || hostProfiles === undefined) {
        return [];
    }
    const wanted = profileByIndex(hostProfiles);
    const others = Array.from({ length: nodes }, (_, index) => index).filter((index) => {
        const name = hostName(index);
        return before.hosts[name] !== undefined && (before.profiles[name] ?? DEFAULT_PROFILE) !== wanted(index);
    });
    const [first] = others;
    if (first === undefined) {
        return [];
    }
    const name = hostName(first);
    const is = before.profiles[name] ?? DEFAULT_PROFILE;
    const which = others.length === 1 ? name : `${others.length} hosts, of which the first is ${name},`;
    const rule =
        `${which} would be another machine (${name}: ${wanted(first)}, is ${is}), ` +
        "and the hardware of a host that is there does not change: set it back, " +
        `lower nodes to ${first} or less first, or ${replaceLab(before)}`;
    return [{ key: "hostProfiles", rule }];
}
