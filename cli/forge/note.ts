import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const schema = z.strictObject({
    /** Text that tells this comment or issue from all others; it is part of the body. */
    marker: z.string().min(1),
    /** Title of the issue. Unset: the note is a comment. */
    title: z.string().optional(),
    body: z.string(),
    /** Whether there is something to see to. An issue is closed when there is not. */
    open: z.boolean(),
});

/** What one command has found and another one posts: the first needs no access to the forge, the second no lab. */
export type Note = z.infer<typeof schema>;

export async function writeNote(file: string, note: Note): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(note, null, 2)}\n`);
}

/** @throws Error when the file is no such note */
export const readNote = async (file: string): Promise<Note> => schema.parse(JSON.parse(await readFile(file, "utf8")));
