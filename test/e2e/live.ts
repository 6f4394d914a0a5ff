import { AppsV1Api, CoreV1Api, CustomObjectsApi, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import Docker from "dockerode";
import { NAMESPACE, PREFIX, pulumiEnvironment, run, tally, type Result } from "./harness";
import { ironicNodes, within, type IronicNode } from "./ironic";

interface Condition {
    type: string;
    status: string;
}

export interface LiveObject {
    metadata: {
        name: string;
        uid: string;
        creationTimestamp: string;
        annotations?: Record<string, string>;
        labels?: Record<string, string>;
        ownerReferences?: object[];
        managedFields?: object[];
    };
    spec: Record<string, unknown>;
    status?: { phase?: string; provisioning?: { state?: string }; conditions?: Condition[]; errorType?: string };
}

/** The management cluster and the machine's Docker, as they are now. */
export class Live {
    readonly docker = new Docker();
    private readonly config = new KubeConfig();

    constructor(private readonly kubeconfigPath = within.kubeconfig) {
        this.config.loadFromFile(kubeconfigPath);
    }

    get objects(): CustomObjectsApi {
        return this.config.makeApiClient(CustomObjectsApi);
    }

    get core(): CoreV1Api {
        return this.config.makeApiClient(CoreV1Api);
    }

    private async list(group: string, version: string, plural: string): Promise<LiveObject[]> {
        const answer = (await this.objects.listNamespacedCustomObject({
            group,
            version,
            plural,
            namespace: NAMESPACE,
        })) as { items: LiveObject[] };
        return answer.items;
    }

    hosts(): Promise<LiveObject[]> {
        return this.list("metal3.io", "v1alpha1", "baremetalhosts");
    }

    ofHosts(plural: "firmwareschemas" | "hardwaredata" | "hostfirmwaresettings"): Promise<LiveObject[]> {
        return this.list("metal3.io", "v1alpha1", plural);
    }

    /** Runs kubectl on the lab, as a person does. */
    async kubectl(args: string[]): Promise<Result> {
        return run("kubectl", ["--kubeconfig", this.kubeconfigPath, ...args], {
            quiet: true,
            env: await pulumiEnvironment(),
        });
    }

    /** kube-apiserver's figures. @throws Error where the one that is looked for is not among those it has */
    private async metrics(known: string): Promise<string> {
        const { code, output } = await this.kubectl(["get", "--raw", "/metrics"]);
        if (code !== 0 || !output.includes(`\n${known}`)) {
            throw new Error(`no ${known} in kube-apiserver's metrics: ${output.slice(-500)}`);
        }
        return output;
    }

    /** How often kube-apiserver had an object converted from one version into another, by resource. */
    async conversions(): Promise<Record<string, number>> {
        const output = await this.metrics("apiserver_conversion_webhook_request_total");
        return Object.fromEntries(
            [
                ...output.matchAll(
                    /^apiserver_crd_conversion_webhook_duration_seconds_count\{crd_name="([^"]+)".*\} (\S+)$/gm,
                ),
            ].map(([, name = "", count]) => [name, Number(count)]),
        );
    }

    /** How often a webhook was asked about updates. */
    async updatesAsked(webhook: string): Promise<number> {
        const metric = "apiserver_admission_webhook_admission_duration_seconds_count";
        const output = await this.metrics(`${metric}{name="${webhook}"`);
        const counts = output.matchAll(
            new RegExp(String.raw`^${metric}\{name="([^"]+)",operation="UPDATE".*\} (\S+)$`, "gm"),
        );
        return [...counts].filter(([, name]) => name === webhook).reduce((sum, [, , count]) => sum + Number(count), 0);
    }

    kubeadmConfigs(): Promise<LiveObject[]> {
        return this.list("bootstrap.cluster.x-k8s.io", "v1beta2", "kubeadmconfigs");
    }

    /** What kube-apiserver says to a change, which it does not make. */
    tryChange(resource: string, name: string, change: object): Promise<Result> {
        return this.kubectl([
            "--namespace",
            NAMESPACE,
            "patch",
            resource,
            name,
            "--type",
            "merge",
            "--dry-run=server",
            "--patch",
            JSON.stringify(change),
        ]);
    }

    machineObjects(): Promise<LiveObject[]> {
        return this.list("cluster.x-k8s.io", "v1beta2", "machines");
    }

    /** Names and UIDs of the workload clusters' Machines. */
    async machines(): Promise<Record<string, string>> {
        const machines = await this.machineObjects();
        return Object.fromEntries(machines.map(({ metadata }) => [metadata.name, metadata.uid]));
    }

    /** Arguments of the one controller of a namespace. */
    async managerArguments(namespace: string): Promise<string[]> {
        const { items } = await this.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
        return items.flatMap(({ spec }) => spec?.template.spec?.containers ?? []).flatMap(({ args }) => args ?? []);
    }

    /** The pods of the conductors, those that end among them. */
    async conductors(): Promise<V1Pod[]> {
        const label = "metal3-scale-lab/conductor";
        return (await this.pods()).filter(({ metadata }) => metadata?.labels?.[label] !== undefined);
    }

    /** Runs a command in Ironic's container of every conductor. @returns its standard output by the pod's name */
    async onConductors(command: string[]): Promise<Record<string, string>> {
        const pods = (await this.conductors()).filter(({ status }) => status?.phase === "Running");
        const outputs = pods.map(async (pod) => {
            const name = pod.metadata?.name ?? "";
            const where = ["--namespace", NAMESPACE, name, "--container", "ironic"];
            const { code, output } = await this.kubectl(["exec", ...where, "--", ...command]);
            if (code !== 0) {
                throw new Error(`${command.join(" ")} in ${name}: ${output}`);
            }
            return [name, output] as const;
        });
        return Object.fromEntries(await Promise.all(outputs));
    }

    async deleteHost(name: string): Promise<void> {
        await this.objects.deleteNamespacedCustomObject({
            group: "metal3.io",
            version: "v1alpha1",
            plural: "baremetalhosts",
            namespace: NAMESPACE,
            name,
        });
    }

    /** Whether every node of the management cluster is Ready. */
    async nodesReady(): Promise<boolean> {
        const { items } = await this.core.listNode();
        const ready = items.filter(({ status }) =>
            status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
        );
        return items.length > 0 && ready.length === items.length;
    }

    clusters(): Promise<LiveObject[]> {
        return this.list("cluster.x-k8s.io", "v1beta2", "clusters");
    }

    async hostStates(): Promise<Record<string, string>> {
        return Object.fromEntries(
            (await this.hosts()).map(({ metadata, status }) => [metadata.name, status?.provisioning?.state ?? ""]),
        );
    }

    /** How many hosts there are in each state. */
    async hostsByState(): Promise<Record<string, number>> {
        return tally(Object.values(await this.hostStates()));
    }

    async availableClusters(): Promise<string[]> {
        const available = (cluster: LiveObject) =>
            cluster.status?.conditions?.some(({ type, status }) => type === "Available" && status === "True");
        return (await this.clusters())
            .filter(available)
            .map(({ metadata }) => metadata.name)
            .sort();
    }

    async pods(): Promise<V1Pod[]> {
        return (await this.core.listPodForAllNamespaces()).items;
    }

    /** Names and ids of the lab's containers. */
    async containers(): Promise<Record<string, string>> {
        const list = await this.docker.listContainers({
            all: true,
            filters: { label: [`metal3-scale-lab=${PREFIX}`] },
        });
        return Object.fromEntries(list.map(({ Names, Id }) => [(Names[0] ?? "").slice(1), Id]));
    }

    /** What must not change under a host, cluster, machine, pod or container: identity, and how often it restarted. */
    async identities(): Promise<Record<string, string>> {
        const pods = (await this.pods()).map((pod): [string, string] => {
            const restarts = (pod.status?.containerStatuses ?? []).reduce(
                (sum, { restartCount }) => sum + restartCount,
                0,
            );
            return [
                `pod ${pod.metadata?.namespace}/${pod.metadata?.name}`,
                `${pod.metadata?.uid} restarted ${restarts}`,
            ];
        });
        const objects = [...(await this.hosts()), ...(await this.clusters())].map(({ metadata }): [string, string] => [
            metadata.name,
            metadata.uid,
        ]);
        const containers = Object.entries(await this.containers()).map(([name, id]): [string, string] => [
            `container ${name}`,
            id,
        ]);
        const machines = Object.entries(await this.machines()).map(([name, uid]): [string, string] => [
            `machine ${name}`,
            uid,
        ]);
        return Object.fromEntries([...pods, ...objects, ...machines, ...containers]);
    }

    /** Hosts of Ironic by conductor. */
    async hostsByConductor(): Promise<Record<string, number>> {
        return tally((await this.ironicNodes()).map(({ conductor }) => conductor));
    }

    ironicNodes(): Promise<IronicNode[]> {
        return ironicNodes(this.core);
    }
}
