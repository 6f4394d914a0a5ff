import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { MACHINE_VARIABLE, namedMachine, REFERENCE_MACHINE } from "../machine/own-runs/machine";
import { DEFAULT_STACK } from "../plan/commands";
import type { Room } from "../plan/prediction/own-runs";
import type { Ready } from "../toolchain/ensure";
import { repoPath } from "../toolchain/paths";
import { look, run } from "../toolchain/run";
import { stackChange, type StackChange } from "./forge/key-changes";
import { writeNote } from "./forge/note";
import { preview } from "./forge/preview";
import { PREVIEW_MARKER, previewText, type StackPreview } from "./forge/preview-text";
import { withThrowawayStack } from "./forge/throwaway";
import { stackPulumiSettings } from "./pulumi";
import { openState } from "./recovery/state";
import { verifiedIfOurs } from "./recovery/verified";
import { Session } from "./session";
import { stackExists } from "./stack";
import { rawConfig, rawConfigOf, stackFile } from "./stack-file";

export interface PreviewCommentOptions {
    /** Commit with which the stack files are compared, in Git's words. Unset: they are compared with nothing. */
    base?: string;
    /** The stacks. Unset: those whose files differ from the base, and the default one. */
    stacks?: string[];
    /** Machine for which is predicted what a stack takes of which no state is found, as CORES,GIB. */
    machine?: string;
    /** File for the note that `npm run post` posts. */
    out: string;
}

const GIT_LIMIT_MS = 30_000;
const STACK_FILE = /^Pulumi\.(.+)\.yaml$/;

const git = (...args: string[]): Promise<string> =>
    run("git", ["-C", repoPath(), ...args], { timeoutMs: GIT_LIMIT_MS });

/** The stacks whose files differ from the base, and the default one: any change of the program is seen there. */
async function changedStacks(base: string | undefined): Promise<string[]> {
    const files = base === undefined ? [] : (await git("diff", "--name-only", base, "--", "Pulumi.*.yaml")).split("\n");
    const names = [...files, ...(base === undefined ? await readdir(repoPath()) : [])].flatMap((file) => {
        const name = STACK_FILE.exec(file)?.[1];
        return name !== undefined && existsSync(stackFile(name)) ? [name] : [];
    });
    return [...new Set([DEFAULT_STACK, ...names.sort()])];
}

/** How the stack's file differs from that of the base. */
async function changeSince(base: string | undefined, stack: string, machine: Room): Promise<StackChange | undefined> {
    if (base === undefined) {
        return undefined;
    }
    const name = stackFile(stack).slice(repoPath().length + 1);
    const earlier = await look("git", ["-C", repoPath(), "show", `${base}:${name}`]);
    return stackChange(
        stack,
        earlier === undefined ? undefined : rawConfigOf(earlier),
        await rawConfig(stack),
        machine,
    );
}

async function previewed(
    ready: Ready,
    stack: string,
    base: string | undefined,
    machine: string,
): Promise<StackPreview> {
    const settings = await stackPulumiSettings(stack);
    const known = await stackExists(ready, stack);
    const resources = known ? ((await openState(ready, stack)).deployment?.resources ?? []) : [];
    return {
        stack,
        change: await changeSince(base, stack, namedMachine(machine)),
        known,
        preview: known
            ? await preview(ready, stack, [], { ...settings, ...(await verifiedIfOurs(ready, stack, resources)) })
            : await withThrowawayStack(ready, stack, (own) =>
                  preview(own, stack, [], { ...settings, [MACHINE_VARIABLE]: machine }),
              ),
    };
}

/**
 * `npm run preview-comment`: previews stacks, and writes what changes as the text of a pull request's comment. A stack
 * that the backend knows is held against its state, any other one against nothing.
 * @returns 1 when a preview failed; the text says why
 */
export async function previewComment({
    base,
    stacks,
    machine = REFERENCE_MACHINE,
    out,
}: PreviewCommentOptions): Promise<number> {
    namedMachine(machine);
    const session = new Session();
    if (base !== undefined) {
        await git("rev-parse", "--verify", "--quiet", `${base}^{commit}`);
    }
    const all: StackPreview[] = [];
    for (const stack of stacks ?? (await changedStacks(base))) {
        const ready = await session.ensure("preview", stack);
        all.push(await session.progress.step(`preview of ${stack}`, () => previewed(ready, stack, base, machine)));
    }
    const body = previewText(all);
    await writeNote(out, { marker: PREVIEW_MARKER, body, open: true });
    process.stdout.write(body);
    return all.some(({ preview }) => preview.failures.length > 0) ? 1 : 0;
}
