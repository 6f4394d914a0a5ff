import { access, constants } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { machineMemory } from "../../lib/proc";
import type { Problem } from "../../plan/problem";
import type { MinikubePlan } from "../../plan/substrate/minikube";
import { substrateOf } from "../../plan/substrate/plan";
import { look } from "../../toolchain/run";
import { dockerProblems, lookAtDocker, pingProblems } from "../docker/preflight";
import type { WantedLab } from "../wanted-lab";
import { MinikubeHolder } from "./holder";
import { lookAtLibvirt } from "./libvirt";

/** Facts about the machine on which minikube's machine is to stand. */
export interface HostFacts {
    /** Processors. */
    cpus: number;
    /** Memory, MiB. */
    memoryMib: number;
    /** Whether minikube's machine is there already: then its size is not looked at, because it does not change. */
    isMade: boolean;
    /** Whether minikube answers. */
    hasMinikube: boolean;
    /** Why KVM cannot be used. Undefined when it can. */
    kvmError?: string;
}

const MIB = 2 ** 20;

/**
 * What keeps minikube's machine from being made. minikube itself looks at this only for users who are not root: root
 * has to force it, and forced it looks at nothing.
 */
export function hostProblems(machine: MinikubePlan, facts: HostFacts): Problem[] {
    const problems: Problem[] = [];
    if (machine.driver === "kvm2" && facts.kvmError !== undefined) {
        problems.push({
            key: "minikubeDriver",
            value: "kvm2",
            rule: `needs KVM, which cannot be used here (${facts.kvmError}): set docker, or enable virtualisation`,
        });
    }
    if (!facts.hasMinikube) {
        problems.push({
            key: "substrate",
            value: "minikube",
            rule:
                "needs minikube, which is not on PATH: 'npm run up' provides it, " +
                "and 'eval \"$(npm run -s env)\"' puts it on PATH for plain pulumi",
        });
    }
    if (!/^[a-zA-Z0-9][a-zA-Z0-9.-]*$/.test(machine.profile)) {
        problems.push({
            key: "stack",
            value: machine.profile,
            rule: "must consist of letters, digits, dashes and dots: minikube takes no other names of profiles",
        });
    }
    if (!facts.isMade && machine.cpus > facts.cpus) {
        problems.push({
            key: "minikubeCpus",
            value: String(machine.cpus),
            rule: `this machine has ${facts.cpus} processors: set a smaller number`,
        });
    }
    if (!facts.isMade && machine.memoryMib > facts.memoryMib) {
        problems.push({
            key: "minikubeMemory",
            value: String(machine.memoryMib),
            rule: `this machine has ${facts.memoryMib} MiB of memory: set a smaller number`,
        });
    }
    return problems;
}

/** Looks at the machine, and says what stands in the way of the lab. */
export async function minikubeProblems(wanted: WantedLab | undefined): Promise<Problem[]> {
    if (wanted === undefined) {
        return pingProblems("minikube");
    }
    const machine = substrateOf("minikube", wanted.plan);
    const { libvirt } = machine;
    const docker = await lookAtDocker(wanted, libvirt ? [libvirt.network.bridge] : []);
    return firstOfEach([
        ...(libvirt ? await lookAtLibvirt(libvirt.uri, libvirt.network) : []),
        ...dockerProblems(wanted, docker),
        ...hostProblems(machine, await lookAtHost(machine.profile)),
    ]);
}

/** One problem for each value of a key: a range that is taken is seen by libvirt, by Docker and in the routes. */
export const firstOfEach = (problems: readonly Problem[]): Problem[] =>
    problems.filter(
        ({ key, value }, index) => problems.findIndex((other) => other.key === key && other.value === value) === index,
    );

async function lookAtHost(profile: string): Promise<HostFacts> {
    const kvmError = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
        () => undefined,
        (error: NodeJS.ErrnoException) =>
            error.code === "ENOENT"
                ? "there is no /dev/kvm"
                : "your user has no rights on /dev/kvm: join the group kvm",
    );
    return {
        isMade: new MinikubeHolder().hasProfile(profile),
        hasMinikube: (await look("minikube", ["version", "--short"])) !== undefined,
        cpus: availableParallelism(),
        memoryMib: Math.floor(machineMemory().total / MIB),
        ...(kvmError === undefined ? {} : { kvmError }),
    };
}
