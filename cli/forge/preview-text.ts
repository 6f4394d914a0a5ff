import type { StackChange } from "./key-changes";
import { changeLine, counted, countLines, cutLines, LONGEST_TEXT } from "./list";
import type { Preview } from "./preview";

/** By this the comment is found again, so that a pull request has one and not one for each push. */
export const PREVIEW_MARKER = "<!-- metal3-scale-lab: preview -->";

/** What is to be said of one stack. */
export interface StackPreview {
    stack: string;
    /** What the change of its file says; undefined: nothing to compare it with was named. */
    change: StackChange | undefined;
    /** Whether a state of the stack was found. Without one, the preview is that of a lab from nothing. */
    known: boolean;
    preview: Preview;
}

/** A text in words, and the list below it, which may be cut. */
interface Section {
    words: string;
    list: string[];
}

function quoted(failures: readonly string[]): string {
    const text = failures.join("\n");
    // The message of a failed preview may be long: its beginning names the problems.
    const lines = cutLines(text.split("\n"), 4000);
    return ["```text", ...lines.map((line) => line.replaceAll("```", "'''")), "```"].join("\n");
}

function section({ stack, change, known, preview }: StackPreview): Section {
    const { changes, said, failures } = preview;
    const words = [`## ${stack}`];
    if (change !== undefined && change.keys.length > 0) {
        words.push(change.keys.map((line) => `- ${line}`).join("\n"));
    }
    if (!known && change?.summary !== undefined) {
        words.push(`**A lab that is up: ${change.summary}.**`);
    }
    if (!known && change?.predicted !== undefined) {
        words.push(`A lab that is up, ${change.predicted}.`);
    }
    if (failures.length > 0) {
        return { words: [...words, "**The preview failed:**", quoted(failures)].join("\n\n"), list: [] };
    }
    words.push(...said.map((text) => `**${known ? "The lab" : "A lab from nothing"}: ${text}**`));
    if (changes.length === 0) {
        return { words: [...words, "No resource changes."].join("\n\n"), list: [] };
    }
    words.push(countLines(changes).join("\n"));
    return { words: words.join("\n\n"), list: changes.map(changeLine) };
}

const details = (list: readonly string[], count: number): string =>
    [`<details><summary>${counted(count, "resource")}</summary>`, "", "```diff", ...list, "```", "", "</details>"].join(
        "\n",
    );

/**
 * The text of a pull request's comment: of each stack first what changes in words, then the list of resources. All
 * words are kept as far as they go; the lists share the room that is left, and say how much they leave out.
 */
export function previewText(stacks: readonly StackPreview[], longest = LONGEST_TEXT): string {
    const sections = stacks.map(section);
    const lists = sections.filter(({ list }) => list.length > 0).length;
    const around = Buffer.byteLength(details([], 100_000));
    const head = `${PREVIEW_MARKER}\n# What this change does to a lab`;
    const words = [head, ...sections.map(({ words }) => words)].join("\n\n");
    const room = Math.floor((longest - Buffer.byteLength(words)) / Math.max(1, lists)) - around - 4;
    const parts = sections.flatMap(({ words, list }) =>
        list.length === 0 || room < 100 ? [words] : [words, details(cutLines(list, room), list.length)],
    );
    return cutLines(`${[head, ...parts].join("\n\n")}\n`.split("\n"), longest).join("\n");
}
