import { nodeCertificatesSchema, nodeInputSchema } from "./pki/input";
import { createNodeCertificates } from "./pki/pki";
import { earlierOutput, readInput, runMain } from "./stdin";

const PROGRAM = "node-certificates";

/**
 * Issues the certificates of a node that joins a living cluster. The lab's PKI (tasks/pki.ts) must not run again for
 * it: until it had run, a preview would know no certificate of the lab. A Pulumi command resource runs this program for
 * each such node and keeps the certificates in its output, which is a secret.
 *
 * Standard input: JSON as {@link nodeInputSchema}. Standard output: JSON as {@link nodeCertificatesSchema}.
 */
async function main(): Promise<void> {
    const input = await readInput(PROGRAM, nodeInputSchema);
    const issued = await createNodeCertificates(input, earlierOutput(PROGRAM, nodeCertificatesSchema));
    process.stdout.write(`${JSON.stringify(issued)}\n`);
}

runMain(PROGRAM, main);
