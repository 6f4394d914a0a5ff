import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppsV1Api, CoreV1Api, CustomObjectsApi, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import Docker from "dockerode";

export const STACK = "e2e";
export const PREFIX = `m3lab-${STACK}`;
export const NAMESPACE = "metal3";
const MINUTE = 60_000;

/** State of this run alone: a person's own labs are not touched. */
export const STATE = mkdtempSync(join(tmpdir(), "metal3-scale-lab-e2e-"));
process.env["METAL3_SCALE_LAB_STATE"] = STATE;
// What the test runner's own toolchain set, or a person's shell, is about another state.
for (const variable of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"]) {
    delete process.env[variable];
}

export interface Result {
    code: number;
    output: string;
}

/** Runs a command to its end, showing its output as it comes. @param options.killAt ends it with SIGKILL when it says so */
export function run(
    command: string,
    args: string[],
    options: { env?: NodeJS.ProcessEnv; limitMs?: number; quiet?: boolean; killAt?: string } = {},
): Promise<Result> {
    const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
            output += chunk.toString();
            if (options.killAt !== undefined && output.includes(options.killAt)) {
                child.kill("SIGKILL");
            }
            if (!options.quiet) {
                process.stderr.write(chunk);
            }
        });
    }
    const timer = setTimeout(() => child.kill("SIGTERM"), options.limitMs ?? 30 * MINUTE);
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            clearTimeout(timer);
            resolve({ code: code ?? 1, output });
        });
    });
}

/** `npm run NAME -- ARGS`, without npm's own output. */
export const lab = (command: string, ...args: string[]): Promise<Result> =>
    run(process.execPath, ["toolchain/bootstrap.mjs", command, ...args]);

let environment: NodeJS.ProcessEnv | undefined;

/** What `eval "$(npm run -s env)"` gives a person's shell. */
export async function pulumiEnvironment(): Promise<NodeJS.ProcessEnv> {
    if (environment) {
        return environment;
    }
    const script = 'eval "$(node toolchain/bootstrap.mjs env)" && env -0';
    const { code, output } = await run("sh", ["-c", script], { quiet: true });
    if (code !== 0) {
        throw new Error(`npm run env failed: ${output}`);
    }
    environment = Object.fromEntries(
        output
            .split("\0")
            .filter(Boolean)
            .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    return environment;
}

/** Plain `pulumi`, as a person calls it after `npm run env`. */
export const pulumi = async (
    args: string[],
    options: { quiet?: boolean; killAt?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Result> =>
    run("pulumi", [...args, "--stack", STACK, "--non-interactive"], {
        ...options,
        env: { ...(await pulumiEnvironment()), ...options.env },
    });

/** Sets configuration; throws when Pulumi refuses. */
export async function configure(values: Record<string, string | number>): Promise<void> {
    for (const [key, value] of Object.entries(values)) {
        const { code, output } = await pulumi(["config", "set", key, String(value)], { quiet: true });
        if (code !== 0) {
            throw new Error(`pulumi config set ${key} ${value}: ${output}`);
        }
    }
}

/** Steps of a preview, by operation and URN; the stack itself left out. */
export async function previewedSteps(): Promise<{ op: string; urn: string }[]> {
    const { code, output } = await pulumi(["preview", "--json"], { quiet: true });
    if (code !== 0) {
        throw new Error(`pulumi preview: ${output}`);
    }
    const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as { steps?: { op: string; urn: string }[] };
    return (steps ?? []).filter(({ urn }) => !urn.includes("pulumi:pulumi:Stack")).map(({ op, urn }) => ({ op, urn }));
}

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
        ownerReferences?: object[];
        managedFields?: object[];
    };
    spec: Record<string, unknown>;
    status?: { provisioning?: { state?: string }; conditions?: Condition[] };
}

/** The management cluster and the machine's Docker, as they are now. */
export class Live {
    readonly docker = new Docker();
    private readonly config = new KubeConfig();

    constructor(private readonly kubeconfigPath = `.lab/${STACK}/kubeconfig`) {
        this.config.loadFromFile(kubeconfigPath);
    }

    get core(): CoreV1Api {
        return this.config.makeApiClient(CoreV1Api);
    }

    private async list(group: string, version: string, plural: string): Promise<LiveObject[]> {
        const answer = (await this.config
            .makeApiClient(CustomObjectsApi)
            .listNamespacedCustomObject({ group, version, plural, namespace: NAMESPACE })) as { items: LiveObject[] };
        return answer.items;
    }

    hosts(): Promise<LiveObject[]> {
        return this.list("metal3.io", "v1alpha1", "baremetalhosts");
    }

    firmwareSchemas(): Promise<LiveObject[]> {
        return this.list("metal3.io", "v1alpha1", "firmwareschemas");
    }

    private async kubectl(args: string[]): Promise<Result> {
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
        const output = await this.metrics(
            `apiserver_admission_webhook_admission_duration_seconds_count{name="${webhook}"`,
        );
        const counts = output.matchAll(
            /^apiserver_admission_webhook_admission_duration_seconds_count\{name="([^"]+)",operation="UPDATE".*\} (\S+)$/gm,
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

    /** Names and UIDs of the workload clusters' Machines. */
    async machines(): Promise<Record<string, string>> {
        const machines = await this.list("cluster.x-k8s.io", "v1beta2", "machines");
        return Object.fromEntries(machines.map(({ metadata }) => [metadata.name, metadata.uid]));
    }

    /** Arguments of the one controller of a namespace. */
    async managerArguments(namespace: string): Promise<string[]> {
        const { items } = await this.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
        return items.flatMap(({ spec }) => spec?.template.spec?.containers ?? []).flatMap(({ args }) => args ?? []);
    }

    async deleteHost(name: string): Promise<void> {
        await this.config.makeApiClient(CustomObjectsApi).deleteNamespacedCustomObject({
            group: "metal3.io",
            version: "v1alpha1",
            plural: "baremetalhosts",
            namespace: NAMESPACE,
            name,
        });
    }

    clusters(): Promise<LiveObject[]> {
        return this.list("cluster.x-k8s.io", "v1beta2", "clusters");
    }

    async hostStates(): Promise<Record<string, string>> {
        return Object.fromEntries(
            (await this.hosts()).map(({ metadata, status }) => [metadata.name, status?.provisioning?.state ?? ""]),
        );
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

    /** What must not change under a host, pod or container: identity, and how often it was restarted. */
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
        return Object.fromEntries([...pods, ...objects, ...containers]);
    }

    /** Asks Ironic through its own container, with its own credentials: hosts by conductor. */
    async hostsByConductor(): Promise<Record<string, number>> {
        const secret = await this.core.readNamespacedSecret({ name: "ironic-credentials", namespace: NAMESPACE });
        const decode = (key: string) => Buffer.from(secret.data?.[key] ?? "", "base64").toString();
        const ca = await this.core.readNamespacedSecret({ name: "ironic-tls", namespace: NAMESPACE });
        const { fetch, Agent } = await import("undici");
        const dispatcher = new Agent({ connect: { ca: Buffer.from(ca.data?.["ca.crt"] ?? "", "base64").toString() } });
        const authorization = `Basic ${Buffer.from(`${decode("username")}:${decode("password")}`).toString("base64")}`;
        const endpoint = (await pulumi(["stack", "output", "ironicEndpoint"], { quiet: true })).output.trim();
        const response = await fetch(`${endpoint}/v1/nodes/detail`, {
            dispatcher,
            headers: { authorization, "X-OpenStack-Ironic-API-Version": "1.84" },
        });
        if (!response.ok) {
            throw new Error(`Ironic answered ${response.status} ${await response.text()}`);
        }
        const { nodes } = (await response.json()) as { nodes: { conductor: string }[] };
        const counts: Record<string, number> = {};
        for (const { conductor } of nodes) {
            counts[conductor] = (counts[conductor] ?? 0) + 1;
        }
        return counts;
    }
}

/** Waits until `check` holds. @throws Error saying what was waited for and what was seen last. */
export async function eventually(
    what: string,
    limitSeconds: number,
    check: () => Promise<boolean>,
    seen: () => Promise<unknown>,
): Promise<void> {
    const end = Date.now() + limitSeconds * 1000;
    for (;;) {
        if (await check().catch(() => false)) {
            return;
        }
        if (Date.now() > end) {
            throw new Error(
                `${what}: not within ${limitSeconds} s; last seen: ${JSON.stringify(await seen().catch(String))}`,
            );
        }
        await new Promise((resolve) => setTimeout(resolve, 2000));
    }
}

/** Everything of the lab that is still on the machine. */
export async function leftovers(): Promise<string[]> {
    const docker = new Docker();
    const containers = (await docker.listContainers({ all: true }))
        .flatMap(({ Names }) => Names)
        .filter((name) => name.includes(PREFIX));
    const networks = (await docker.listNetworks()).map(({ Name }) => Name).filter((name) => name.includes(PREFIX));
    const volumes = ((await docker.listVolumes()).Volumes ?? [])
        .map(({ Name }) => Name)
        .filter((name) => name.includes(PREFIX));
    return [...containers, ...networks, ...volumes];
}

export function removeState(): void {
    rmSync(STATE, { recursive: true, force: true });
    rmSync(`Pulumi.${STACK}.yaml`, { force: true });
}
