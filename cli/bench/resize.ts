import type { CustomKind } from "../../lib/kubernetes";
import { HOLDERS } from "../../machine/holders";
import { stackPrefix } from "../../plan/identities";
import { plan as makePlan, type LabPlan } from "../../plan/plan";
import { UserError } from "../../plan/user-error";
import { validate } from "../../plan/validate";
import { CLUSTERS, HOSTS, MACHINES } from "../../tasks/wait-for-fleet/reader";
import { lastChanges } from "../stack";
import { availableClusters, waitForClusters } from "./available-clusters";
import type { Counts, ResizeRun, ResizeStep } from "./file";
import { currentCommit, type BenchLab, type MeasuredCommand } from "./lab";
import type { StoredObject } from "./management";
import type { BenchSize } from "./options";

/** A lab is resized when this part of its clusters is Available: the other clusters are queued or in progress. */
const RESIZE_AT = 0.5;
/** Longest wait for that part: for each cluster of the lab, and at least. */
const HALF_MADE_MS = { least: 900_000, each: 20_000 };
/** Pause between two looks. Each costs kube-apiserver a list of all clusters, on the machine that is measured. */
const LOOK_MS = 10_000;

/** @throws UserError with every reason why a lab cannot be resized through these sizes, before anything is made. */
export function checkResizing(sizes: readonly BenchSize[]): void {
    const problems = sizes
        .filter(({ clusters }) => clusters === 0)
        .map(
            ({ nodes }) =>
                `--under-load: ${nodes} hosts without clusters: a resize begins when half the clusters are Available`,
        );
    if (sizes.length < 2) {
        problems.unshift(
            `--under-load: --nodes ${sizes.map(({ nodes }) => nodes).join(",")}: must be two sizes or more`,
        );
    }
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
}

/** An object or container that keeps its identity as long as it has a place in the lab. */
export interface Part {
    what: string;
    id: string;
    /** Name of the host, cluster or container that it belongs to. */
    of: string;
}

/** Names the parts that have a place in the lab but were replaced or are gone. */
export function touched(before: readonly Part[], after: readonly Part[], hasPlace: (of: string) => boolean): string[] {
    const now = new Map(after.map(({ what, id }) => [what, id]));
    return before
        .filter(({ what, id, of }) => hasPlace(of) && now.get(what) !== id)
        .map(({ what }) => `${what} ${now.has(what) ? "was replaced" : "is gone"}`);
}

/** Tells whether a host, cluster or container has a place in a lab. */
export function places({ hosts, clusters, pairs, substrate, prefix }: LabPlan): (of: string) => boolean {
    const names = new Set([
        ...substrate.containers,
        ...hosts.map(({ name }) => name),
        ...clusters.map(({ name }) => name),
    ]);
    return (of) => names.has(of) || pairs.some(({ name }) => of.startsWith(`${prefix}-${name}-`));
}

/**
 * Brings a fresh lab to the first size, and to each later size as soon as half of the clusters of the size before are
 * Available. The lab stays up.
 */
export async function resizeUnderLoad(
    lab: BenchLab,
    sizes: readonly BenchSize[],
    settings: Record<string, string>,
): Promise<ResizeRun> {
    const began = new Date();
    const steps: ResizeStep[] = [];
    const sized = ({ nodes, clusters }: BenchSize): Record<string, string> => ({
        ...settings,
        nodes: String(nodes),
        clusters: String(clusters),
    });
    const bring = async (size: BenchSize, wait: "none" | "clusters"): Promise<MeasuredCommand> => {
        await lab.configure({ ...sized(size), wait });
        return lab.up();
    };
    for (const [index, to] of sizes.entries()) {
        const wait = index === sizes.length - 1 ? "clusters" : "none";
        const from = sizes[index - 1];
        if (from === undefined) {
            await bring(to, wait);
            continue;
        }
        const countsBefore = await halfMade(lab, from);
        const before = await parts(lab);
        const up = await bring(to, wait);
        const plan = makePlan(validate(sized(to)), lab.stack);
        steps.push({
            from,
            to,
            countsBefore,
            up,
            changes: await lastChanges(lab.ready, lab.stack),
            touched: touched(before, await parts(lab), places(plan)),
        });
    }
    const seconds = (Date.now() - began.getTime()) / 1000;
    return {
        settings,
        commit: await currentCommit(),
        began: began.toISOString(),
        steps,
        seconds,
        countsAtEnd: await counts(lab),
    };
}

/** Waits until half of the clusters are Available. @returns what there is then. */
async function halfMade(lab: BenchLab, { clusters }: BenchSize): Promise<Counts> {
    const wanted = Math.ceil(clusters * RESIZE_AT);
    const timeoutMs = Math.max(HALF_MADE_MS.least, HALF_MADE_MS.each * clusters);
    await waitForClusters(lab.runningCluster, wanted, { timeoutMs, everyMs: LOOK_MS });
    return counts(lab);
}

async function counts(lab: BenchLab): Promise<Counts> {
    const cluster = lab.runningCluster;
    const [hosts, clusters] = [await cluster.list(HOSTS), await cluster.list(CLUSTERS)];
    return {
        hosts: hosts.length,
        hostsProvisioned: hosts.filter(({ status }) => status?.provisioning?.state === "provisioned").length,
        clusters: clusters.length,
        clustersAvailable: availableClusters(clusters),
    };
}

/** The hosts, clusters and Machines of the lab, and its containers. */
async function parts(lab: BenchLab): Promise<Part[]> {
    const cluster = lab.runningCluster;
    const onMachine = (await Promise.all(HOLDERS.map((each) => each.containers(stackPrefix(lab.stack))))).flat();
    const objects = async (kind: CustomKind, what: string, of: (object: StoredObject) => string): Promise<Part[]> =>
        (await cluster.list(kind)).map((object) => ({
            what: `${what} ${object.metadata.name}`,
            id: object.metadata.uid,
            of: of(object),
        }));
    const own = ({ metadata }: StoredObject): string => metadata.name;
    return [
        ...(await objects(HOSTS, "BareMetalHost", own)),
        ...(await objects(CLUSTERS, "Cluster", own)),
        ...(await objects(MACHINES, "Machine", ({ spec }) => String(spec?.["clusterName"]))),
        ...onMachine.map(({ id, name }) => ({ what: `container ${name}`, id, of: name })),
    ];
}
