import { PREFLIGHTS } from "../machine/preflight";
import { plan } from "../plan/plan";
import type { Problem } from "../plan/problem";
import { ConfigurationError, validate } from "../plan/validate";
import type { Finding } from "../toolchain/doctor";

/** Docker and the programs, which are problems of this key where they are missing, have rows of their own. */
const OTHER_ROWS = "substrate";

/** The values of a stack's configuration file, gives them to the program: text, structured ones as JSON. */
const asText = (config: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );

/**
 * What the next `up` of a stack would refuse on this machine: a wrong configuration, a range or a port that is taken, a
 * libvirt that does not answer, too little memory. Free disk space and missing images have rows of their own.
 * @param config of the stack, by key without the project's prefix
 */
export async function labFindings(
    stack: string,
    config: Readonly<Record<string, unknown>>,
    preflights = PREFLIGHTS,
): Promise<Finding[]> {
    const problems = await problemsOf(stack, asText(config), preflights);
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
        const config = validate(raw);
        return await preflights[config.substrate]({ config, plan: plan(config, stack), grows: false, builtImages: [] });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems;
        }
        throw error;
    }
}
