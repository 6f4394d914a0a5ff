import { serverCertificateSchema, serverInputSchema } from "./pki/input";
import { createServerCertificate } from "./pki/pki";
import { earlierOutput, readInput, runMain } from "./stdin";

const PROGRAM = "server-certificate";

/**
 * Issues the certificate of a server that comes to a living lab, such as the BMCs of one more pair: see
 * node-certificates.ts, which does so for a node.
 *
 * Standard input: JSON as {@link serverInputSchema}. Standard output: JSON as {@link serverCertificateSchema}.
 */
async function main(): Promise<void> {
    const input = await readInput(PROGRAM, serverInputSchema);
    const issued = await createServerCertificate(input, earlierOutput(PROGRAM, serverCertificateSchema));
    process.stdout.write(`${JSON.stringify(issued)}\n`);
}

runMain(PROGRAM, main);
