import { stoppedContainers } from "../machine/docker/stopped";
import { stackPrefix } from "../plan/identities";
import { UserError } from "../plan/user-error";
import { driftMarker, driftText, hasDrifted, type Drift } from "./forge/drift-text";
import { writeNote } from "./forge/note";
import { preview } from "./forge/preview";
import { stackPulumiSettings } from "./pulumi";
import { openState } from "./recovery/state";
import { verifiedIfOurs } from "./recovery/verified";
import { Session } from "./session";
import { stackExists } from "./stack";

export interface DriftOptions {
    stack: string;
    /** File for the note that `npm run post` posts. */
    out: string;
}

/**
 * `npm run drift`: looks whether the lab of a stack is as its configuration says, and says in words what is not. It
 * changes nothing.
 * @returns 1 when the lab differs, or could not be compared
 */
export async function drift({ stack, out }: DriftOptions): Promise<number> {
    const session = new Session();
    const ready = await session.ensure("preview", stack);
    if (!(await stackExists(ready, stack))) {
        throw new UserError(
            `the backend ${ready.setup.backend} knows no stack ${stack}: run this on the machine of the lab, ` +
                "or with PULUMI_BACKEND_URL set as it is there",
        );
    }
    const resources = (await openState(ready, stack)).deployment?.resources ?? [];
    const environment = {
        ...(await stackPulumiSettings(stack, resources.length)),
        ...(await verifiedIfOurs(ready, stack, resources)),
    };
    const found: Drift = {
        stack,
        // What stands still is named first: nothing in the lab can be read then.
        stopped: await stoppedContainers(stackPrefix(stack)),
        // With what is the same as well: only then is it known of everything that was read what an `up` would do.
        preview: await session.progress.step(`preview of ${stack}`, () =>
            preview(ready, stack, ["--refresh", "--show-sames"], environment),
        ),
    };
    const body = driftText(found);
    const open = hasDrifted(found);
    await writeNote(out, { marker: driftMarker(stack), title: `The lab ${stack} has drifted`, body, open });
    process.stdout.write(body);
    return open ? 1 : 0;
}
