import type { StoppedContainer } from "../../machine/docker/stopped";
import { counted, cutLines, LONGEST_TEXT } from "./list";
import type { Change, Preview } from "./preview";

/** By this the issue of a stack is found again, so that there is one and not one for each night. */
export const driftMarker = (stack: string): string => `<!-- metal3-scale-lab: drift of ${stack} -->`;

/** What was found of a lab, compared with its configuration. */
export interface Drift {
    stack: string;
    stopped: readonly Pick<StoppedContainer, "name" | "status">[];
    preview: Preview;
}

/** Whether the lab differs from its configuration, or could not be compared with it. */
export const hasDrifted = ({ stopped, preview }: Drift): boolean =>
    stopped.length > 0 || preview.changes.length > 0 || preview.failures.length > 0;

/** What has become of a resource, and what the next `up` does about it. */
function words({ op, kind, name, fields, gone }: Change): string {
    const what = `${kind} \`${name}\``;
    switch (op) {
        case "create":
            return gone ? `${what} is gone: \`up\` makes it again.` : `${what} was never made: \`up\` makes it.`;
        case "delete":
            return `${what} is there, and not in the configuration: \`up\` removes it.`;
        case "replace":
            return `${what} differs in ${listed(fields)}: \`up\` replaces it.`;
        case "update":
            return `${what} differs in ${listed(fields)}: \`up\` sets that back.`;
    }
}

const listed = (fields: readonly string[]): string =>
    fields.length === 0 ? "something" : fields.map((field) => `\`${field}\``).join(", ");

/** The text of the issue, with what differs in words. */
export function driftText(drift: Drift, longest = LONGEST_TEXT): string {
    const { stack, stopped, preview } = drift;
    const { changes, said, failures } = preview;
    const lines = [driftMarker(stack)];
    if (!hasDrifted(drift)) {
        return [...lines, `The lab of the stack \`${stack}\` is as its configuration says.`, ""].join("\n");
    }
    lines.push(`The lab of the stack \`${stack}\` is not as its configuration says.`, "");
    lines.push(...stopped.map(({ name, status }) => `- The container \`${name}\` stands still: ${status}.`));
    lines.push(...failures.flatMap((text) => ["", "It could not be compared:", "", "```text", text, "```"]));
    lines.push(...said.map((text) => `- As a whole: ${text}.`));
    const counts = changes.length === 0 ? [] : ["", `${counted(changes.length, "resource")} of it:`, ""];
    lines.push(...counts, ...changes.map((change) => `- ${words(change)}`));
    const end = ["", "`npm run up -- --refresh` makes the lab as its configuration says."];
    const room = longest - Buffer.byteLength(end.join("\n")) - 2;
    return [...cutLines(lines, room), ...end, ""].join("\n");
}
