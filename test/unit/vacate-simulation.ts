import { expect } from "chai";
import { clusterName, hostName, isClusterName, isHostName } from "../../plan/identities";
import type { Decision, HostSight, Sight, Staying } from "../../tasks/vacate-hosts/decide";
import { vacateHosts } from "../../tasks/vacate-hosts/vacate";

/** The first so many hosts and clusters of a lab stay, each cluster with so many control-plane machines. */
export const staying = (hosts: number, clusters: number, each = 1): Staying => ({
    machines: { KubeadmControlPlane: each, MachineDeployment: 0 },
    hosts: new Set(Array.from({ length: hosts }, (_, index) => hostName(index))),
    clusters: new Set(Array.from({ length: clusters }, (_, index) => clusterName(index))),
    isOwnHost: isHostName,
    isOwnCluster: isClusterName,
});

/** A management cluster whose controllers do at each step what Cluster API, CAPM3 and FKAS do in minutes. */
export class Simulation {
    readonly sight: Sight;
    private made = 0;
    /** Machines that each cluster is to have. */
    private each = 1;
    time = 1_000_000;
    /** What a person was told. */
    readonly reports: string[] = [];
    /** The least number of machines that each cluster had. */
    readonly least = new Map<string, number>();

    constructor(hosts: number, clusters: { name: string; on: number[] }[]) {
        this.sight = {
            hosts: Array.from({ length: hosts }, (_, index) => ({
                name: hostName(index),
                leaving: false,
                registering: false,
                usable: true,
            })),
            machines: [],
            owners: clusters.map(({ name }) => ({ kind: "KubeadmControlPlane", name })),
            clusters: clusters.map(({ name }) => ({ name, deleting: false })),
        };
        for (const { name, on } of clusters) {
            on.forEach((host) => this.addMachine(name, this.sight.hosts[host] as HostSight));
            this.least.set(name, on.length);
        }
        this.time += 60_000;
    }

    private addMachine(cluster: string, host: HostSight): void {
        this.made += 1;
        const name = `${cluster}-${this.made}`;
        const created = new Date(this.time).toISOString();
        const owner = { kind: "KubeadmControlPlane", name: cluster } as const;
        this.sight.machines.push({ name, cluster, infrastructure: name, created, deleting: false, owner });
        host.consumer = name;
    }

    private removeMachines(isGone: (machine: Sight["machines"][number]) => boolean): void {
        const gone = new Set(this.sight.machines.filter(isGone).map(({ infrastructure }) => infrastructure));
        this.sight.machines = this.sight.machines.filter((machine) => !isGone(machine));
        for (const host of this.sight.hosts) {
            if (gone.has(host.consumer ?? "")) {
                delete host.consumer;
            }
        }
    }

    hosts = async (): Promise<HostSight[]> => this.sight.hosts;
    look = async (): Promise<Sight> => this.sight;

    carryOut = async (decision: Decision, now: string): Promise<void> => {
        for (const host of this.sight.hosts) {
            host.leaving = decision.mark.includes(host.name) || (host.leaving && !decision.unmark.includes(host.name));
        }
        for (const cluster of this.sight.clusters) {
            cluster.deleting ||= decision.deleteClusters.includes(cluster.name);
        }
        for (const owner of this.sight.owners) {
            if (decision.roll.some(({ name }) => name === owner.name)) {
                expect(owner.rolloutAfter, "asked once").to.equal(undefined);
                owner.rolloutAfter = now;
            }
        }
    };

    /**
     * One step of the controllers: a cluster that goes loses its machines, one that rolls makes a new machine or, in
     * the step after, loses the old one, and one that has more machines than it is to have loses one.
     */
    step(): void {
        this.time += 5_000;
        const going = new Set(this.sight.clusters.filter(({ deleting }) => deleting).map(({ name }) => name));
        this.removeMachines(({ cluster }) => going.has(cluster));
        this.sight.clusters = this.sight.clusters.filter(({ deleting }) => !deleting);
        for (const { name, rolloutAfter } of this.sight.owners) {
            const own = this.sight.machines.filter(({ cluster }) => cluster === name);
            const outdated = own.find(
                ({ created }) => rolloutAfter !== undefined && Date.parse(created) < Date.parse(rolloutAfter),
            );
            const free = this.sight.hosts.find(({ consumer, leaving }) => consumer === undefined && !leaving);
            if (own.length > this.each) {
                this.removeMachines((machine) => machine === (outdated ?? own[0]));
            } else if (outdated !== undefined && free !== undefined) {
                this.addMachine(name, free);
            }
            const count = this.sight.machines.filter(({ cluster }) => cluster === name).length;
            this.least.set(name, Math.min(this.least.get(name) ?? 0, count));
        }
    }

    run(wanted: Staying, timeoutSeconds = 3600): Promise<void> {
        this.each = wanted.machines.KubeadmControlPlane;
        return vacateHosts({
            staying: wanted,
            timeoutSeconds,
            management: { hosts: this.hosts, sight: this.look, carryOut: this.carryOut },
            report: (line) => void this.reports.push(line),
            clock: {
                now: () => this.time,
                sleep: async () => {
                    this.step();
                },
            },
        });
    }
}
