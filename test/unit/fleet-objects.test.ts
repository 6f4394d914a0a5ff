import { expect } from "chai";
import fc from "fast-check";
import { explain } from "../../tasks/wait-for-fleet/chains";
import { clusterStatus, pendingCluster, type ClusterObject } from "../../tasks/wait-for-fleet/clusters";
import type { Condition } from "../../tasks/wait-for-fleet/conditions";
import { NO_EVIDENCE, type Metal3MachineStatus } from "../../tasks/wait-for-fleet/evidence";
import { pendingObjects, type Fleet, type Wanted } from "../../tasks/wait-for-fleet/fleet";
import { hostStatus, type HostObject } from "../../tasks/wait-for-fleet/hosts";
import {
    machineStatus,
    ownerStatus,
    pendingMachinery,
    type MachineryObject,
} from "../../tasks/wait-for-fleet/machines";
import type { Pending } from "../../tasks/wait-for-fleet/pending";
import objects from "./samples/fleet-objects.json";

/** Objects of a lab that ran: a cluster that is up, and the same after its version rose without a spare host. */
type State = keyof typeof objects;

const ofKind = <T>(state: State, kind: string): T[] =>
    structuredClone((objects[state] as { kind: string }[]).filter((each) => each.kind === kind)) as T[];
const fleet = (state: State): Fleet => ({
    hosts: ofKind<HostObject>(state, "BareMetalHost").map(hostStatus),
    clusters: ofKind<ClusterObject>(state, "Cluster").map(clusterStatus),
    parts: [],
});
const machinery = (state: State) => ({
    owners: ofKind<MachineryObject>(state, "KubeadmControlPlane").map((each) =>
        ownerStatus("KubeadmControlPlane", each),
    ),
    machines: ofKind<MachineryObject>(state, "Machine").map(machineStatus),
});
const metal3Machines = (state: State): Metal3MachineStatus[] =>
    ofKind<{ metadata: { name: string }; status: { conditions: Condition[] } }>(state, "Metal3Machine").map(
        ({ metadata, status }) => ({ name: metadata.name, conditions: status.conditions }),
    );

const textOf = ({ kind, name, reason }: Pending): string => `${kind} ${name}: ${reason}`;

const want: Wanted = {
    hosts: ["host-0000", "host-0002"],
    clusters: ["cluster-0000"],
    shape: { controlPlaneNodes: 1, workerNodes: 0, kubernetesVersion: "v1.35.4" },
};
const raised: Wanted = { ...want, shape: { ...want.shape, kubernetesVersion: "v1.36.0" } };
const [upCluster] = ofKind<ClusterObject>("up", "Cluster") as [ClusterObject];
const troubleOf = (change: (object: ClusterObject) => void, shape = want.shape, hosts = 1): string | undefined => {
    const object = structuredClone(upCluster);
    change(object);
    return pendingCluster("cluster-0000", clusterStatus(object), shape, hosts)[0]?.reason;
};
const setCondition = (object: ClusterObject, type: string, change: Partial<Condition>): void => {
    Object.assign(object.status?.conditions?.find((each) => each.type === type) ?? {}, change);
};

describe("The wait for the fleet, of the objects of a lab", () => {
    it("finds nothing pending in a lab that is up", () => {
        expect(pendingObjects(fleet("up"), want)).to.deep.equal([]);
        expect(pendingMachinery(machinery("up"), want.clusters, want.shape)).to.deep.equal([]);
    });

    it("does not believe the status of a Cluster from before a change", () => {
        const change = (object: ClusterObject): void => {
            (object.metadata as { generation: number }).generation += 1;
        };
        expect(troubleOf(change)).to.equal("TopologyReconciled does not speak of the last change yet");
    });

    it("does not believe a Cluster whose parts have not seen a change yet", () => {
        const { owners, machines } = machinery("up");
        const behind = owners.map((each) => ({ ...each, generation: each.generation + 1 }));
        expect(pendingMachinery({ owners: behind, machines }, want.clusters, want.shape)).to.deep.equal([
            {
                kind: "KubeadmControlPlane",
                name: "cluster-0000-control-plane",
                cluster: "cluster-0000",
                reason: "its controller has not seen the last change yet",
            },
        ]);
    });

    it("wants each Machine at the configured version, with a Node, and none that is being deleted", () => {
        const { owners, machines } = machinery("up");
        const reasons = (change: object, shape = want.shape): string[] =>
            pendingMachinery(
                { owners, machines: machines.map((each) => ({ ...each, ...change })) },
                want.clusters,
                shape,
            ).map(({ reason }) => reason);
        expect(reasons({}, raised.shape)).to.deep.equal(["has v1.35.4 (wanted: v1.36.0)"]);
        expect(reasons({ hasNode: false })).to.deep.equal(["has no Node yet"]);
        expect(reasons({ deleting: true })).to.deep.equal(["being deleted"]);
        expect(reasons({ isControlPlane: false })).to.deep.equal([
            "has 0 control-plane and 1 worker Machines (wanted: 1 and 0)",
        ]);
        expect(reasons({ cluster: "cluster-0009", deleting: true }), "a cluster that goes").to.deep.equal([
            "has 0 control-plane and 0 worker Machines (wanted: 1 and 0)",
        ]);
    });

    it("is held up by each condition that says that a Cluster is on its way", () => {
        for (const type of ["Deleting", "Remediating", "RollingOut", "ScalingUp", "ScalingDown"]) {
            expect(
                troubleOf((each) => setCondition(each, type, { status: "True", message: "on\n  its way" })),
            ).to.equal("on its way");
        }
        for (const type of ["TopologyReconciled", "Available"]) {
            expect(troubleOf((each) => setCondition(each, type, { status: "False", message: "no" }))).to.equal("no");
            expect(troubleOf((each) => setCondition(each, type, { type: "Other" }))).to.equal(
                `${type} is not reported yet`,
            );
        }
    });

    it("accepts only the numbers of machines and hosts that are wanted, whatever they are (property)", () => {
        const count = fc.integer({ min: 0, max: 3 });
        const numbers = fc.record({
            desiredReplicas: count,
            replicas: count,
            upToDateReplicas: count,
            readyReplicas: count,
            availableReplicas: count,
        });
        fc.assert(
            fc.property(numbers, numbers, count, count, fc.integer({ min: 0, max: 6 }), (cp, workers, c, w, hosts) => {
                const shape = { ...want.shape, controlPlaneNodes: c, workerNodes: w };
                const trouble = troubleOf(
                    (each) => Object.assign(each.status ?? {}, { controlPlane: cp, workers }),
                    shape,
                    hosts,
                );
                const right =
                    Object.values(cp).every((each) => each === c) &&
                    Object.values(workers).every((each) => each === w) &&
                    hosts === c + w;
                expect(trouble === undefined).to.equal(right);
            }),
        );
        const right = { desiredReplicas: 3, replicas: 3, upToDateReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
        const three = { ...want.shape, controlPlaneNodes: 3 };
        expect(troubleOf((each) => Object.assign(each.status ?? {}, { controlPlane: right }), three, 3)).to.equal(
            undefined,
        );
        expect(troubleOf((each) => Object.assign(each.status ?? {}, { controlPlane: right }), three, 2)).to.equal(
            "2 hosts are provisioned for its machines (wanted: 3)",
        );
    });

    it("names the Machine that waits for a host, and the reason that its Metal3Machine gives, in one line", () => {
        const pending = pendingObjects(fleet("waitsForHost"), raised);
        expect(pending.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal(["Cluster cluster-0000"]);
        const evidence = {
            ...NO_EVIDENCE,
            machines: machinery("waitsForHost").machines,
            metal3Machines: metal3Machines("waitsForHost"),
        };
        expect(explain(pending, fleet("waitsForHost"), evidence).map(textOf)).to.deep.equal([
            "Cluster cluster-0000: Machine cluster-0000-control-plane-2tnc2: " +
                "no host is set aside for it, though 1 of 2 are available",
        ]);
    });

    it("follows a Machine to its host and the host's error, and does not list that host once more", () => {
        const broken = fleet("up").hosts.map((host) =>
            host.name === "host-0000" ? { ...host, state: "provisioning", error: "deploy failed" } : host,
        );
        const pending = pendingObjects({ ...fleet("up"), hosts: broken }, want);
        expect(pending.map(({ kind }) => kind)).to.deep.equal(["BareMetalHost", "Cluster"]);
        const machines = machinery("up").machines.map((each) => ({ ...each, hasNode: false }));
        const part = { kind: "Deployment" as const, name: "metal3/fkas-0", reason: "not ready yet" };
        const chains = explain([part, ...pending], { ...fleet("up"), hosts: broken }, { ...NO_EVIDENCE, machines });
        expect(chains.map(textOf)).to.deep.equal([
            "Deployment metal3/fkas-0: not ready yet",
            `Cluster cluster-0000: Machine ${machines[0]?.name}: BareMetalHost host-0000: provisioning: deploy failed`,
        ]);
    });

    it("leaves a Cluster its own words where no Machine is held up, and begins with the oldest Machine", () => {
        const { machines } = machinery("up");
        const own = { kind: "Cluster" as const, name: "cluster-0000", reason: "rolls out" };
        const explained = (held: typeof machines): string[] =>
            explain([own], { hosts: [], clusters: [] }, { ...NO_EVIDENCE, machines: held }).map(textOf);
        expect(explained(machines)).to.deep.equal(["Cluster cluster-0000: rolls out"]);
        const held = ["2026-02", "2026-01"].flatMap((created) =>
            machines.map((each) => ({ ...each, name: created, created, deleting: true })),
        );
        expect(explained(held)).to.deep.equal([
            "Cluster cluster-0000: Machine 2026-01: being deleted (and 1 more of its Machines wait)",
        ]);
    });
});
