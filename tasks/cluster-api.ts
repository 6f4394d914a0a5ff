import { PART_VERSIONS, readPartVersions } from "../plan/part-versions";
import { Cluster } from "./cluster-api/cluster";
import { clusterApiInputSchema } from "./cluster-api/input";
import { installClusterApi } from "./cluster-api/install";
import { removeClusterApi } from "./cluster-api/remove";
import { withWorkspace } from "./cluster-api/workspace";
import { readInput, runMain } from "./stdin";

/**
 * Installs Cluster API with CAPM3 and IPAM into a management cluster, or upgrades what is there. A Pulumi command
 * resource runs this program.
 *
 * With the argument `delete` it removes them, and all that is theirs.
 *
 * Standard input: JSON as {@link clusterApiInputSchema}. The variable PART_VERSIONS: as {@link readPartVersions} has
 * it; default: each part has its own version. Standard error: progress. Standard output: JSON, the providers
 * and their versions.
 */
async function main(): Promise<void> {
    const input = await readInput("cluster-api", clusterApiInputSchema);
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    if (process.argv[2] === "delete") {
        await withWorkspace((_, signal) =>
            removeClusterApi(new Cluster(input.kubeconfig), input.waitSeconds, signal, say),
        );
        return;
    }
    const chosen = readPartVersions(process.env[PART_VERSIONS]);
    const result = await withWorkspace((directory, signal) => installClusterApi(input, chosen, directory, signal, say));
    process.stdout.write(`${JSON.stringify(result)}\n`);
}

runMain("cluster-api", main);
