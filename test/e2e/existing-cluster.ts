import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { LabPki } from "../../components/lab-pki";
import { SUBSTRATE_KINDS } from "../../components/substrate/kinds";
import { EXISTING_ROLE } from "../../plan/existing-rights";
import { plan as makePlan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { repoPath } from "../../toolchain/paths";
import { docker } from "../docker";
import { eventually, lab as command, pulumiEnvironment, run } from "./harness";

/** A Kubernetes of several nodes, and nothing in it: what a user has whose lab is to stand in a cluster of theirs. */
const CLUSTER_STACK = "there";
const CONFIG = {
    nodes: "0",
    clusters: "0",
    fakeNodes: "kubernetes",
    embeddedWorkers: "2",
    provisioningCidr: "192.168.249.0/24",
};

/** Days for which its certificates are issued. */
const CERTIFICATE_DAYS = 365;

/** Name of the ServiceAccount, in the namespace `default`, with which the lab is brought up. */
const ACCOUNT = "lab-user";

/** Its nodes pull from the registry in which the lab's images are. */
let registry = "";

const config = () => validate({ ...CONFIG, imageRegistry: registry });
const planned = () => makePlan(config(), CLUSTER_STACK);

/** StorageClass of the cluster, which is not its default one. */
export const storageClass = (): string => planned().substrate.storageClass;

async function program(): Promise<Record<string, unknown>> {
    const plan = planned();
    const images = new Images(config().images, undefined, registry, true);
    const owner = { state: "", checkout: repoPath(), user: "test" };
    const context = { config: config(), plan, images, owner };
    const kind = SUBSTRATE_KINDS[plan.substrate.kind];
    const kubernetes = kind.certificates(context);
    const pki = new LabPki("pki", {
        input: {
            name: plan.prefix,
            validityDays: CERTIFICATE_DAYS,
            servers: {},
            ...(kubernetes === undefined ? {} : { kubernetes }),
        },
    });
    const parent = new pulumi.ComponentResource("metal3lab:test:Cluster", "cluster");
    const substrate = kind.create(context, pki, { parent });
    return { kubeconfig: pulumi.secret(substrate.kubeconfig) };
}

async function stack(): Promise<Stack> {
    const envVars = (await pulumiEnvironment()) as Record<string, string>;
    return LocalWorkspace.createOrSelectStack(
        { stackName: CLUSTER_STACK, projectName: "metal3-scale-lab", program },
        { workDir: repoPath(), envVars },
    );
}

const say = { onOutput: (text: string) => void process.stderr.write(text) };

/** Makes the cluster. @param prefix in a registry, for all images @returns its administrator's kubeconfig */
export async function makeCluster(prefix: string): Promise<string> {
    registry = prefix;
    const before = { ...process.env };
    // The program runs in this process. What it needs must not reach the commands of the tests, whose state is another.
    Object.assign(process.env, await pulumiEnvironment());
    try {
        const { outputs } = await (await stack()).up(say);
        return String(outputs["kubeconfig"]?.value);
    } finally {
        process.env = before;
    }
}

/** Takes the cluster away, also one that a run that was killed has left. */
export async function destroyCluster(): Promise<void> {
    await command("down", "--stack", CLUSTER_STACK, "--take-over");
}

/** kubectl with a kubeconfig. @throws Error with what kubectl said */
export async function kubectl(kubeconfig: string, args: string[]): Promise<string> {
    const { code, output } = await run("kubectl", ["--kubeconfig", kubeconfig, ...args], {
        quiet: true,
        env: await pulumiEnvironment(),
    });
    if (code !== 0) {
        throw new Error(`kubectl ${args.join(" ")}: ${output}`);
    }
    return output;
}

/**
 * Makes a ServiceAccount with the rights of docs/existing-role.yaml and no others.
 * @param admin path of the administrator's kubeconfig
 * @param path where the account's kubeconfig is written
 */
export async function makeAccount(admin: string, path: string): Promise<void> {
    await kubectl(admin, ["apply", "-f", "docs/existing-role.yaml"]);
    await kubectl(admin, ["create", "serviceaccount", ACCOUNT]);
    const account = ["--serviceaccount", `default:${ACCOUNT}`];
    await kubectl(admin, ["create", "clusterrolebinding", ACCOUNT, "--clusterrole", EXISTING_ROLE, ...account]);
    // What `npm run kubeconfig -- NAME --forward` takes beside it.
    const forwarder = "lab-user-forwarder";
    const right = ["--verb", "create", "--resource", "pods/portforward"];
    await kubectl(admin, ["create", "clusterrole", forwarder, ...right]);
    await kubectl(admin, ["create", "clusterrolebinding", forwarder, "--clusterrole", forwarder, ...account]);
    const token = (await kubectl(admin, ["create", "token", ACCOUNT, "--duration=12h"])).trim();
    const config = JSON.parse(await kubectl(admin, ["config", "view", "--raw", "-o", "json"])) as {
        clusters: unknown[];
        contexts: { context: { cluster: string; user: string } }[];
    };
    const users = [{ name: config.contexts[0]?.context.user, user: { token } }];
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify({ ...config, users }), { mode: 0o600 });
}

/** Makes a StorageClass with one volume of its own, on the node's disk, like the one that the cluster has. */
export async function makeStorageClass(admin: string, name: string): Promise<void> {
    const { spec } = JSON.parse(await kubectl(admin, ["get", "persistentvolume", "mariadb", "-o", "json"])) as {
        spec: object;
    };
    const hostPath = { path: `/var/lib/lab-volumes/${name}`, type: "Directory" };
    // Kubernetes gives a folder of a node no group, so everybody may write to it.
    await docker("exec", nodeNames()[0] as string, "mkdir", "-m", "1777", hostPath.path);
    const items = [
        {
            apiVersion: "storage.k8s.io/v1",
            kind: "StorageClass",
            metadata: { name },
            provisioner: "kubernetes.io/no-provisioner",
        },
        {
            apiVersion: "v1",
            kind: "PersistentVolume",
            metadata: { name },
            spec: { ...spec, claimRef: undefined, storageClassName: name, hostPath },
        },
    ];
    const file = `${dirname(admin)}/${name}.json`;
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await kubectl(admin, ["apply", "-f", file]);
}

/** Names of the nodes, the control plane first. */
export const nodeNames = (): string[] => planned().substrate.containers;

/** Waits until every node is Ready. */
export const allNodesReady = (admin: string): Promise<void> => {
    const jsonpath = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{" "}{end}';
    const look = () => kubectl(admin, ["get", "nodes", "-o", `jsonpath=${jsonpath}`]);
    const ready = (text: string) => text.split(" ").filter((each) => each === "True").length;
    return eventually("all nodes to be Ready", 300, async () => ready(await look()) === nodeNames().length, look);
};
