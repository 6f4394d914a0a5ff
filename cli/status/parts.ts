import { FAKE_API_SERVER_LABEL } from "../../plan/manifests/cluster-objects";
import type { LabPlan } from "../../plan/plan";
import { pairContainers } from "../../tasks/wait-for-fleet/lab-parts";
import { BMC_LIMIT_SECONDS } from "./bmcs";
import type { Observation } from "./observe";

/** A part of which a lab has several. */
interface Part {
    name: string;
    /** Why it does not work; null when it does. */
    trouble: string | null;
}

export interface ConductorState extends Part {
    /** Hosts that Ironic gives it; null where Ironic was not reached. */
    hosts: number | null;
    /** Hosts that it has locked; null where Ironic was not reached. */
    locked: number | null;
    /** Cores that its pod uses; null where no kubelet says it. */
    cpuCores: number | null;
}

export interface PairState extends Part {
    /** Hosts of the lab that it serves. */
    hosts: number;
    /** Milliseconds that its BMCs take to answer; null where they do not in a second, or are not reached from here. */
    bmcMilliseconds: number | null;
}

export interface FakeApiServerState extends Part {
    /** Clusters that it serves. */
    clusters: number;
    /** Cores that its pod uses; null where no kubelet says it. */
    cpuCores: number | null;
}

/** What is to be said of the parts of which a lab has several. */
export interface PartStates {
    conductors: ConductorState[];
    pairs: PairState[];
    fakeApiServers: FakeApiServerState[];
}

export function partStates(plan: LabPlan, found: Observation): PartStates {
    const { namespace } = plan;
    const parts = new Map(found.fleet.parts.map(({ name, trouble }) => [name, trouble ?? null]));
    /** @param isMissing what to say of a part that nobody has seen */
    const trouble = (name: string, isMissing: string | null = "does not exist"): string | null =>
        parts.has(name) ? (parts.get(name) ?? null) : isMissing;
    const cores = (deployment: string): number | null => {
        const used = [...found.podCores].filter(([pod]) => pod.startsWith(`${namespace}/${deployment}-`));
        return used.length === 0 ? null : used.reduce((sum, [, each]) => sum + each, 0);
    };
    const { ironicNodes, bmcs } = found;
    const clusters = found.clusters.map(({ metadata }) => metadata?.labels?.[FAKE_API_SERVER_LABEL]);
    return {
        conductors: plan.conductors.map(({ index, host }): ConductorState => {
            const name = `ironic-conductor-${index}`;
            return {
                name,
                hosts: ironicNodes?.filter(({ conductor }) => conductor === host).length ?? null,
                locked: ironicNodes?.filter(({ reservation }) => reservation === host).length ?? null,
                cpuCores: cores(name),
                trouble: trouble(`${namespace}/${name}`),
            };
        }),
        pairs: plan.pairs.map(({ name, index }): PairState => {
            const containers = pairContainers(plan, name);
            const troubles =
                containers.length === 0
                    ? [trouble(`${namespace}/${name}`)]
                    : // The containers may be on another machine.
                      containers.map((each) => {
                          const said = trouble(each, null);
                          return said === null ? null : `${each.slice(each.indexOf(name) + name.length + 1)}: ${said}`;
                      });
            return {
                name,
                hosts: plan.hosts.filter(({ pair }) => pair === index).length,
                bmcMilliseconds: bmcs?.get(name) ?? null,
                trouble:
                    troubles.filter((each) => each !== null).join(", ") ||
                    (bmcs !== undefined && bmcs.get(name) === null
                        ? `its BMCs gave no answer in ${BMC_LIMIT_SECONDS} s`
                        : null),
            };
        }),
        fakeApiServers: plan.fakeApiServers.map(({ index, name }): FakeApiServerState => ({
            name,
            clusters: clusters.filter((label) => label === String(index)).length,
            cpuCores: cores(name),
            trouble: trouble(`${namespace}/${name}`),
        })),
    };
}
