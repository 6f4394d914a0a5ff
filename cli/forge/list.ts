import type { Change } from "./preview";

/**
 * Longest text of a comment or an issue, bytes. A forge cuts them at 65,536 characters, and a character has one byte at
 * least; the rest is for what is written around the text.
 */
export const LONGEST_TEXT = 65_000;

const SIGNS: Record<Change["op"], string> = { create: "+", update: "~", replace: "±", delete: "-" };
const WORDS: Record<Change["op"], string> = {
    create: "made",
    update: "changed in place",
    replace: "replaced",
    delete: "removed",
};

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** How many resources are made, changed, replaced and removed: a line each, by kind, the largest number first. */
export function countLines(changes: readonly Change[]): string[] {
    return (Object.keys(WORDS) as Change["op"][]).flatMap((op) => {
        const kinds = changes.filter((change) => change.op === op).map(({ kind }) => kind);
        if (kinds.length === 0) {
            return [];
        }
        const numbers = new Map<string, number>();
        kinds.forEach((kind) => numbers.set(kind, (numbers.get(kind) ?? 0) + 1));
        const each = [...numbers]
            .sort(([a, more], [b, less]) => less - more || a.localeCompare(b))
            .map(([kind, count]) => `${count} ${kind}`);
        return [`- ${counted(kinds.length, "resource")} ${WORDS[op]}: ${each.join(", ")}`];
    });
}

/** One resource, in a line. */
export function changeLine({ op, kind, name, fields }: Change): string {
    const which = fields.length === 0 || op === "create" || op === "delete" ? "" : `: ${fields.join(", ")}`;
    return `${SIGNS[op]} ${kind} ${name}${which}`;
}

const bytes = (text: string): number => Buffer.byteLength(text);

/**
 * The lines that fit, and how many were left out.
 * @param room bytes that the list may have
 */
export function cutLines(lines: readonly string[], room: number): string[] {
    const cut = (left: number): string => `… and ${left} more: the list is cut`;
    if (bytes(lines.join("\n")) <= room) {
        return [...lines];
    }
    const kept: string[] = [];
    let used = bytes(cut(lines.length));
    for (const line of lines) {
        used += bytes(line) + 1;
        if (used > room) {
            break;
        }
        kept.push(line);
    }
    return [...kept, cut(lines.length - kept.length)];
}
