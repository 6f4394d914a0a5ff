import type { LivingLab } from "../change/living-lab";
import { partChanges, wantedParts } from "../change/part-version";
import type { LabConfig } from "../config/keys";
import type { VersionSets } from "../config/version-sets";
import type { LabPlan } from "../plan";
import { conductorCount } from "../sizes";
import { validate } from "../validate";
import type { LabSize } from "./model";
import type { Room } from "./own-runs";
import type { SizeChange } from "./predict";

/** A change of a lab. */
export interface WantedChange {
    /** Undefined: there is no lab. */
    before: LivingLab | undefined;
    plan: LabPlan;
    config: LabConfig;
    versions: VersionSets;
}

/** Keys that decide how long a lab takes, and with whose defaults alone labs were measured. */
export const MEASURED_WITH_DEFAULT = [
    "tuning",
    "without",
    "cleaning",
    "hostProfiles",
    "bmcProtocol",
    "bmcDriver",
    "bootMode",
    "fakeBootSeconds",
    "fakePowerSeconds",
    "powerSyncSeconds",
    "hostsAtOnce",
    "provisioningLimit",
    "wait",
] as const;

/** Why nothing can be predicted of a lab; undefined: it can. */
export function unpredictable(config: LabConfig): string | undefined {
    if (config.substrate === "existing") {
        return "neither the cores nor the memory of a cluster that is there are known";
    }
    const standard = validate({});
    const others = MEASURED_WITH_DEFAULT.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(standard[key]));
    return others.length === 0 ? undefined : `labs were measured with the default of ${others.join(", ")} alone`;
}

const sizeOfPlan = ({ hosts, clusters, conductors, machinesPerCluster }: LabPlan): LabSize => ({
    hosts: hosts.length,
    machines: clusters.length * machinesPerCluster,
    conductors: conductors.length,
});

const sizeOfLab = ({ hosts, clusters, conductors }: LivingLab): LabSize => ({
    hosts: Object.keys(hosts).length,
    machines: Object.values(clusters).reduce((sum, one) => sum + one.controlPlaneNodes + one.workerNodes, 0),
    conductors,
});

/** How a lab's size changes. @returns undefined where hosts, machines and conductors stay as many as they are */
export function sizeChange({ before, plan, config }: WantedChange): SizeChange | undefined {
    const [from, to] = [before && sizeOfLab(before), sizeOfPlan(plan)];
    const stays = from && (["hosts", "machines", "conductors"] as const).every((what) => from[what] === to[what]);
    return stays ? undefined : { from, to, conductorsOf: (hosts) => conductorCount(hosts, config.conductors) };
}

/** What a lab can use of a machine: a virtual machine has a part of it. */
export const roomOf = ({ substrate }: LabPlan, machine: Room): Room =>
    "memoryMib" in substrate
        ? {
              cores: Math.min(machine.cores, substrate.cpus),
              memoryGib: Math.min(machine.memoryGib, substrate.memoryMib / 1024),
          }
        : machine;

/** Whether a state has a lab, half-made ones included. */
export const isThere = ({ kept, hosts }: LivingLab): boolean =>
    Object.keys(kept).length > 0 || Object.keys(hosts).length > 0;

/** Whether a change also rolls clusters, or gives a part another version. */
export function changesMore({ before, config, versions }: WantedChange): boolean {
    const rolls = Object.values(before?.clusters ?? {}).some(({ version }) => version !== config.kubernetesVersion);
    return before !== undefined && (rolls || partChanges(before.versions, wantedParts(config, versions)).length > 0);
}
