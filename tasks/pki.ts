import { pkiInputSchema, pkiSchema } from "./pki/input";
import { createPki } from "./pki/pki";
import { earlierOutput, readInput, runMain } from "./stdin";

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
    const pki = await createPki(input, earlierOutput("pki", pkiSchema));
    process.stdout.write(`${JSON.stringify(pki)}\n`);
}

runMain("pki", main);
