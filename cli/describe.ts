import { Finder } from "./look/find";
import { answered, openLab, plannedThing } from "./look/lab";
import { lookAtCluster, lookAtHost } from "./look/look";
import { descriptionLines } from "./look/text";
import { THINGS, type Thing } from "./look/things";

export interface DescribeOptions {
    stack: string;
    /** Whether JSON is printed. */
    json: boolean;
    /** What the name is of, where a host and a cluster have the same. */
    kind?: Thing;
    /** Seconds that the history goes back. Default: as far as anything is known. */
    since?: number;
    /** File of the management cluster's kubeconfig. Default: the one that the lab's program has written. */
    kubeconfig?: string;
}

/**
 * `npm run describe -- NAME`: says of one host or cluster how it is, why, and what has happened to it. All that it must
 * reach is the management cluster; it says what else it could not ask.
 * @returns the exit code
 */
export async function describe(name: string, options: DescribeOptions): Promise<number> {
    const { stack, kind, since, json } = options;
    const lab = await openLab(stack, options.kubeconfig);
    const { cluster, plan } = lab;
    const things = kind === undefined ? THINGS : [kind];
    const found = await answered(
        plan.prefix,
        new Finder(cluster.config, plan.namespace).find(name, things, plannedThing(lab)),
    );
    const now = new Date();
    const how = { stack, now, ...(since === undefined ? {} : { since }) };
    const description = await (found.kind === "host"
        ? lookAtHost(lab, found.object, how)
        : lookAtCluster(lab, found.object, how));
    const lines = json ? [JSON.stringify(description)] : descriptionLines(description, now);
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
}
