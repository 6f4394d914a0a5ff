import { PREFLIGHTS } from "../machine/preflight";
import { plan } from "../plan/plan";
import type { Problem } from "../plan/problem";
import { ConfigurationError, validate } from "../plan/validate";
import type { Finding } from "../toolchain/doctor";
import { imageChoices } from "../toolchain/images/recipes";

/** Docker and the programs, which are problems of this key where they are missing, have rows of their own. */
const OTHER_ROWS = "substrate";

/**
 * What the next `up` of a stack would refuse on this machine: a wrong configuration, a range or a port that is taken, a
 * libvirt that does not answer, too little memory. Free disk space and missing images have rows of their own.
 * @param raw the configuration of the stack, by key without the project's prefix
 */
export async function labFindings(
    stack: string,
    raw: Record<string, string>,
    preflights = PREFLIGHTS,
): Promise<Finding[]> {
    const problems = await problemsOf(stack, raw, preflights);
    return problems
        .filter(({ key }) => key !== OTHER_ROWS)
        .map(({ key, value, rule }) => ({ what: `${key} = ${value}`, state: "problem", found: rule }));
}

async function problemsOf(
    stack: string,
    raw: Record<string, string>,
    preflights: typeof PREFLIGHTS,
): Promise<Problem[]> {
    try {
        const config = validate(raw, imageChoices());
        return await preflights[config.substrate]({ config, plan: plan(config, stack), grows: false, builtImages: [] });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems;
        }
        throw error;
    }
}
