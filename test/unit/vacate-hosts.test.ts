import { expect } from "chai";
import fc from "fast-check";
import { clusterName } from "../../plan/identities";
import { LEAVING_ANNOTATION, QUEUED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { UserError } from "../../plan/user-error";
import { decide, type HostSight } from "../../tasks/vacate-hosts/decide";
import { hostSight } from "../../tasks/vacate-hosts/management";
import { machineStatus } from "../../tasks/wait-for-fleet/machines";
import { Simulation, staying } from "./vacate-simulation";

const failureOf = async (work: Promise<void>): Promise<string> => {
    try {
        await work;
    } catch (error) {
        expect(error).to.be.instanceOf(UserError);
        return (error as Error).message;
    }
    throw new Error("nothing failed");
};

describe("vacating hosts that leave the lab", () => {
    it("Whatever serves whom: hosts that leave get free, clusters that stay keep all their machines", async () => {
        const lab = fc
            .record({
                each: fc.constantFrom(1, 3),
                clusters: fc.integer({ min: 0, max: 4 }),
                spare: fc.integer({ min: 1, max: 4 }),
            })
            .chain(({ each, clusters, spare }) =>
                fc.record({
                    each: fc.constant(each),
                    wanted: fc.constantFrom(1, each),
                    clusters: fc.constant(clusters),
                    order: fc.shuffledSubarray(
                        Array.from({ length: clusters * each + spare }, (_, index) => index),
                        { minLength: clusters * each + spare },
                    ),
                    fewerClusters: fc.integer({ min: 0, max: clusters }),
                    moreHosts: fc.integer({ min: 0, max: 3 }),
                }),
            );
        await fc.assert(
            fc.asyncProperty(lab, async ({ each, wanted, clusters, order, fewerClusters, moreHosts }) => {
                const simulation = new Simulation(
                    order.length,
                    Array.from({ length: clusters }, (_, index) => ({
                        name: clusterName(index),
                        on: order.slice(index * each, (index + 1) * each),
                    })),
                );
                const kept = Math.min(order.length, fewerClusters * wanted + moreHosts);
                await simulation.run(staying(kept, fewerClusters, wanted));
                const used = simulation.sight.hosts.filter(({ consumer }) => consumer !== undefined);
                expect(used.every(({ name }) => staying(kept, 0).hosts.has(name))).to.equal(true);
                for (let index = 0; index < fewerClusters; index++) {
                    expect(simulation.least.get(clusterName(index))).to.be.at.least(wanted);
                }
            }),
            { numRuns: 300 },
        );
    });

    it("Nothing is read but the hosts, and nothing written, where no host leaves", async () => {
        const simulation = new Simulation(3, [{ name: "cluster-0000", on: [2] }]);
        simulation.look = () => Promise.reject(new Error("not needed"));
        await simulation.run(staying(3, 1));
        // A host that is not the lab's own may stand beside its hosts.
        simulation.sight.hosts.push({ name: "mine", leaving: false, registering: false, usable: true });
        await simulation.run(staying(3, 1));
    });

    it("A host that stays after all may be given to machines again", async () => {
        const simulation = new Simulation(3, []);
        await simulation.run(staying(2, 0));
        expect(simulation.sight.hosts.map(({ leaving }) => leaving)).to.deep.equal([false, false, true]);
        await simulation.run(staying(3, 0));
        expect(simulation.sight.hosts.map(({ leaving }) => leaving)).to.deep.equal([false, false, false]);
    });

    it("The last free host taken by a successor is room enough, and no line is about hosts that are free", async () => {
        const simulation = new Simulation(4, [
            { name: "cluster-0000", on: [3] },
            { name: "cluster-0001", on: [0] },
        ]);
        await simulation.run(staying(2, 2));
        expect(simulation.sight.machines.map(({ cluster }) => cluster)).to.have.members([
            "cluster-0000",
            "cluster-0001",
        ]);
        expect(simulation.reports).to.have.length.above(0);
        simulation.reports.forEach((line) => expect(line).to.include("host-0003"));
    });

    it("Machines that a cluster is about to let go of are waited for, and not moved", async () => {
        const simulation = new Simulation(3, [{ name: "cluster-0000", on: [2, 0, 1] }]);
        await simulation.run(staying(1, 1, 1));
        expect(simulation.sight.machines).to.have.length(1);
        const spared = new Simulation(4, [{ name: "cluster-0000", on: [3, 0, 1] }]);
        await spared.run(staying(3, 1, 1));
        expect(spared.sight.owners.map(({ rolloutAfter }) => rolloutAfter)).to.deep.equal([undefined]);
    });

    it("Without a free host nothing is touched, and the message says which host serves whom", async () => {
        const simulation = new Simulation(2, [
            { name: "cluster-0000", on: [1] },
            { name: "mine", on: [0] },
        ]);
        const before = structuredClone(simulation.sight);
        const message = await failureOf(simulation.run(staying(1, 1)));
        expect(message).to.include("host-0001: Machine cluster-0000-1 of cluster cluster-0000 has to move");
        expect(message).to.include("'nodes'");
        expect(simulation.sight).to.deep.equal(before);
    });

    it("A host in trouble, or put elsewhere by its user, is no room", async () => {
        for (const spec of [{ image: {} }, { customDeploy: {} }, { externallyProvisioned: true }]) {
            expect(hostSight({ metadata: { name: "h" }, spec }).usable, JSON.stringify(spec)).to.equal(false);
        }
        for (const annotation of [
            "baremetalhost.metal3.io/detached",
            "baremetalhost.metal3.io/paused",
            "capm3.metal3.io/unhealthy",
        ]) {
            expect(hostSight({ metadata: { annotations: { [annotation]: "" } } }).usable, annotation).to.equal(false);
        }
        const queued = { "baremetalhost.metal3.io/paused": "", [QUEUED_ANNOTATION]: "" };
        expect(hostSight({ metadata: { annotations: queued } }).usable, "queued by the lab itself").to.equal(true);
        expect(hostSight({ status: { errorMessage: "no power" } }).usable).to.equal(false);
        expect(hostSight({ metadata: { deletionTimestamp: "x" } }).usable).to.equal(false);
        const marked = { metadata: { annotations: { [LEAVING_ANNOTATION]: "" } } };
        expect(hostSight({ ...marked, status: { provisioning: { state: "available", ID: "i" } } })).to.deep.equal({
            name: "",
            leaving: true,
            registering: false,
            usable: true,
        });
        const simulation = new Simulation(2, [{ name: "cluster-0000", on: [1] }]);
        (simulation.sight.hosts[0] as HostSight).usable = false;
        expect(await failureOf(simulation.run(staying(1, 1)))).to.include("no other host is free");
    });

    it("A host whose node in Ironic is being made is waited for, and one that is queued is not", async () => {
        const provisioning = (state: string, ID = "") => ({ status: { provisioning: { state, ID } } });
        const paused = { metadata: { annotations: { "baremetalhost.metal3.io/paused": "" } } };
        expect(hostSight({}).registering).to.equal(true);
        expect(hostSight(provisioning("registering")).registering).to.equal(true);
        expect(hostSight(provisioning("registering", "uuid")).registering).to.equal(false);
        expect(hostSight(provisioning("available", "uuid")).registering).to.equal(false);
        expect(hostSight(paused).registering).to.equal(false);

        const simulation = new Simulation(3, []);
        const host = simulation.sight.hosts[2] as HostSight;
        host.registering = true;
        const began = simulation.time;
        simulation.step = () => {
            simulation.time += 5_000;
            host.registering = simulation.time - began < 20_000;
        };
        await simulation.run(staying(2, 0));
        expect(simulation.time - began).to.equal(20_000);
    });

    it("A host that was released while others were marked is seen by one more look", async () => {
        const simulation = new Simulation(3, []);
        const host = simulation.sight.hosts[2] as HostSight;
        const write = simulation.carryOut;
        simulation.carryOut = async (decision, now) => {
            await write(decision, now);
            host.registering = decision.mark.length > 0;
        };
        let steps = 0;
        simulation.step = () => {
            steps += 1;
        };
        await simulation.run(staying(2, 0));
        expect(host).to.deep.include({ leaving: true, registering: false });
        expect(steps).to.equal(2);
    });

    it("A machine that nothing would replace stops it", () => {
        const simulation = new Simulation(2, [{ name: "cluster-0000", on: [1] }]);
        delete simulation.sight.machines[0]?.owner;
        expect(decide(simulation.sight, staying(1, 1)).problems.join()).to.include("has no owner");
    });

    it("A rollout that does not end is named when the time is over", async () => {
        const simulation = new Simulation(2, [{ name: "cluster-0000", on: [1] }]);
        simulation.step = () => {
            simulation.time += 5_000;
        };
        expect(await failureOf(simulation.run(staying(1, 1), 60)))
            .to.include("waited 60 s")
            .and.include("host-0001: Machine cluster-0000-1 of cluster cluster-0000 moves to another host")
            .and.include("waitTimeout");
    });

    it("A Machine's owner is what its labels name", () => {
        const owner = (labels: Record<string, string>) => machineStatus({ metadata: { labels } }).owner;
        expect(owner({ "cluster.x-k8s.io/deployment-name": "c-workers" })).to.deep.equal({
            kind: "MachineDeployment",
            name: "c-workers",
        });
        expect(owner({ "cluster.x-k8s.io/control-plane-name": "c-cp" })).to.deep.equal({
            kind: "KubeadmControlPlane",
            name: "c-cp",
        });
        expect(owner({ "cluster.x-k8s.io/cluster-name": "c" })).to.equal(undefined);
    });
});
