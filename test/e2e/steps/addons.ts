import { expect } from "chai";
import { FAKE_API_SERVER_LABEL } from "../../../plan/manifests/cluster-objects";
import { eventually, NAMESPACE, pulumiEnvironment, run } from "../harness";
import { kubectlOf, reach, type ReachedCluster } from "../workload-cluster";
import { apply, inLab, lab } from "./lab";

const NAME = "addon";

/** A chart of what addons have: it is also that of FKAS's own tests. */
const CHART = "services/fkas/internal/serving/testdata/addon";

const workload = (kind: "Deployment" | "DaemonSet", name: string, spec: object): object => ({
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "default" },
    spec: {
        ...spec,
        selector: { matchLabels: { app: name } },
        template: {
            metadata: { labels: { app: name } },
            spec: { tolerations: [{ operator: "Exists" }], containers: [{ name, image: `example.com/${name}:1` }] },
        },
    },
});

/** What the addon is in each cluster. The lab's clusters have control-plane machines alone. */
const ADDON = [workload("Deployment", "web", { replicas: 2 }), workload("DaemonSet", "agent", {})];

/** Puts the addon into every Cluster that FKAS serves: a selector must select by something. */
const RESOURCE_SET = {
    apiVersion: "v1",
    kind: "List",
    items: [
        {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: NAME, namespace: NAMESPACE },
            data: Object.fromEntries(ADDON.map((object, index) => [`${index}.json`, JSON.stringify(object)])),
        },
        {
            apiVersion: "addons.cluster.x-k8s.io/v1beta2",
            kind: "ClusterResourceSet",
            metadata: { name: NAME, namespace: NAMESPACE },
            spec: {
                strategy: "Reconcile",
                clusterSelector: { matchExpressions: [{ key: FAKE_API_SERVER_LABEL, operator: "Exists" }] },
                resources: [{ kind: "ConfigMap", name: NAME }],
            },
        },
    ],
};

interface Pod {
    metadata: { labels?: { app?: string } };
    spec: { nodeName?: string };
    status: { conditions?: { type: string; status: string }[] };
}

async function ask(cluster: ReachedCluster, ...args: string[]): Promise<string> {
    const { code, output } = await kubectlOf(cluster.kubeconfig, args);
    expect(code, `kubectl ${args.join(" ")}: ${output}`).to.equal(0);
    return output;
}

/** The apps whose Pods are Ready, one entry a Pod. */
async function readyApps(cluster: ReachedCluster): Promise<string[]> {
    const { items } = JSON.parse(await ask(cluster, "get", "pods", "--output", "json")) as { items: Pod[] };
    return items
        .filter(({ status }) => status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"))
        .map(({ metadata }) => metadata.labels?.app ?? "")
        .sort();
}

/** Waits until the Pods that are Ready are those of these apps. */
const hasReady = (cluster: ReachedCluster, apps: string): Promise<void> =>
    eventually(
        `the Pods ${apps}`,
        120,
        async () => (await readyApps(cluster)).join() === apps,
        () => readyApps(cluster),
    );

/** Does something in each workload cluster, one after the other. */
async function inEach(act: (cluster: ReachedCluster) => Promise<void>): Promise<void> {
    for (const { metadata } of await lab.live.clusters()) {
        const cluster = await reach(metadata.name);
        try {
            await act(cluster);
        } finally {
            cluster.close();
        }
    }
}

/** Runs helm on a workload cluster; its output is the failure's message. */
async function helm(cluster: ReachedCluster, ...args: string[]): Promise<void> {
    const env = { ...(await pulumiEnvironment()), KUBECONFIG: cluster.kubeconfig };
    const { code, output } = await run("helm", args, { quiet: true, env });
    expect(code, output).to.equal(0);
}

/** Addons look installed in workload clusters. */
export function addons(): void {
    it("has Cluster API put an addon into each cluster, whose Pods turn Ready", async () => {
        try {
            await apply(RESOURCE_SET);
            await inEach(async (cluster) => {
                await hasReady(cluster, "agent,web,web");
                await ask(cluster, "rollout", "status", "deployment/web", "--timeout=30s");
                await ask(cluster, "rollout", "status", "daemonset/agent", "--timeout=30s");
            });
        } finally {
            await inLab("delete", "clusterresourceset", NAME);
            // Cluster API made the set its owner, so it may be gone with it.
            await inLab("delete", "configmap", NAME, "--ignore-not-found");
        }
    });

    it("has the Pods of an addon go with it", () =>
        inEach(async (cluster) => {
            await ask(cluster, "delete", "deployment/web", "daemonset/agent");
            await hasReady(cluster, "");
        }));

    it("takes a chart by Helm, which waits for all of it, and gives it back", async () => {
        const cluster = await reach("cluster-0000");
        try {
            // The cluster has no workers.
            await ask(cluster, "taint", "nodes", "--all", "node-role.kubernetes.io/control-plane-");
            await helm(cluster, "install", "a", CHART, "--wait", "--timeout", "60s");
            expect(
                await ask(cluster, "get", "deployment/a-controller", "--output", "jsonpath={.status.readyReplicas}"),
            ).to.equal("2");
            expect(await ask(cluster, "get", "widgets", "--output", "name")).to.equal("widget.addon.example.com/a\n");
            await helm(cluster, "uninstall", "a", "--wait", "--timeout", "60s");
            expect(await ask(cluster, "get", "deployments,widgets", "--output", "name")).to.equal("");
        } finally {
            await kubectlOf(cluster.kubeconfig, [
                "taint",
                "nodes",
                "--all",
                "--overwrite",
                "node-role.kubernetes.io/control-plane=:NoSchedule",
            ]);
            cluster.close();
        }
    });
}
