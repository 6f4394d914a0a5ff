import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import { npmRun } from "../plan/commands";
import type { LabOwner } from "../plan/lab-owner";
import { UserError } from "../plan/user-error";
import { repoRoot, stateRoot } from "../toolchain/paths";
import { isCloud, placeOf, withoutCredentials } from "../toolchain/pulumi/backend";
import { currentLogin } from "../toolchain/pulumi/home";
import { ensureStateId, readStateId } from "../toolchain/pulumi/state-id";
import type { LabTrace } from "./holder";

/** The organisation that Pulumi says every stack has in a backend that is a bucket or a folder. */
const ONLY_ORGANIZATION = "organization";

/**
 * Who makes labs here, by Pulumi's environment.
 * @param create makes the id of the lab's own state folder where there is none yet
 * @param given organisation of the stack, where it is known: in Pulumi Cloud it belongs to the identity of a state
 */
export async function ownerHere(env: NodeJS.ProcessEnv, create: boolean, given?: string): Promise<LabOwner> {
    const backend = env["PULUMI_BACKEND_URL"] || currentLogin(env) || "https://api.pulumi.com";
    const state = withoutCredentials(backend.replace(/^file:\/\/~/, `file://${homedir()}`));
    const organization = given ?? (isCloud(backend) ? undefined : ONLY_ORGANIZATION);
    const isOurFolder = state === `file://${join(stateRoot(env), "pulumi")}`;
    const id = isOurFolder
        ? await (create ? ensureStateId(env) : readStateId(env))
        : organization && `${organization} at ${placeOf(state)}`;
    return { ...(id ? { id } : {}), state, checkout: repoRoot, user: `${userInfo().username}@${hostname()}` };
}

/** A recorded id as it is made now: an earlier version recorded how a backend is spoken to as well. */
const asMadeNow = (id: string): string => id.replace(/(?<= at ).*$/, placeOf);

/**
 * Whether the lab belongs to the state at hand.
 * @param known ids of what the state has: of a container or network they are unique, also for a lab without a record
 */
export const isOurs = (lab: LabTrace, here: LabOwner, known: ReadonlySet<string>): boolean =>
    lab.ids.some((id) => known.has(id)) ||
    (here.id !== undefined && lab.owner?.id !== undefined && asMadeNow(lab.owner.id) === here.id);

/** A lab of the stack's name is on this machine, and belongs to somebody else's state. */
export class ForeignLabError extends UserError {
    /** @param command that was called, `up` or `down` */
    constructor(stack: string, lab: LabTrace, command: "up" | "down") {
        super(`stack ${stack}: ${foreignLabText(lab, stack, command)}`);
    }
}

/** Since when a lab is there, and who made it, to follow a subject. */
export function whoseLab({ owner, since }: Pick<LabTrace, "owner" | "since">): string {
    const when = since === undefined ? "" : ` since ${since.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const whose = owner
        ? `made by ${owner.user} from the checkout ${owner.checkout} with the state ${owner.state}`
        : "which this stack's state does not know, and of which no record says who made it";
    return `${when}, ${whose}`;
}

/** Whose lab it is, since when, and what to do. */
export function foreignLabText(lab: LabTrace, stack: string, command: "up" | "down"): string {
    const takeOver = `\`${npmRun(command, stack, "--take-over")}\``;
    const next =
        command === "up"
            ? `choose another stack name, or remove that lab and make yours with ${takeOver}`
            : `leave it to its owner, or remove it with ${takeOver}`;
    return `a lab of that name is here${whoseLab(lab)}: ${next}`;
}
