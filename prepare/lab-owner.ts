import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LAB_LABEL } from "../plan/docker-labels";
import { readOwner, type LabOwner } from "../plan/lab-owner";
import { UserError } from "../plan/user-error";
import type { Problem } from "../plan/validate";
import { repoRoot, stateRoot } from "../toolchain/paths";
import { currentLogin } from "../toolchain/pulumi/home";
import { ensureStateId, readStateId } from "../toolchain/pulumi/state-id";
import { look } from "../toolchain/run";

/**
 * Variable in which the command line tells the program that the state knows the lab: id of the lab's Docker network.
 * The program itself cannot read ids in the state.
 */
export const VERIFIED_VARIABLE = "METAL3_SCALE_LAB_VERIFIED_NETWORK";

/** A lab that is on this Docker: its network, or any container, whether or not it runs. */
export interface LivingLab {
    /** Id of its Docker network; undefined when only containers are left. */
    network?: string;
    /** Ids of its network and its containers. */
    ids: string[];
    /** The record of who made it. */
    owner?: LabOwner;
    /** When its network was made. */
    since?: Date;
}

/**
 * Finds the lab of that prefix on this Docker, whoever made it. Volumes alone are no lab: nothing runs on them, and
 * nothing can be told of them. Undefined, too, when Docker does not answer.
 */
export async function findLab(prefix: string): Promise<LivingLab | undefined> {
    const list = async (args: string[]): Promise<string[]> =>
        ((await look("docker", [...args, "--no-trunc", "--filter", `label=${LAB_LABEL}=${prefix}`])) ?? "")
            .split("\n")
            .filter(Boolean);
    const [networks, containers] = await Promise.all([
        list(["network", "ls", "--format", "{{.ID}}"]),
        list(["ps", "--all", "--format", "{{.ID}}"]),
    ]);
    const ids = [...networks, ...containers];
    if (ids.length === 0) {
        return undefined;
    }
    const [network] = networks;
    const text = network && (await look("docker", ["network", "inspect", network, "--format", "{{json .}}"]));
    if (!text) {
        return { ids };
    }
    const { Labels, Created } = JSON.parse(text) as { Labels?: Record<string, string>; Created: string };
    const owner = readOwner(Labels);
    return { network, ids, since: new Date(Created), ...(owner ? { owner } : {}) };
}

/**
 * Who makes labs here, by Pulumi's environment.
 * @param create makes the id of the lab's own state folder where there is none yet
 * @param organization of the stack, where it is known: it belongs to the identity of a state in a shared backend
 */
export async function ownerHere(env: NodeJS.ProcessEnv, create: boolean, organization?: string): Promise<LabOwner> {
    const backend = env["PULUMI_BACKEND_URL"] || currentLogin(env) || "https://api.pulumi.com";
    const state = backend.replace(/^file:\/\/~/, `file://${homedir()}`);
    const isOurFolder = state === `file://${join(stateRoot(env), "pulumi")}`;
    const id = isOurFolder
        ? await (create ? ensureStateId(env) : readStateId(env))
        : organization && `${organization} at ${state}`;
    return { ...(id ? { id } : {}), state, checkout: repoRoot, user: `${userInfo().username}@${hostname()}` };
}

/**
 * Whether the lab belongs to the state at hand.
 * @param known ids of what the state has: of a container or network they are unique, also for a lab without a record
 */
export const isOurs = (lab: LivingLab, here: LabOwner, known: ReadonlySet<string>): boolean =>
    lab.ids.some((id) => known.has(id)) || (here.id !== undefined && lab.owner?.id === here.id);

/** A lab of the stack's name is on this Docker, and belongs to somebody else's state. */
export class ForeignLabError extends UserError {
    /** @param command that was called, `up` or `down` */
    constructor(stack: string, lab: LivingLab, command: "up" | "down") {
        super(`stack ${stack}: ${foreignLabText(lab, command)}`);
    }
}

/** Whose lab it is, since when, and what to do. */
export function foreignLabText({ owner, since }: LivingLab, command: "up" | "down"): string {
    const when = since === undefined ? "" : ` since ${since.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const whose = owner
        ? `made by ${owner.user} from the checkout ${owner.checkout} with the state ${owner.state}`
        : "which this stack's state does not know, and of which no record says who made it";
    const next =
        command === "up"
            ? "choose another stack name, or remove that lab and make yours with `npm run up -- --take-over`"
            : "leave it to its owner, or remove it with `npm run down -- --take-over`";
    return `a lab of that name is on this Docker${when}, ${whose}: ${next}`;
}

/**
 * The problem that a lab of somebody else has the name of this one; for plain `pulumi up`, which no command line
 * precedes.
 */
export async function foreignLabProblems(prefix: string, here: LabOwner): Promise<Problem[]> {
    const lab = await findLab(prefix);
    if (lab === undefined || isOurs(lab, here, new Set([process.env[VERIFIED_VARIABLE] ?? ""]))) {
        return [];
    }
    if (lab.owner === undefined && (await stateHasNetwork(prefix))) {
        return [];
    }
    return [{ key: "stack", value: pulumi.getStack(), rule: foreignLabText(lab, "up") }];
}

/**
 * Whether the stack's state has the network of that name: the best that the program can know of a lab without a record.
 */
async function stateHasNetwork(name: string): Promise<boolean> {
    const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { outputs } = (await pulumi.runtime.invoke(
        "pulumi:pulumi:readStackResourceOutputs",
        { stackName },
        { async: true },
    )) as { outputs?: Record<string, { type: string; outputs?: { name?: unknown } }> };
    return Object.values(outputs ?? {}).some(
        (resource) => resource.type === "docker:index/network:Network" && resource.outputs?.name === name,
    );
}
