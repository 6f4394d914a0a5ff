/** Blocks of a Markdown text that a person is to type, as they stand there, with the line where each begins. */
export function consoleBlocks(markdown: string): string[] {
    return [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
}

/** A word of a shell: quoted parts, substitutions of commands, and whatever else has no space in it. */
const WORD = /(?:"(?:\$\([^)]*\)|[^"])*"|'[^']*'|\$\([^)]*\)|[^\s"'])+/g;
const HEREDOC = /<<'(\w+)'/;

/** Whether a text ends within quotes. */
const isOpen = (text: string): boolean => text.replace(/"[^"]*"|'[^']*'/g, "").match(/["']/) !== null;

/** The commands of a block, each on one line or, in quotes and here-documents, on several, without comments. */
export function commandsOf(block: string): string[] {
    const commands: string[] = [];
    let open = "";
    let end: string | undefined;
    for (const line of block.trimEnd().split("\n")) {
        open = open === "" ? line : `${open}\n${line}`;
        end ??= HEREDOC.exec(line)?.[1];
        if (end === undefined ? !isOpen(withoutComment(open)) : line === end) {
            const command = withoutComment(open).trim();
            commands.push(...(command === "" ? [] : [command]));
            [open, end] = ["", undefined];
        }
    }
    return open === "" ? commands : [...commands, open];
}

/** A comment begins with a # after a space, or at the beginning of a line. */
const withoutComment = (text: string): string => (text.includes("\n") ? text : text.replace(/(^|\s+)#.*$/, ""));

/** The simple commands of a command line, each as its words: those around &&, | and &, and those in $(…). */
export function simpleCommands(command: string): string[][] {
    const words = command.match(WORD) ?? [];
    const parts: string[][] = [[]];
    for (const word of words) {
        if (["&&", "||", "|", ";", "&"].includes(word)) {
            parts.push([]);
        } else {
            parts.at(-1)?.push(word);
        }
    }
    const inner = words.flatMap((word) => [...word.matchAll(/\$\(([^)]*)\)/g)].map((match) => match[1] as string));
    return [...parts.filter((part) => part.length > 0), ...inner.flatMap(simpleCommands)];
}

/** A call of a script of package.json. */
export interface NpmCall {
    script: string;
    args: string[];
}

/** The calls of scripts in a command line. */
export const npmCalls = (command: string): NpmCall[] =>
    simpleCommands(command).flatMap(([program, ...words]) => {
        if (program !== "npm") {
            return [];
        }
        const [verb, ...rest] = words.filter((word) => word !== "-s");
        if (verb !== "run" && verb !== "test") {
            return [];
        }
        const [script = "", ...given] = verb === "test" ? ["test", ...rest] : rest;
        const args = given[0] === "--" ? given.slice(1) : given;
        return [{ script, args: args.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2")) }];
    });

/** The names of keys that a command line sets with `pulumi config set`, or for a benchmark with --set or --compare. */
export const keysSet = (command: string): string[] =>
    simpleCommands(command).flatMap(([program, ...words]) => {
        if (program === "pulumi" && words[0] === "config" && words[1] === "set") {
            const rest = words.slice(2);
            const at = rest.findIndex((word, index) => !word.startsWith("-") && rest[index - 1] !== "--stack");
            return at < 0 ? [] : [keyOf(rest[at] as string)];
        }
        return words.flatMap((word, index) =>
            ["--set", "--compare"].includes(words[index - 1] ?? "") && word.includes("=") ? [keyOf(word)] : [],
        );
    });

/** The key of a path or an assignment: images of images.source, imagePullSecrets of 'imagePullSecrets[0]'. */
const keyOf = (word: string): string => /^["']?([A-Za-z]+)/.exec(word)?.[1] ?? word;
