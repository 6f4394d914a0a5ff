import type { Entry, Forge } from "./forge";
import type { Note } from "./note";

/** Label of the issues that the lab's workflows open. */
export const LABEL = "lab-drift";

/** The entry of ours. One that a person has written with our marker in it is not touched. */
const ours = (entries: readonly Entry[], marker: string): Entry | undefined =>
    entries.find(
        ({ body, pull_request: pull, user }) =>
            pull === undefined && user?.type === "Bot" && body?.includes(marker) === true,
    );

/** Writes the comment of a pull request, over that of an earlier push where there is one. @returns what was done */
export async function postComment(forge: Forge, pull: number, { marker, body }: Note): Promise<string> {
    const before = ours(await forge.list(`/issues/${pull}/comments`), marker);
    if (before !== undefined) {
        await forge.send("PATCH", `/issues/comments/${before.id}`, { body });
        return `the comment ${before.id} of the pull request ${pull} was written anew`;
    }
    await forge.send("POST", `/issues/${pull}/comments`, { body });
    return `the pull request ${pull} has a new comment`;
}

/** Opens the issue, writes it anew, or closes it when there is nothing to see to any more. @returns what was done */
export async function postIssue(forge: Forge, { marker, title, body, open }: Note): Promise<string> {
    const before = ours(await forge.list(`/issues?state=open&labels=${LABEL}`), marker);
    if (before === undefined) {
        if (!open) {
            return "there is nothing to see to, and no issue is open";
        }
        await forge.send("POST", "/issues", { title, body, labels: [LABEL] });
        return "a new issue was opened";
    }
    if (open) {
        await forge.send("PATCH", `/issues/${before.number}`, { title, body });
        return `the issue ${before.number} was written anew`;
    }
    await forge.send("POST", `/issues/${before.number}/comments`, { body });
    await forge.send("PATCH", `/issues/${before.number}`, { state: "closed", state_reason: "completed" });
    return `the issue ${before.number} was closed`;
}
