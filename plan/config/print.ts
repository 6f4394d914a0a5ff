import { EFFECTS } from "./definition";
import { defaultOf, keys, type Key } from "./keys";

const names = Object.keys(keys) as Key[];

const unsetOf = (key: Key): string | undefined => {
    const facts = keys[key];
    return "unset" in facts ? facts.unset : undefined;
};

/** Markdown's code marks say nothing in Pulumi's own output. */
const plain = (text: string): string => text.replaceAll("`", "");

/** Longest line of a description in Pulumi.yaml, columns. */
const COLUMNS = 110;

/** A text in lines that are not too long. YAML folds them into one again. */
function wrapped(text: string): string[] {
    const lines = [""];
    for (const word of text.split(" ")) {
        const line = `${lines.at(-1)} ${word}`.trim();
        if (line.length > COLUMNS) {
            lines.push(word);
        } else {
            lines[lines.length - 1] = line;
        }
    }
    return lines;
}

/**
 * The `config:` block of Pulumi.yaml. Keys carry no `type`: Pulumi itself would refuse the first wrong value, without
 * showing it, and the program would not get to name all problems at once. Keys without a default are left out: Pulumi
 * would insist on a value for them.
 */
export function pulumiConfigBlock(): string {
    const lines = names.flatMap((key) => {
        const value = defaultOf(key);
        const { meaning, range } = keys[key];
        const description = plain(`${meaning} Values: ${range}.`);
        return value === undefined
            ? []
            : [
                  `  ${key}:`,
                  "    description: >-",
                  ...wrapped(description).map((line) => `      ${line}`),
                  `    default: ${JSON.stringify(value)}`,
              ];
    });
    const derived = names.filter((key) => defaultOf(key) === undefined).join(", ");
    const others = wrapped(`Not listed, because their values follow from others: ${derived}.`);
    return ["config:", ...lines, ...others.map((line) => `  # ${line}`), ""].join("\n");
}

/** docs/configuration.md as a whole. */
export function configurationDocument(): string {
    const rows = names.map((key) => {
        const { meaning, range, effects, onChange } = keys[key];
        const value = defaultOf(key);
        const fallback = value === undefined ? (unsetOf(key) ?? "") : `\`${value}\``;
        return `| \`${key}\` | ${meaning} | ${range} | ${fallback} | **${effects.join(", ")}**: ${onChange} |`;
    });
    return [
        "# Configuration",
        "",
        "<!-- Printed by `npm run docs` from plan/config/keys.ts. Change the keys, not this file. -->",
        "",
        "`pulumi config set KEY VALUE` sets a key, `pulumi config rm KEY` goes back to its default. The program",
        "validates all keys together before it makes anything, and names every problem with key, value and rule.",
        "",
        "Several labs live side by side: one stack each, each with its own `provisioningCidr`.",
        "",
        "| key | meaning | unit, range | default | a change on a living lab |",
        "| --- | --- | --- | --- | --- |",
        ...rows,
        "",
        "What a change does to a living lab is one or more of these. The preview refuses what the lab cannot take.",
        "",
        ...Object.entries(EFFECTS).map(([effect, meaning]) => `- **${effect}**: ${meaning}`),
        "",
    ].join("\n");
}
