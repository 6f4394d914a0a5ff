import { appendFile } from "node:fs/promises";
import { UserError } from "../plan/user-error";
import { Forge, forgeAccess } from "./forge/forge";
import { readNote } from "./forge/note";
import { postComment, postIssue } from "./forge/post";

export interface PostOptions {
    /** File that `npm run preview-comment` or `npm run drift` has written. */
    file: string;
    /** Number of the pull request whose comment it becomes. Unset: it becomes an issue. */
    pull?: number;
    /** Whether it only becomes the summary of the workflow's run, for which no access is needed. */
    summary: boolean;
}

/** `npm run post`: posts a note on the forge, over what an earlier run has posted. @returns the exit code */
export async function post({ file, pull, summary }: PostOptions): Promise<number> {
    const note = await readNote(file);
    if (summary) {
        const to = process.env["GITHUB_STEP_SUMMARY"];
        if (!to) {
            throw new UserError("GITHUB_STEP_SUMMARY must be set, as in a workflow");
        }
        await appendFile(to, note.body);
        return 0;
    }
    const forge = new Forge(forgeAccess(process.env));
    const done = await (pull === undefined ? postIssue(forge, note) : postComment(forge, pull, note));
    process.stdout.write(`${done}\n`);
    return 0;
}
