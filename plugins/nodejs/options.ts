/** `runtime.options` of Pulumi.yaml for the nodejs runtime. */

export interface RuntimeOptions {
    /** Arguments for node, before the program. */
    nodeArguments: string[];
    /** Load the program as TypeScript. Default true. */
    typescript: boolean;
    /** Path of the tsconfig file; empty for Pulumi's default, tsconfig.json. */
    tsconfig: string;
    packageManager: "npm" | "yarn" | "pnpm";
}

const PACKAGE_MANAGERS = ["npm", "yarn", "pnpm"] as const;

/** @throws Error that names every option that is wrong or not served */
export function parseOptions(options: Record<string, unknown>): RuntimeOptions {
    const problems: string[] = [];
    const result: RuntimeOptions = { nodeArguments: [], typescript: true, tsconfig: "", packageManager: "npm" };
    for (const [name, value] of Object.entries(options)) {
        if (name === "typescript" && typeof value === "boolean") {
            result.typescript = value;
        } else if (name === "nodeargs" && typeof value === "string") {
            result.nodeArguments = splitArguments(value);
        } else if (name === "tsconfig" && typeof value === "string") {
            result.tsconfig = value;
        } else if (name === "packagemanager" && PACKAGE_MANAGERS.includes(value as never)) {
            result.packageManager = value as RuntimeOptions["packageManager"];
        } else if (name !== "packagemanager" || value !== "") {
            const rule = RULES[name] ?? "this language host does not know it";
            problems.push(`runtime option ${name} of Pulumi.yaml is ${JSON.stringify(value)}: ${rule}`);
        }
    }
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
    return result;
}

const RULES: Record<string, string> = {
    typescript: "it must be true or false",
    nodeargs: "it must be one text of arguments for node",
    tsconfig: "it must be the path of a tsconfig file",
    packagemanager: `it must be one of ${PACKAGE_MANAGERS.join(", ")}`,
};

/**
 * Splits as a shell does: at blanks, with quotes and backslashes, without expansions.
 * @throws Error where a quote is not closed
 */
export function splitArguments(text: string): string[] {
    const words: string[] = [];
    let word: string | undefined;
    let quote = "";
    for (let index = 0; index < text.length; index++) {
        const character = text[index] as string;
        if (quote !== "" && character === quote) {
            quote = "";
        } else if (character === "\\" && quote !== "'" && index + 1 < text.length) {
            word = (word ?? "") + (text[++index] as string);
        } else if (quote === "" && (character === '"' || character === "'")) {
            quote = character;
            word ??= "";
        } else if (quote === "" && /\s/.test(character)) {
            if (word !== undefined) {
                words.push(word);
            }
            word = undefined;
        } else {
            word = (word ?? "") + character;
        }
    }
    if (quote !== "") {
        throw new Error(`runtime option nodeargs of Pulumi.yaml has an open ${quote}: ${text}`);
    }
    return word === undefined ? words : [...words, word];
}
