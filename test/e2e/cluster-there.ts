import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import {
    allNodesReady,
    destroyCluster,
    kubectl,
    makeAccount,
    makeCluster,
    makeStorageClass,
    nodeNames,
    storageClass,
} from "./existing-cluster";
import { lab as command } from "./harness";
import { within } from "./ironic";
import { TestRegistry } from "./registry/registry";

const FOLDER = resolve(".lab", "e2e-existing");

/** Context of each kubeconfig that leads to it. */
export const CONTEXT_THERE = "m3lab-there";

/** A StorageClass beside the one that the first lab in it has. */
export const OTHER_CLASS = "other";

/** StorageClasses for further labs, one after another: the volume of a lab that is gone holds its database still. */
export const FURTHER_CLASSES = ["further-1", "further-2"] as const;

/** Kinds of which a lab has objects that belong to no namespace, or that are namespaces. */
const WHOLE_CLUSTER_KINDS = [
    "crd",
    "clusterrole",
    "clusterrolebinding",
    "namespace",
    "pv",
    "validatingwebhookconfiguration",
    "mutatingwebhookconfiguration",
    "mutatingadmissionpolicy",
    "validatingadmissionpolicy",
].join(",");

/**
 * What a user has who lets a lab stand in a cluster of theirs: a Kubernetes of three nodes, an account with the rights
 * that docs/existing-role.yaml lists and no others, and a registry from which the nodes pull.
 */
export class ClusterThere {
    /** Kubeconfig of the administrator, with which the tests look. */
    readonly admin = `${FOLDER}/admin`;
    /** Kubeconfig of the account, with which the lab is made. */
    readonly user = `${FOLDER}/user`;
    /** The same once more: another file that leads to the same cluster. */
    readonly copy = `${FOLDER}/copy`;
    private before: string[] = [];

    private constructor(readonly registry: TestRegistry) {}

    static async make(): Promise<ClusterThere> {
        await destroyCluster();
        mkdirSync(FOLDER, { recursive: true });
        await command("setup");
        const there = new ClusterThere(await TestRegistry.start());
        writeFileSync(there.admin, await makeCluster(there.images), { mode: 0o600 });
        await allNodesReady(there.admin);
        within.kubeconfig = there.admin;
        await makeAccount(there.admin, there.user);
        for (const name of [OTHER_CLASS, ...FURTHER_CLASSES]) {
            await makeStorageClass(there.admin, name);
        }
        copyFileSync(there.user, there.copy);
        there.before = await there.inventory();
        return there;
    }

    /** Prefix of the images in the registry. */
    get images(): string {
        return `${this.registry.host}/lab`;
    }

    /** Configuration of a lab that stands in it. */
    get settings(): Record<string, string> {
        return {
            substrate: "existing",
            kubeconfig: this.user,
            imageRegistry: this.images,
            storageClass: storageClass(),
        };
    }

    /** Names of its nodes, the one with the control plane first. */
    get nodes(): string[] {
        return nodeNames();
    }

    /** Runs kubectl as administrator. */
    kubectl(args: string[]): Promise<string> {
        return kubectl(this.admin, args);
    }

    allReady(): Promise<void> {
        return allNodesReady(this.admin);
    }

    private async inventory(): Promise<string[]> {
        return (await this.kubectl(["get", WHOLE_CLUSTER_KINDS, "-o", "name"])).trim().split("\n").sort();
    }

    /** What is in the cluster, and was not there before any lab, or the other way round. */
    async differences(): Promise<string[]> {
        const now = await this.inventory();
        return [
            ...now.filter((name) => !this.before.includes(name)),
            ...this.before.filter((name) => !now.includes(name)).map((name) => `${name} is gone`),
        ];
    }

    async end(): Promise<void> {
        await destroyCluster();
        await this.registry.stop();
        rmSync(FOLDER, { recursive: true, force: true });
    }
}
