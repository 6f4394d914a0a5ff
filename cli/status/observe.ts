import { errorText } from "../../lib/error-text";
import { parseKubeconfig, requestErrorText } from "../../lib/kubernetes";
import { dockerLabels } from "../../plan/docker-labels";
import { BARE_METAL_OPERATOR, PROVIDERS } from "../../plan/manifests/providers";
import type { LabPlan } from "../../plan/plan";
import { readContainers } from "../../tasks/wait-for-fleet/containers";
import type { Evidence, IronicNode } from "../../tasks/wait-for-fleet/evidence";
import type { Wanted } from "../../tasks/wait-for-fleet/fleet";
import { labContainers } from "../../tasks/wait-for-fleet/lab-parts";
import type { PartStatus, Pending } from "../../tasks/wait-for-fleet/pending";
import { FleetReader, type WholeFleet } from "../../tasks/wait-for-fleet/reader";
import { askBmcs } from "./bmcs";
import { IronicReader } from "./ironic";
import { pendingOf } from "./pending-of";

/** What one look at a lab has found. */
export interface Observation extends WholeFleet {
    pending: readonly Pending[];
    evidence: Evidence;
    /** Undefined where Ironic was not reached. */
    ironicNodes: readonly IronicNode[] | undefined;
    /** Milliseconds of the BMCs by pair; undefined where they are not reached from here. */
    bmcs: ReadonlyMap<string, number | null> | undefined;
    /** Cores that each pod uses, by namespace/name. */
    podCores: ReadonlyMap<string, number>;
    /** What could not be looked at, and why. */
    notes: readonly string[];
    /** Requests by what they ask for, and the time that all took. */
    look: { requests: Record<string, number>; milliseconds: number };
}

/** Looks at a lab: at its management cluster, and beside it at whatever else is reached from this machine. */
export class Observer {
    private readonly reader: FleetReader;
    private readonly ironic: IronicReader;

    constructor(
        kubeconfig: string,
        private readonly plan: LabPlan,
        private readonly want: Wanted,
        /** Opens a way to Ironic's API for as long as it is used; rejects where this machine has none. */
        private readonly throughWay: <Found>(use: (endpoint: string) => Promise<Found>) => Promise<Found>,
    ) {
        const { namespace } = plan;
        const namespaces = [namespace, BARE_METAL_OPERATOR.namespace, ...PROVIDERS.map((each) => each.namespace)];
        const ownsNodes = plan.substrate.serviceAddress !== undefined;
        this.reader = new FleetReader(kubeconfig, { namespace, workloads: { namespaces }, ownsNodes });
        this.ironic = new IronicReader(parseKubeconfig(kubeconfig), namespace, this.reader.requests);
    }

    /** @throws Error when the management cluster does not answer */
    async look(): Promise<Observation> {
        const began = performance.now();
        const notes: string[] = [];
        const [whole, containers, ironicNodes, bmcs] = await Promise.all([
            this.reader.readWhole(),
            this.containers(notes),
            this.ironicNodes(notes),
            askBmcs(this.plan),
        ]);
        const fleet = { ...whole.fleet, parts: [...containers, ...whole.fleet.parts] };
        const pending = pendingOf(fleet, this.want);
        const queued = new Set(fleet.clusters.flatMap(({ name, queued }) => (queued ? [name] : [])));
        const waiting = pending.flatMap(({ kind, name }) => (kind === "Cluster" && !queued.has(name) ? [name] : []));
        const [chains, { nodes, podCores }] = await Promise.all([
            this.reader.readChains(waiting),
            this.reader.readNodes(),
        ]);
        const isElsewhere =
            bmcs !== undefined && ironicNodes === undefined && [...bmcs.values()].every((ms) => ms === null);
        if (isElsewhere) {
            notes.push("no BMC answers at the provisioning network, which this machine may not reach");
        }
        if (podCores.size === 0) {
            notes.push("no kubelet says how much CPU its pods use");
        }
        return {
            ...whole,
            fleet,
            pending,
            evidence: { ...chains, nodes, ironic: new Map((ironicNodes ?? []).map((node) => [node.uuid, node])) },
            ironicNodes,
            bmcs: isElsewhere ? undefined : bmcs,
            podCores,
            notes,
            look: { requests: this.reader.requests.take(), milliseconds: Math.round(performance.now() - began) },
        };
    }

    /** The lab's Docker containers, which may be on another machine. */
    private async containers(notes: string[]): Promise<PartStatus[]> {
        const names = labContainers(this.plan);
        const [label] = dockerLabels(this.plan).map((each) => `${each.label}=${each.value}`);
        if (names.length === 0 || label === undefined) {
            return [];
        }
        try {
            const found = await readContainers(label, names);
            if (found.some(({ trouble }) => trouble !== "does not exist")) {
                return found;
            }
            notes.push("the Docker of this machine has no container of the lab");
        } catch (error) {
            notes.push(`Docker does not say how the lab's containers are: ${errorText(error)}`);
        }
        return [];
    }

    private async ironicNodes(notes: string[]): Promise<IronicNode[] | undefined> {
        try {
            return await this.throughWay((endpoint) => this.ironic.read(endpoint, this.plan.conductors));
        } catch (error) {
            notes.push(`Ironic was not asked for its locks and errors: ${requestErrorText(error)}`);
            return undefined;
        }
    }
}
