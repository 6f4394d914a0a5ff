import { expect } from "chai";
import { labStatus, type LabStatus } from "../../cli/status/summary";
import { ownerStatus } from "../../tasks/wait-for-fleet/machines";
import { nodeStatus } from "../../tasks/wait-for-fleet/nodes";
import { partStatus } from "../../tasks/wait-for-fleet/workloads";
import {
    ago,
    clusterObject,
    hostObject,
    hostsWith,
    LAB,
    machineOf,
    metal3MachineOf,
    NOW,
    observed,
} from "./status-samples";

const WAITS = { Available: "* InfrastructureReady: Metal3Cluster is ready * ControlPlaneAvailable: not initialized" };
const waiting = (name = "cluster-0001") => [
    ...["cluster-0000", "cluster-0001"].map((each) => clusterObject(each, each === name ? WAITS : {})),
];
const look = (...args: Parameters<typeof observed>): LabStatus => labStatus(observed(...args), LAB, NOW);
const deployment = (name: string, ready: boolean | "scaled to 0") =>
    partStatus({ kind: "Deployment", namespace: "metal3", name, inState: false }, ready, []);
const inUse = (state: string, error = "") => hostsWith(hostObject(1, state, "cluster-0001-control-plane-x", error));

describe("What is stuck is named by what it says itself:", () => {
    it("no free host for a cluster", () => {
        const clusters = [...waiting("none"), clusterObject("own", WAITS)];
        const hosts = hostsWith(hostObject(2, "inspecting"), hostObject(3, "provisioned", "other-control-plane-x"));
        const metal3Machines = [metal3MachineOf("own", "no available host found. Requeuing")];
        const { stuck, others } = look({ clusters, hosts, evidence: { machines: [machineOf("own")], metal3Machines } });
        expect(others).to.equal(1);
        expect(stuck.find(({ kind }) => kind === "Cluster")).to.deep.include({
            name: "own",
            reason: "Machine own-control-plane-x: no free host: 4 of 4 are in use or not available",
            ageSeconds: 300,
            next: ["kubectl -n metal3 get baremetalhosts"],
        });
    });

    it("a BMC that is away: the host's error, Ironic's where it says more, and the pair that is down", () => {
        const error = "Host adoption failed: Unable to connect to http://192.168.222.16:8000/redfish/v1/Systems/u";
        const ironic = {
            uuid: "node-1",
            conductor: "c",
            reservation: null,
            provisionState: "adopt failed",
            lastError: "Redfish connection failed for node u: timed out",
            maintenance: true,
            maintenanceReason: "power failure",
        };
        const change = {
            hosts: inUse("provisioned", error),
            clusters: waiting(),
            evidence: { machines: [machineOf("cluster-0001")], ironic: new Map([["node-1", ironic]]) },
        };
        const { stuck } = look(change);
        expect(stuck).to.have.length(1);
        expect(stuck[0]?.reason).to.equal(
            `Machine cluster-0001-control-plane-x: BareMetalHost host-0001: provisioned: ${error}: ` +
                "Ironic: Redfish connection failed for node u: timed out: Ironic has it in maintenance (power failure)",
        );
        expect(stuck[0]?.next).to.deep.equal([
            "npm run describe -- host-0001 --stack mine",
            "docker logs --tail 50 m3lab-mine-pair-000-sushy-tools",
        ]);
        const name = "m3lab-mine-pair-000-sushy-tools";
        const parts = [{ kind: "Container" as const, name, trouble: "Exited (137)", lost: "start" as const }];
        const down = look({ ...change, parts }).stuck;
        expect(down).to.have.length(1);
        expect(down[0]).to.deep.include({ kind: "Container", name, next: [`docker start ${name}`] });
        expect(down[0]?.others).to.deep.include({
            kind: "Cluster",
            name: "cluster-0001",
            reason: stuck[0]?.reason,
            ageSeconds: 180,
        });
    });

    it("Ironic that is down, once no conductor is left, comes before all that waits for it", () => {
        const change = {
            hosts: inUse("provisioning"),
            clusters: waiting(),
            evidence: { machines: [machineOf("cluster-0001")] },
        };
        const first = deployment("ironic-conductor-0", "scaled to 0");
        const parts = [first, deployment("ironic-conductor-1", "scaled to 0")];
        const { stuck } = look({ ...change, parts });
        expect(stuck.map(({ name }) => name)).to.deep.equal(["metal3/ironic-conductor-0", "metal3/ironic-conductor-1"]);
        expect(stuck[0]?.next).to.deep.equal(["kubectl -n metal3 scale deployment ironic-conductor-0 --replicas 1"]);
        expect(stuck[0]?.line).to.equal(
            "Deployment metal3/ironic-conductor-0: is scaled to 0 replicas; 1 waits for it: Cluster cluster-0001: " +
                "Machine cluster-0001-control-plane-x: BareMetalHost host-0001: provisioning",
        );
        // A host that is to be let go of waits for Ironic, too, though it is still where it was.
        const message = "Waiting for Metal3Machine to be deleted";
        const leaving = machineOf("cluster-0001", { conditions: [{ type: "Deleting", status: "True", message }] });
        const evidence = { machines: [{ ...leaving, deleting: true }] };
        expect(look({ ...change, hosts: inUse("provisioned"), parts, evidence }).stuck[0]?.others[0]?.reason).to.equal(
            "Machine cluster-0001-control-plane-x: BareMetalHost host-0001: provisioned, to be deprovisioned",
        );
        // With one conductor left, nothing says that the host waits for the other.
        const half = look({ ...change, parts: [first, deployment("ironic-conductor-1", true)] }).stuck;
        expect(half.map(({ others }) => others.length)).to.deep.equal([0, 0]);
    });

    it("an image server that is down is what hosts wait for that are being provisioned, and no others", () => {
        const parts = [deployment("ironic-image-server", false)];
        const change = { clusters: waiting(), parts, evidence: { machines: [machineOf("cluster-0001")] } };
        const [part] = look({ ...change, hosts: inUse("provisioning", "could not fetch the image") }).stuck;
        expect(part).to.deep.include({ name: "metal3/ironic-image-server", reason: "not ready yet" });
        expect(part?.others.map(({ name }) => name)).to.deep.equal(["cluster-0001"]);
        expect(look({ ...change, hosts: inUse("deprovisioning") }).stuck[0]?.others).to.deep.equal([]);
    });

    it("a webhook that refuses, by the Cluster's condition or by an Event about what makes its Machines", () => {
        const words = 'admission webhook "default.cluster.cluster.x-k8s.io" denied the request: version is too low';
        const clusters = [clusterObject("cluster-0000"), clusterObject("cluster-0001", { TopologyReconciled: words })];
        expect(look({ clusters }).stuck[0]).to.deep.include({
            name: "cluster-0001",
            reason: words,
            ageSeconds: 300,
            next: [
                "npm run describe -- cluster-0001 --stack mine",
                "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            ],
        });
        const silent =
            'Failed to create initial control plane Machine: failed calling webhook "validation.machine": Post ' +
            '"https://capi-webhook-service.capi-system.svc:443/validate": connect: connection refused';
        const name = "cluster-0001-control-plane";
        const labels = { "cluster.x-k8s.io/cluster-name": "cluster-0001" };
        const evidence = {
            owners: [ownerStatus("KubeadmControlPlane", { metadata: { name, labels } })],
            warnings: [{ kind: "KubeadmControlPlane", name, message: silent, time: ago(1) }],
        };
        expect(look({ clusters: waiting(), evidence }).stuck[0]).to.deep.include({
            name: "cluster-0001",
            reason: `KubeadmControlPlane ${name}: ${silent}`,
            next: ["kubectl -n capi-system get deployments,pods"],
        });
        const core = { kind: "Deployment" as const, namespace: "capi-system", name: "capi-controller-manager" };
        const parts = [partStatus({ ...core, inState: false }, false, [])];
        expect(look({ clusters: waiting(), evidence, parts }).stuck.map(({ others }) => others.length)).to.deep.equal([
            1,
        ]);
    });

    it("a paused cluster, whose pause the next command takes off; a queued one is not stuck", () => {
        const annotations = { "cluster.x-k8s.io/paused": "true" };
        const paused = [clusterObject("cluster-0000", WAITS, { metadata: { annotations } })];
        const field = clusterObject("cluster-0001", WAITS, { spec: { paused: true } });
        const { stuck } = look({ clusters: [...paused, field] });
        expect(stuck.map(({ reason }) => reason)).to.deep.equal([
            "is paused by its annotation cluster.x-k8s.io/paused",
            "is paused by its field spec.paused",
        ]);
        expect(stuck.flatMap(({ next }) => next)).to.deep.equal([
            "kubectl -n metal3 annotate cluster cluster-0000 cluster.x-k8s.io/paused-",
            `kubectl -n metal3 patch cluster cluster-0001 --type merge -p '{"spec":{"paused":false}}'`,
        ]);
        const queue = { ...annotations, "queue.metal3-scale-lab/queued": "1" };
        const queued = clusterObject("cluster-0001", WAITS, { metadata: { annotations: queue } });
        const found = look({ clusters: [clusterObject("cluster-0000"), queued] });
        expect([found.stuck, found.onTheirWay, found.queued, found.isSettled]).to.deep.equal([[], [], 1, false]);
    });

    it("a queued cluster whose own host has failed is not only queued", () => {
        const annotations = { "cluster.x-k8s.io/paused": "", "queue.metal3-scale-lab/queued": "1" };
        const host = hostObject(1, "inspecting", undefined, "timed out");
        Object.assign(host.metadata?.labels ?? {}, { "metal3-scale-lab/cluster": "cluster-0001" });
        const clusters = [
            clusterObject("cluster-0000"),
            clusterObject("cluster-0001", WAITS, { metadata: { annotations } }),
        ];
        const { stuck, queued } = look({ clusters, hosts: hostsWith(host) });
        expect(queued).to.equal(0);
        expect(stuck.map(({ name, reason }) => [name, reason])).to.deep.equal([
            ["cluster-0001", "BareMetalHost host-0001: inspecting: timed out"],
        ]);
    });

    it("a full disk in the node, by its condition or by its kubelet's figure, is what all waits for", () => {
        const machines = [machineOf("cluster-0001")];
        const change = { hosts: inUse("provisioning"), clusters: waiting() };
        const message = "kubelet has disk pressure";
        const condition = { type: "DiskPressure", status: "True", message, lastTransitionTime: new Date(ago(7)) };
        const node = nodeStatus({
            metadata: { name: "m3lab-mine-control-plane" },
            status: { conditions: [condition] },
        });
        const [pressure] = look({ ...change, evidence: { machines, nodes: [node] } }).stuck;
        expect(pressure).to.deep.include({
            kind: "Node",
            reason: "DiskPressure: kubelet has disk pressure",
            ageSeconds: 420,
            next: ["kubectl describe node m3lab-mine-control-plane"],
        });
        expect(pressure?.others.map(({ name }) => name)).to.deep.equal(["cluster-0001"]);
        const disk = { available: 200 * 2 ** 20, capacity: 40 * 2 ** 30 };
        const full = look({ ...change, evidence: { machines, nodes: [{ name: "n", conditions: [], disk }] } }).stuck;
        expect(full[0]?.reason).to.equal("its disk is full: 0.2 of 40.0 GiB are free");
    });
});

describe("What moves is not stuck", () => {
    it("until its end has stood still for two minutes, unless it says that something failed", () => {
        const evidence = { machines: [machineOf("cluster-0001")] };
        const started = (minutes: number, error = "") => {
            const host = hostObject(1, "provisioning", "cluster-0001-control-plane-x", error);
            Object.assign(host.status?.operationHistory?.provision ?? {}, { start: ago(minutes) });
            const { stuck, onTheirWay } = look({ hosts: hostsWith(host), clusters: waiting(), evidence });
            return [stuck.length, onTheirWay.length];
        };
        expect([started(1), started(2), started(1, "no")]).to.deep.equal([
            [0, 1],
            [1, 0],
            [1, 0],
        ]);
    });
});
