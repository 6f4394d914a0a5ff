import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repoPath } from "../../toolchain/paths";

/** Folders whose files are not ours: Git's own, and those that .gitignore names. */
const foreignFolders = new Set([
    ".git",
    ...readFileSync(repoPath(".gitignore"), "utf8")
        .split("\n")
        .filter((line) => line.endsWith("/"))
        .map((line) => line.replaceAll("/", "")),
]);

/** A file of the checkout: its path from the top, and its text. */
export interface SourceFile {
    path: string;
    text: string;
}

function paths(folder: string): string[] {
    return readdirSync(repoPath(folder), { withFileTypes: true })
        .filter((entry) => !foreignFolders.has(entry.name))
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            return entry.isDirectory() ? paths(path) : entry.isFile() ? [path] : [];
        });
}

/** All files of ours, also those that Git does not track yet: what will be committed is checked before it is. */
export const sourceFiles: readonly SourceFile[] = paths("").map((path) => ({
    path,
    text: readFileSync(repoPath(path), "utf8"),
}));

/** The files that a shell runs, by their extension or their first line. */
export const shellScripts = sourceFiles.filter(
    ({ path, text }) => path.endsWith(".sh") || /^#!.*\b(ba|da)?sh\b/.test(text),
);

export const pythonFiles = sourceFiles.filter(({ path }) => path.endsWith(".py"));
export const typescriptFiles = sourceFiles.filter(({ path }) => path.endsWith(".ts"));
export const goFiles = sourceFiles.filter(({ path }) => path.endsWith(".go"));
export const workflowFiles = sourceFiles.filter(({ path }) => path.startsWith(".github/workflows/"));
