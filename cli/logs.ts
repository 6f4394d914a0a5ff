import { UserError } from "../plan/user-error";
import { clusterStatus } from "../tasks/wait-for-fleet/clusters";
import { FleetReader } from "../tasks/wait-for-fleet/reader";
import { Finder, type Found } from "./look/find";
import { answered, openLab, plannedThing, type OpenLab } from "./look/lab";
import { entryOf, recordsAbout } from "./look/log-entries";
import { LogReader } from "./look/log-reader";
import { clusterParts, hostNames } from "./look/look";
import { clusterSources, hostSources, type LogSource } from "./look/sources";
import { entryLines } from "./look/text";
import { inOrder } from "./look/timeline";

export interface LogsOptions {
    stack: string;
    /** Name of a host. */
    host?: string;
    /** Name of a cluster. */
    cluster?: string;
    /** Seconds back from now. Default: all that is kept. */
    since?: number;
    /** File of the management cluster's kubeconfig. Default: the one that the lab's program has written. */
    kubeconfig?: string;
}

/**
 * `npm run logs -- --host NAME`: what all parts of the lab have logged of one host or cluster, in the order of time.
 * @returns the exit code
 */
export async function logs({ stack, host, cluster: named, since, kubeconfig }: LogsOptions): Promise<number> {
    const name = host ?? named;
    if (name === undefined || (host !== undefined && named !== undefined)) {
        throw new UserError("logs are of one thing: give --host NAME or --cluster NAME");
    }
    const lab = await openLab(stack, kubeconfig);
    const { plan, cluster } = lab;
    const thing = host === undefined ? "cluster" : "host";
    const found = await answered(
        plan.prefix,
        new Finder(cluster.config, plan.namespace).find(name, [thing], plannedThing(lab)),
    );
    const { names, sources } = await answered(plan.prefix, soughtOf(lab, found));
    const notes: string[] = [];
    const texts = await new LogReader(cluster.config).read(sources, since, notes);
    const records = recordsAbout(texts, { names, namespace: plan.namespace });
    const lines = entryLines(inOrder(records.map(entryOf)), 23);
    if (lines.length > 0) {
        await written(`${lines.join("\n")}\n`);
    } else {
        notes.push(`no part has logged anything of ${name}${since === undefined ? "" : " in that time"}`);
    }
    notes.forEach((note) => process.stderr.write(`Left out: ${note}\n`));
    return 0;
}

/** In which logs a thing is, and by what it is known there. */
async function soughtOf(lab: OpenLab, found: Found): Promise<{ names: string[]; sources: LogSource[] }> {
    const { plan, kubeconfig } = lab;
    if (found.kind === "host") {
        const names = hostNames(lab, found.object);
        return { names, sources: hostSources(plan, names[0] ?? "") };
    }
    const { name } = clusterStatus(found.object);
    const scope = { namespace: plan.namespace, workloads: [], ownsNodes: false };
    const parts = await new FleetReader(kubeconfig, scope).readChains([name]);
    return { names: [...new Set([name, ...clusterParts(parts)])], sources: clusterSources(plan) };
}

/** Writes to standard output, whose reader may have seen enough, as `head` has. */
const written = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
        process.stdout.once("error", (error: NodeJS.ErrnoException) =>
            error.code === "EPIPE" ? resolve() : reject(error),
        );
        process.stdout.write(text, () => resolve());
    });
