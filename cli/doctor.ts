import { startCommand, stoppedContainers } from "../machine/docker/stopped";
import { stackPrefix } from "../plan/identities";
import { Cache } from "../toolchain/cache/cache";
import { examine, type Finding } from "../toolchain/doctor";
import { cacheRoot } from "../toolchain/paths";
import { labFindings } from "./lab-findings";
import { plainTable } from "./plain-table";
import { labNeeds, rawConfig } from "./stack-file";
import { stateFinding } from "./state-finding";

const MARKS: Record<Finding["state"], string> = { ok: "ok", "to do": "to do", warning: "WARNING", problem: "PROBLEM" };

export interface DoctorOptions {
    stack: string;
}

/**
 * `npm run doctor`: prints a table of what was found.
 * @returns 1 when the lab cannot run here, not even after `npm run setup`
 */
export async function doctor(options: DoctorOptions): Promise<number> {
    const findings = [
        ...(await examine(new Cache(cacheRoot()), await labNeeds(options.stack))),
        await stateFinding(options.stack),
        ...(await labFindings(options.stack, await rawConfig(options.stack))),
        ...(await stoppedFindings(options.stack)),
    ];
    const rows = findings.map(({ what, state, found }) => [what, MARKS[state], found]);
    process.stdout.write(`${plainTable(["what", "state", "found"], rows).join("\n")}\n`);
    const problems = findings.filter(({ state }) => state === "problem");
    const todo = findings.filter(({ state }) => state === "to do");
    if (problems.length > 0) {
        process.stdout.write(
            `\nThe lab cannot run here: ${problems.length} problem${problems.length > 1 ? "s" : ""}.\n`,
        );
    } else if (todo.length > 0) {
        process.stdout.write(
            `\nThe lab can run here. \`npm run up\` makes what is "to do" first (\`npm run setup\` only that).\n`,
        );
    } else {
        process.stdout.write("\nThe lab can run here; everything it needs is there.\n");
    }
    return problems.length > 0 ? 1 : 0;
}

/** The containers of the stack's lab that stand still. None when Docker does not answer, which has a row of its own. */
async function stoppedFindings(stack: string): Promise<Finding[]> {
    const stopped = await stoppedContainers(stackPrefix(stack)).catch(() => []);
    return stopped.map((each) => ({
        what: each.name,
        state: "warning",
        found: `stands still (${each.status}): 'npm run up' starts it, or '${startCommand(each)}'`,
    }));
}
