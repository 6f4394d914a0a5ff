import { addressParts, bootModeOf, driverOf } from "../bmc";
import type { Key, LabConfig } from "../config/keys";
import type { HostProfile } from "../host-profiles/definition";
import { profileByIndex, profileNamed } from "../host-profiles/mix";
import { DEFAULT_PROFILE } from "../host-profiles/shipped";
import { hostName } from "../identities";
import type { LivingLab } from "./living-lab";
import { keptRule, replaceLab, type ChangeProblem } from "./replace-lab";

/** What of a host's BMC stays as long as the host is there. */
type Kept = "bmcProtocol" | "bmcDriver" | "bootMode";

/** What is looked at, in a configuration that has all of it. */
type Wanted = Pick<LabConfig, "nodes" | "hostProfiles" | Kept>;

/**
 * Hosts that are there keep their BMC's address, which BMO does not change, and their boot mode, which Ironic has
 * deployed them in. A host that becomes another machine is a problem of its profile, and not looked at here.
 */
export function bmcProblems(before: LivingLab, after: Partial<LabConfig>): ChangeProblem[] {
    if (!isWhole(after)) {
        return [];
    }
    const nameOf = profileByIndex(after.hostProfiles);
    const problems = new Map<Key, ChangeProblem>();
    for (let index = 0; index < after.nodes; index++) {
        const host = hostName(index);
        const name = nameOf(index);
        if (before.hosts[host] === undefined || (before.profiles[host] ?? DEFAULT_PROFILE) !== name) {
            continue;
        }
        for (const { key, rule } of hostProblems(before, host, name, after)) {
            problems.set(key, problems.get(key) ?? { key, rule });
        }
    }
    return [...problems.values()];
}

const isWhole = (after: Partial<LabConfig>): after is Partial<LabConfig> & Wanted =>
    (["nodes", "hostProfiles", "bmcProtocol", "bmcDriver", "bootMode"] as const).every(
        (key) => after[key] !== undefined,
    );

function hostProblems(before: LivingLab, host: string, name: string, after: Wanted): ChangeProblem[] {
    const profile = profileNamed(after.hostProfiles, name);
    const { driver, protocol } = addressParts(before.hosts[host] ?? "") ?? {};
    const has: Record<Kept, string | undefined> = {
        bmcProtocol: protocol,
        bmcDriver: driver,
        bootMode: before.bootModes[host],
    };
    const wanted: Record<Kept, string> = {
        bmcProtocol: after.bmcProtocol,
        bmcDriver: driverOf(profile, after),
        bootMode: bootModeOf(profile, after),
    };
    return (Object.keys(wanted) as Kept[]).flatMap((key) => {
        const value = has[key];
        return value === undefined || value === wanted[key] ? [] : [problemOf(key, value, { before, name, profile })];
    });
}

/** A profile that says it itself is what has to be set back, and not the key for all other hosts. */
function problemOf(
    key: Kept,
    value: string,
    { before, name, profile }: { before: LivingLab; name: string; profile: HostProfile },
): ChangeProblem {
    if (key === "bmcProtocol" || profile[key] === undefined) {
        return { key, rule: keptRule(key, value, before) };
    }
    const rule =
        `hosts of the profile ${name} have ${key} ${value}, and keep that as long as they are there: ` +
        `set it back, or ${replaceLab(before)}`;
    return { key: "hostProfiles", rule };
}
