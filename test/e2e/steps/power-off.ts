import { expect } from "chai";
import { CLUSTER_NAME_LABEL } from "../../../plan/manifests/cluster-objects";
import { addressOf, askBmc, passwordOf } from "../bmc";
import { configure, eventually, NAMESPACE } from "../harness";
import { kubectlOf, reach, type ReachedCluster } from "../workload-cluster";
import { machinesOnHosts } from "./fleet";
import { apply, inLab, lab, up } from "./lab";

const CLUSTER = "cluster-0000";
const CHECK = "power-off";

/** Replaces the workers of a cluster whose Nodes are not Ready for 20 s. */
const HEALTH_CHECK = {
    apiVersion: "cluster.x-k8s.io/v1beta2",
    kind: "MachineHealthCheck",
    metadata: { name: CHECK, namespace: NAMESPACE },
    spec: {
        clusterName: CLUSTER,
        selector: {
            matchLabels: { [CLUSTER_NAME_LABEL]: CLUSTER, "topology.cluster.x-k8s.io/deployment-name": "workers" },
        },
        checks: {
            nodeStartupTimeoutSeconds: 600,
            unhealthyNodeConditions: [
                { type: "Ready", status: "Unknown", timeoutSeconds: 20 },
                { type: "Ready", status: "False", timeoutSeconds: 20 },
            ],
        },
    },
};

interface LiveNode {
    spec: { taints?: { key: string; effect: string }[] };
    status: {
        nodeInfo: { bootID: string };
        conditions: { type: string; status: string; reason: string; message: string }[];
    };
}

const worker = async () =>
    (await machinesOnHosts()).find(({ cluster, role }) => cluster === CLUSTER && role === "worker");

async function nodeOf({ kubeconfig }: ReachedCluster, name: string): Promise<LiveNode> {
    const { code, output } = await kubectlOf(kubeconfig, ["get", "node", name, "--output", "json"]);
    expect(code, output).to.equal(0);
    return JSON.parse(output) as LiveNode;
}

const readinessOf = ({ status }: LiveNode) => status.conditions.find(({ type }) => type === "Ready");

/** Resets a host at its BMC, behind the back of Ironic. */
async function reset(host: string, type: "ForceOff" | "ForceRestart"): Promise<void> {
    const [status, text] = await askBmc(lab.live, {
        address: await addressOf(lab.live, host),
        path: "/Actions/ComputerSystem.Reset",
        password: await passwordOf(lab.live, host),
        body: { ResetType: type },
    });
    expect(status, text).to.equal(204);
}

/** A host under a worker loses its power. */
export function powerOff(): void {
    it("gives a Node another boot when its host is restarted, and nothing else", async () => {
        // Two clusters of two machines, and a host to spare.
        await configure({ nodes: 5, workerNodes: 1 });
        await up();
        const before = await worker();
        const cluster = await reach(CLUSTER);
        try {
            const { status } = await nodeOf(cluster, String(before?.name));
            await reset(String(before?.host), "ForceRestart");
            await eventually(
                "another boot",
                30,
                async () => {
                    const node = await nodeOf(cluster, String(before?.name));
                    return node.status.nodeInfo.bootID !== status.nodeInfo.bootID;
                },
                () => nodeOf(cluster, String(before?.name)),
            );
            expect(readinessOf(await nodeOf(cluster, String(before?.name)))?.status).to.equal("True");
        } finally {
            cluster.close();
        }
    });

    it("replaces a worker whose host is switched off at its BMC, and has the host back", async () => {
        const before = await worker();
        const host = String(before?.host);
        const cluster = await reach(CLUSTER);
        try {
            await reset(host, "ForceOff");
            await eventually(
                "the Node to be unknown",
                90,
                async () => readinessOf(await nodeOf(cluster, String(before?.name)))?.status === "Unknown",
                () => nodeOf(cluster, String(before?.name)),
            );
            const node = await nodeOf(cluster, String(before?.name));
            expect(readinessOf(node)).to.include({
                reason: "NodeStatusUnknown",
                message: "Kubelet stopped posting node status.",
            });
            expect(node.spec.taints?.map(({ key, effect }) => `${key}:${effect}`)).to.include.members([
                "node.kubernetes.io/unreachable:NoSchedule",
                "node.kubernetes.io/unreachable:NoExecute",
            ]);
        } finally {
            cluster.close();
        }
        try {
            await apply(HEALTH_CHECK);
            await eventually(
                "another worker on another host, and the old host available",
                420,
                async () => {
                    const now = await worker();
                    const states = await lab.live.hostStates();
                    return (
                        now !== undefined &&
                        now.uid !== before?.uid &&
                        now.host !== host &&
                        now.state.endsWith(" Running") &&
                        states[host] === "available"
                    );
                },
                async () => [await machinesOnHosts(), await lab.live.hostStates()],
            );
        } finally {
            await inLab("delete", "machinehealthcheck", CHECK);
        }
        await configure({ nodes: 4, workerNodes: 0 });
        await up();
        lab.identities = await lab.live.identities();
    });
}
