import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { repoPath } from "../toolchain/paths";

/** Folders that hold nothing of ours: packages, what a build or a lab made. */
const FOREIGN = new Set(["node_modules", "dist", ".git", ".lab"]);

/** Paths of all files below a folder of the repository, relative to the repository. */
export function repositoryFiles(folder = ""): string[] {
    return readdirSync(repoPath(folder), { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (FOREIGN.has(entry.name)) {
            return [];
        }
        return entry.isDirectory() ? repositoryFiles(path) : [path];
    });
}

const readText = (file: string): string => readFileSync(repoPath(file), "utf8");

/** Fenced code blocks, whose text is neither prose nor a link. */
const FENCED = /^( *)(```+)[^\n]*\n[\s\S]*?^\1\2 *$/gm;

const INLINE_CODE = /`([^`\n]+)`/g;

/** A link or image with its target; targets in angle brackets are not used here. */
const LINK = /!?\[(?:[^\]\\]|\\.)*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** The targets of all links and images of a Markdown text. */
export function linkTargets(markdown: string): string[] {
    const prose = markdown.replace(FENCED, "").replace(INLINE_CODE, "");
    return [...prose.matchAll(LINK)].map((match) => match[1] as string);
}

/** The anchor that GitHub gives to a heading. */
const slug = (heading: string): string =>
    heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-");

/** All anchors of a Markdown text. A repeated heading has a number after its anchor. */
export function anchors(markdown: string): Set<string> {
    const seen = new Map<string, number>();
    const found = new Set<string>();
    for (const [, heading = ""] of markdown.replace(FENCED, "").matchAll(/^#{1,6} +(.+)$/gm)) {
        const name = slug(heading);
        const before = seen.get(name) ?? 0;
        seen.set(name, before + 1);
        found.add(before === 0 ? name : `${name}-${before}`);
    }
    return found;
}

/** The path that a relative link of a file leads to, without its anchor; undefined for a link to elsewhere. */
export function linkedPath(file: string, target: string): string | undefined {
    if (/^[a-z]+:/.test(target)) {
        return undefined;
    }
    const path = decodeURIComponent(target.split("#")[0] ?? "");
    return path === "" ? file : normalize(join(dirname(file), path)).replace(/\/$/, "");
}

/** Relative links of a Markdown text that lead to no file, to a file outside of the repository, or to no heading. */
export function brokenLinks(file: string, markdown: string): string[] {
    return linkTargets(markdown).flatMap((target) => {
        const path = linkedPath(file, target);
        if (path === undefined) {
            return [];
        }
        if (path !== file && (path.startsWith("..") || !existsSync(repoPath(path)))) {
            return [`${file}: the link to ${target} leads to no file`];
        }
        const anchor = target.split("#")[1];
        if (anchor === undefined) {
            return [];
        }
        const text = path === file ? markdown : statSync(repoPath(path)).isFile() ? readText(path) : "";
        return anchors(text).has(anchor) ? [] : [`${file}: the link to ${target} leads to no heading`];
    });
}

/** A file by a known extension, alone or with its folders. */
const PATH =
    /^(?:\.{0,2}[\w@-][\w.@-]*\/)*(?:\.?[\w-][\w.-]*\.(?:ts|mjs|go|py|md|tpl|svg|sh|yaml|jsonc?|mod|sum|in|txt))$/;
const FOLDER = /^(?:\.?[\w@-][\w.@-]*\/)*\.?[\w@-][\w.@-]*\/?$/;

/** Where a path in backticks may start: at the repository, or beside the file that names it. */
const candidates = (file: string, path: string): string[] => [path, join(dirname(file), path)];

/**
 * Paths in backticks that do not exist. A path counts if it names a file by a known extension, or begins with a
 * top-level folder of the repository. A bare file name must be the name of some file.
 *
 * @param elsewhere paths of other projects that the text may name.
 */
export function missingPaths(
    file: string,
    markdown: string,
    files: readonly string[],
    elsewhere: ReadonlySet<string>,
): string[] {
    const names = new Set(files.map((path) => basename(path)));
    const topLevel = new Set(files.filter((path) => path.includes("/")).map((path) => path.split("/")[0] as string));
    const counts = (span: string): boolean =>
        PATH.test(span) || (span.includes("/") && FOLDER.test(span) && topLevel.has(span.split("/")[0] as string));
    const exists = (path: string): boolean =>
        path.includes("/")
            ? candidates(file, path).some((candidate) => existsSync(repoPath(candidate)))
            : names.has(path);
    const spans = [...markdown.replace(FENCED, "").matchAll(INLINE_CODE)].map((match) => match[1] as string);
    return [...spans.filter(counts), ...listedPaths(markdown)]
        .filter((path) => !elsewhere.has(path) && !exists(path))
        .map((path) => `${file}: there is no \`${path}\``);
}

/** Files and folders that a block of plain text lists, one a line with a few words each: a layout. */
function listedPaths(markdown: string): string[] {
    const blocks = [...markdown.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
    return blocks.flatMap((block) =>
        [...block.matchAll(/^([\w.-]+\/|[\w-]+\.ts) {2,}\S/gm)].map((match) => match[1] as string),
    );
}

/** Scripts of package.json that a text tells its reader to run, and keys that it tells them to set. */
export function namedCommands(markdown: string): { scripts: string[]; keys: string[] } {
    const all = (pattern: RegExp): string[] => [...markdown.matchAll(pattern)].map((match) => match[1] as string);
    return { scripts: all(/npm run (?:-s )?([a-z][\w:-]*)/g), keys: all(/pulumi config set ([a-z]\w*)/g) };
}

/** Files below docs/ that no chain of links from the README reaches. */
export function unreachable(files: readonly string[]): string[] {
    const reached = new Set(["README.md"]);
    for (const file of reached) {
        if (!file.endsWith(".md")) {
            continue;
        }
        for (const target of linkTargets(readText(file))) {
            const path = linkedPath(file, target);
            if (path !== undefined && files.includes(path)) {
                reached.add(path);
            }
        }
    }
    return files.filter((file) => relative("docs", file)[0] !== "." && !reached.has(file));
}
