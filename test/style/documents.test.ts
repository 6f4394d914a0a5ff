import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import type { Command } from "commander";
import { program } from "../../cli/main";
import { keys } from "../../plan/config/keys";
import { repoPath } from "../../toolchain/paths";
import { commandsOf, consoleBlocks, keysSet, npmCalls, simpleCommands, type NpmCall } from "../console";
import { repositoryFiles } from "../markdown";
import { expectNone } from "./complaints";
import { DOCUMENTED, type Documented } from "./documented-commands";

const read = (file: string): string => readFileSync(repoPath(file), "utf8");
const documents = repositoryFiles()
    .filter((file) => file.endsWith(".md"))
    .map((file) => ({ file, text: read(file) }));
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const blocks = documents.flatMap(({ file, text }) =>
    consoleBlocks(text).flatMap((block) => commandsOf(block).map((command) => ({ file, command }))),
);
/** The commands of the tutorial, and those within them. */
const tutorial = new Set(
    blocks
        .filter(({ file }) => file === "docs/tutorial.md")
        .flatMap(({ command }) => [command, ...simpleCommands(command).map((words) => words.join(" "))])
        .map((command) => command.replace("npm run -s ", "npm run ")),
);

/** Calls of scripts within a sentence, where names in capital letters stand for what a person puts there. */
const inSentences = documents.flatMap(({ file, text }) =>
    [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`(npm (?:run|test)[^`]*)`/g)].map(([, command = ""]) => ({
        file,
        command: command.replace(/(^|\s)[A-Z][A-Z_]*(?=\s|$)/g, "$11"),
    })),
);

/** Why the command line would refuse a call; undefined when it would not. */
async function refusal({ script, args }: NpmCall): Promise<string | undefined> {
    const line = scripts[script];
    if (line === undefined) {
        return `package.json has no script ${script}`;
    }
    const called = /toolchain\/bootstrap\.mjs (\S+)(.*)$/.exec(line);
    if (called === null) {
        // A program of its own: each option has to stand in it.
        const file = /(\S+\.ts)/.exec(line)?.[1];
        const unknown = args.filter(
            (arg) => arg.startsWith("--") && !(file && new RegExp(`\\b${arg.slice(2)}: \\{ type:`).test(read(file))),
        );
        return unknown.length === 0 ? undefined : `${script} has no ${unknown.join(", ")}`;
    }
    const given = (called[2] ?? "").split(" ").filter(Boolean);
    return refusalOf(program, [called[1] ?? "", ...given, ...args]);
}

/** What the command line's own parser says against some arguments. It runs nothing. */
async function refusalOf(line: Command, args: readonly string[]): Promise<string | undefined> {
    let said = "";
    const ran: string[] = [];
    for (const each of [line, ...line.commands]) {
        each.exitOverride().configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
    }
    line.commands.forEach((each) => each.action(() => void ran.push(each.name())));
    await line.parseAsync([...args], { from: "user" }).catch(() => undefined);
    return ran.length === 1 ? undefined : said.trim() || "it runs nothing";
}

/** What is wrong with commands of a document. */
async function complaints(commands: readonly { file: string; command: string }[]): Promise<string[]> {
    const found: string[] = [];
    for (const { file, command } of commands) {
        for (const call of npmCalls(command)) {
            const why = await refusal(call);
            found.push(...(why === undefined ? [] : [`${file}: ${command}: ${why}`]));
        }
        const unknown = keysSet(command).filter((key) => !(key in keys));
        found.push(...unknown.map((key) => `${file}: ${command}: there is no key ${key}`));
    }
    return found;
}

/** Whether an entry of the list is about a command. */
const isAbout = ({ commands = [], folder }: Documented, { file, command }: (typeof blocks)[number]): boolean =>
    commands.includes(command) || (folder !== undefined && file.startsWith(folder));

describe("The commands in the documents", () => {
    it("are found, in sentences as well", () => {
        expect(blocks).to.deep.include({ file: "README.md", command: "npm run up" });
        expect(blocks.length).to.be.above(80);
        expect(inSentences.length).to.be.above(30);
    });

    it("are accepted by the command line's own parser, and set only keys that there are", async () => {
        // A sentence may name a command without what it needs.
        const ofSentences = (await complaints(inSentences)).filter((each) => !/missing|not specified/.test(each));
        expectNone([...(await complaints(blocks)), ...ofSentences]);
    });

    it("are run by the tutorial's test, or are in the list that says why not", () => {
        const unknown = blocks.filter(
            (each) =>
                !tutorial.has(each.command.replace("npm run -s ", "npm run ")) &&
                !DOCUMENTED.some((entry) => isAbout(entry, each)),
        );
        expectNone(
            unknown.map(({ file, command }) => `${file}: ${command}: test/style/documented-commands.ts lacks it`),
        );
    });

    it("are in that list only while a document has them", () => {
        const stale = DOCUMENTED.flatMap(({ commands = [], folder }) => [
            ...commands.filter((command) => tutorial.has(command) || !blocks.some((each) => each.command === command)),
            ...(folder === undefined || blocks.some(({ file }) => file.startsWith(folder)) ? [] : [folder]),
        ]);
        expectNone(stale.map((each) => `${each}: no document has it, or the tutorial has it already`));
    });

    it("have either a test that shows that it runs them, or a reason that names files that exist", () => {
        const wrong = DOCUMENTED.flatMap(({ commands, folder, runBy, because }) => {
            const which = commands?.[0] ?? folder ?? "";
            const named = because?.match(/\b(?:test|services|docs)\/[\w./-]*\w/g) ?? [];
            return [
                ...((runBy === undefined) === (because === undefined) ? [`${which}: a test or a reason`] : []),
                ...(runBy === undefined || read(runBy.file).includes(runBy.says)
                    ? []
                    : [`${which}: ${runBy.file} does not say ${runBy.says}`]),
                ...named.filter((file) => !existsSync(repoPath(file))).map((file) => `${which}: there is no ${file}`),
            ];
        });
        expectNone(wrong);
    });
});

describe("The check of commands", () => {
    const wrong = (command: string): Promise<string[]> => complaints([{ file: "a.md", command }]);

    it("refuses a script, an option, a value and a key that do not exist", async () => {
        for (const [command, why] of [
            ["npm run upp", "no script upp"],
            ["npm run up -- --fast", "unknown option '--fast'"],
            ["npm run logs -- --host h --since soon", "it must be a whole number"],
            ["npm run describe", "missing required argument"],
            ["npm run describe -- a b", "too many arguments"],
            ["npm run test:vm -- --hosts 2", "test:vm has no --hosts"],
            ["pulumi config set hosts 2", "there is no key hosts"],
            ["pulumi config set --stack other --path image.source pull", "there is no key image"],
            ["npm run bench -- --nodes 2 --set hosts=1", "there is no key hosts"],
            ['eval "$(npm run -s envs)"', "no script envs"],
        ] as const) {
            expect((await wrong(command)).join(), command).to.include(why);
        }
    });

    it("accepts what there is, also twice in a row", async () => {
        for (const command of ["npm run logs -- --host h --since 10m", "npm run up", "npm test", "npm run up"]) {
            expect(await wrong(command), command).to.deep.equal([]);
        }
    });

    it("divides a block into its commands, without comments", () => {
        const block = "npm run up   # all\n\ncat <<'END'\na # b\nEND\npython3 -c 'x\ny'  \n# nothing\na && b\n";
        expect(commandsOf(block)).to.deep.equal([
            "npm run up",
            "cat <<'END'\na # b\nEND",
            "python3 -c 'x\ny'",
            "a && b",
        ]);
        expect(simpleCommands('a "$(b -s c)" | d')).to.deep.equal([["a", '"$(b -s c)"'], ["d"], ["b", "-s", "c"]]);
    });
});
