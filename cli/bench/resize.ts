import Docker from "dockerode";
import { validate } from "../../plan/config/validate";
import { plan as makePlan, type LabPlan } from "../../plan/plan";
import { clusterStatus } from "../../tasks/wait-for-fleet/reader";
import { labLabel } from "../recovery/docker-leftovers";
import { lastChanges } from "../stack";
import { commit, until, type BenchLab, type MeasuredCommand } from "./lab";
import { CLUSTERS, HOSTS, MACHINES, ManagementCluster, type StoredObject } from "./management";
import type { BenchSize } from "./options";

/** A lab is resized when this part of its clusters is Available: the rest is queued or in work. */
const RESIZE_AT = 0.5;
/** How long that may take: for each cluster, and at least. */
const HALF_MADE_SECONDS = { least: 900, each: 20 };
/** A look costs kube-apiserver a list of all clusters, on the machine that is measured. */
const LOOK_SECONDS = 10;

interface Counts {
    hosts: number;
    hostsProvisioned: number;
    clusters: number;
    clustersAvailable: number;
}

/** A lab that was told to become another while it was being made. */
export interface ResizeStep {
    from: BenchSize;
    to: BenchSize;
    /** What there was when it was told. */
    had: Counts;
    up: MeasuredCommand;
    /** Pulumi's resources by what was done to them: `same`, `create`, `update`, `delete`, … */
    changes: Record<string, number>;
    /** What was there before and has a place in the new size, but was replaced or is gone. Empty if all is well. */
    touched: string[];
}

/** A lab through several sizes, each told while hosts and clusters of the one before were in work. */
export interface ResizeRun {
    settings: Record<string, string>;
    commit: string;
    began: string;
    steps: ResizeStep[];
    /** From the first `up` until all of the last size was where it should be. */
    seconds: number;
    /** What there was then. */
    end: Counts;
}

/** @throws Error naming everything that makes these sizes no resizing, before anything is made. */
export function checkResizing(sizes: readonly BenchSize[]): void {
    const problems = sizes
        .filter(({ clusters }) => clusters === 0)
        .map(({ nodes }) => `--under-load: ${nodes} hosts without clusters: it is clusters that are waited for`);
    if (sizes.length < 2) {
        problems.unshift(
            `--under-load: --nodes ${sizes.map(({ nodes }) => nodes).join(",")}: must be two sizes or more`,
        );
    }
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

/** Something that keeps its identity as long as it has a place in the lab. */
export interface Part {
    what: string;
    id: string;
    /** The host, cluster or container it goes away with. */
    of: string;
}

/** Parts with a place in the lab that are no longer what they were. */
export function touched(before: readonly Part[], after: readonly Part[], hasPlace: (of: string) => boolean): string[] {
    const now = new Map(after.map(({ what, id }) => [what, id]));
    return before
        .filter(({ what, id, of }) => hasPlace(of) && now.get(what) !== id)
        .map(({ what }) => `${what} ${now.has(what) ? "was replaced" : "is gone"}`);
}

/** Which hosts, clusters and containers have a place in a lab. */
export function places({ hosts, clusters, pairs, substrate, prefix }: LabPlan): (of: string) => boolean {
    const names = new Set([substrate.node.name, ...hosts.map(({ name }) => name), ...clusters.map(({ name }) => name)]);
    return (of) => names.has(of) || pairs.some(({ name }) => of.startsWith(`${prefix}-${name}-`));
}

/** Brings a fresh lab to the first size, and to each other one as soon as half of the one before is there. The lab stays. */
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
        const had = await halfMade(lab, from);
        const before = await parts(lab);
        const up = await bring(to, wait);
        const plan = makePlan(validate(sized(to)), lab.stack);
        steps.push({
            from,
            to,
            had,
            up,
            changes: await lastChanges(lab.ready, lab.stack),
            touched: touched(before, await parts(lab), places(plan)),
        });
    }
    const seconds = (Date.now() - began.getTime()) / 1000;
    return { settings, commit: await commit(), began: began.toISOString(), steps, seconds, end: await counts(lab) };
}

async function halfMade(lab: BenchLab, { clusters }: BenchSize): Promise<Counts> {
    const wanted = Math.ceil(clusters * RESIZE_AT);
    const limit = Math.max(HALF_MADE_SECONDS.least, HALF_MADE_SECONDS.each * clusters);
    const cluster = ManagementCluster.standing(lab.stack);
    const enough = async (): Promise<true | undefined> =>
        available(await cluster.list(CLUSTERS)) >= wanted || undefined;
    await until(
        `${wanted} of ${clusters} clusters to be Available`,
        limit,
        new AbortController().signal,
        enough,
        LOOK_SECONDS,
    );
    return counts(lab);
}

/** As the gate counts them: not those that are queued or on their way out. */
const available = (clusters: readonly StoredObject[]): number =>
    clusters.map(clusterStatus).filter((cluster) => cluster.available).length;

async function counts(lab: BenchLab): Promise<Counts> {
    const cluster = ManagementCluster.standing(lab.stack);
    const [hosts, clusters] = [await cluster.list(HOSTS), await cluster.list(CLUSTERS)];
    return {
        hosts: hosts.length,
        hostsProvisioned: hosts.filter(({ status }) => status?.provisioning?.state === "provisioned").length,
        clusters: clusters.length,
        clustersAvailable: available(clusters),
    };
}

/** Hosts, clusters, their Machines, and the lab's containers. */
async function parts(lab: BenchLab): Promise<Part[]> {
    const cluster = ManagementCluster.standing(lab.stack);
    const containers = await new Docker().listContainers({ all: true, filters: { label: [labLabel(lab.stack)] } });
    const objects = async (kind: typeof HOSTS, what: string, of: (object: StoredObject) => string): Promise<Part[]> =>
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
        ...containers.map(({ Id, Names }) => ({
            what: `container ${Names[0]}`,
            id: Id,
            of: (Names[0] ?? "").slice(1),
        })),
    ];
}
