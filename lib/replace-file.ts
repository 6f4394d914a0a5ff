import { rename, writeFile } from "node:fs/promises";

/**
 * Replaces a file, or makes it, as a whole: whoever reads it, also after this process was killed, finds what it was
 * before or what it is now. Two processes that do so do not get into each other's way. Its folder must be there.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
    const partial = `${file}.${process.pid}`;
    await writeFile(partial, text);
    await rename(partial, file);
}
