import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { duration } from "../lib/duration";
import { npmRun } from "../plan/commands";
import { UserError } from "../plan/user-error";
import { makeBundle } from "../toolchain/bundle/make";
import { gib } from "../toolchain/machine";
import { repoRoot } from "../toolchain/paths";
import { Session } from "./session";
import { labNeeds, stackFile } from "./stack-file";

export interface BundleOptions {
    /** The stack whose lab the bundle is for. */
    stack: string;
    /** File that is made, from the top of the checkout. */
    out: string;
}

/**
 * `npm run bundle`: makes one file of all that the lab of a stack needs, for a machine without a network.
 * @returns the exit code
 */
export async function bundle(options: BundleOptions): Promise<number> {
    const session = new Session();
    const { stack } = options;
    if (!existsSync(stackFile(stack))) {
        throw new UserError(
            `there is no ${basename(stackFile(stack))}: a bundle holds what the configuration of a stack needs. ` +
                "Name a stack that has one (--stack), or make the file",
        );
    }
    const out = resolve(repoRoot, options.out);
    const needs = await labNeeds(stack);
    const about = await session.stoppable(() => makeBundle(session.toolchain, needs, { stack, out }));
    const { size } = await stat(out);
    session.progress.line(
        `${out}: ${gib(size)}, for stack ${stack} at commit ${about.commit}, on ${about.platform} ` +
            `(${duration(session.progress.elapsed)}). Carry it with this checkout and its ` +
            `${basename(stackFile(stack))}; there: ${npmRun("up", stack, "--bundle", basename(out))}`,
    );
    return 0;
}
