import { pkiInputSchema, pkiSchema } from "./pki/input";
import type { Pki } from "./pki/input";
import { createPki } from "./pki/pki";
import { parseInput, readInput, runMain } from "./stdin";

/**
 * Issues the lab's certificates: run by a Pulumi command resource, whose output, a secret, is where they are kept.
 *
 * Standard input: JSON as {@link pkiInputSchema}. Standard output: JSON as {@link pkiSchema}.
 * On an update Pulumi's command provider hands over the output of the run before in PULUMI_COMMAND_STDOUT: what of it
 * still fits is kept.
 */
async function main(): Promise<void> {
    const input = await readInput("pki", pkiInputSchema);
    const pki = await createPki(input, earlierOutput());
    process.stdout.write(`${JSON.stringify(pki)}\n`);
}

/** A result that cannot be read is an error: issuing everything anew would cut off what runs on the old CA. */
function earlierOutput(): Pki | undefined {
    const earlier = process.env.PULUMI_COMMAND_STDOUT;
    return earlier === undefined || earlier === ""
        ? undefined
        : parseInput("pki", pkiSchema, earlier, "PULUMI_COMMAND_STDOUT (the output of the run before)");
}

runMain("pki", main);
