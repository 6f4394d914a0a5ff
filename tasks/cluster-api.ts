import { clusterApiInputSchema } from "./cluster-api/input";
import { installClusterApi } from "./cluster-api/install";
import { withWorkspace } from "./cluster-api/workspace";
import { readInput, runMain } from "./stdin";

/**
 * Installs Cluster API with CAPM3 and IPAM into a management cluster. A Pulumi command resource runs this program.
 *
 * Standard input: JSON as {@link clusterApiInputSchema}. Standard error: progress. Standard output: JSON, the providers
 * and their versions.
 */
async function main(): Promise<void> {
    const input = await readInput("cluster-api", clusterApiInputSchema);
    const result = await withWorkspace((directory, signal) =>
        installClusterApi(input, directory, signal, (line) => process.stderr.write(`${line}\n`)),
    );
    process.stdout.write(`${JSON.stringify(result)}\n`);
}

runMain("cluster-api", main);
