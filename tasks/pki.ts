import { pkiInputSchema, pkiSchema } from "./pki/input";
import type { Pki } from "./pki/input";
import { createPki } from "./pki/pki";
import { parseInput, readInput, runMain } from "./stdin";

/**
 * Issues the lab's certificates. A Pulumi command resource runs this program and keeps the certificates in its output,
 * which is a secret.
 *
 * Standard input: JSON as {@link pkiInputSchema}. Standard output: JSON as {@link pkiSchema}. On an update, Pulumi's
 * command provider passes the output of the previous run in PULUMI_COMMAND_STDOUT. Certificates of it that still fit
 * are kept.
 */
async function main(): Promise<void> {
    const input = await readInput("pki", pkiInputSchema);
    const pki = await createPki(input, earlierOutput());
    process.stdout.write(`${JSON.stringify(pki)}\n`);
}

/**
 * The previous output. If it cannot be read, that is an error: new CAs would cut off everything that trusts the old
 * ones.
 */
function earlierOutput(): Pki | undefined {
    const earlier = process.env.PULUMI_COMMAND_STDOUT;
    return earlier === undefined || earlier === ""
        ? undefined
        : parseInput("pki", pkiSchema, earlier, "PULUMI_COMMAND_STDOUT (the output of the previous run)");
}

runMain("pki", main);
