import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../plan/config/keys";
import {
    CLASS_NAME,
    clusterClassObjects,
    workloadClusterObject,
    type MachineImage,
} from "../plan/manifests/cluster-objects";
import type { Manifest } from "../plan/manifests/documents";
import type { ClusterPlan, LabPlan } from "../plan/plan";
import { KubernetesObject } from "./kubernetes-object";

export interface WorkloadClustersArgs {
    config: LabConfig;
    plan: LabPlan;
    namespace: string;
    osImage: MachineImage;
    /** Address at which the clusters' API servers are reached. */
    address: string;
    provider: kubernetes.Provider;
    /** The controllers, whose webhooks validate these objects. */
    dependsOn: pulumi.Resource[];
    /** What one cluster stands on, and must outlive it: its hosts and its API server. */
    foundations: (cluster: ClusterPlan) => pulumi.Resource[];
}

/** A ClusterClass, and one Cluster of it for each workload cluster. */
export class WorkloadClusters extends pulumi.ComponentResource {
    /** By cluster index. */
    readonly clusters: KubernetesObject[];

    constructor(name: string, args: WorkloadClustersArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:WorkloadClusters", name, {}, opts);
        const clusterClass = this.createClass(args);
        this.clusters = args.plan.clusters.map((cluster) => this.createCluster(cluster, clusterClass, args));
        this.registerOutputs({ count: this.clusters.length });
    }

    /** The ClusterClass, which is made after its templates. */
    private createClass(args: WorkloadClustersArgs): KubernetesObject {
        const objects = clusterClassObjects({ name: CLASS_NAME, namespace: args.namespace, image: args.osImage });
        // The webhook of the class looks for its templates: they come first.
        const create = (manifest: Manifest, dependsOn: pulumi.Resource[]) =>
            new KubernetesObject(`${manifest.kind}-${manifest.metadata.name}`.toLowerCase(), manifest, {
                parent: this,
                provider: args.provider,
                dependsOn,
            });
        const isClass = ({ kind }: Manifest) => kind === "ClusterClass";
        const clusterClass = objects.find(isClass);
        if (!clusterClass) {
            throw new Error("no ClusterClass is among the objects of the class");
        }
        const templates = objects
            .filter((manifest) => !isClass(manifest))
            .map((manifest) => create(manifest, args.dependsOn));
        return create(clusterClass, [...args.dependsOn, ...templates]);
    }

    private createCluster(
        cluster: ClusterPlan,
        clusterClass: KubernetesObject,
        args: WorkloadClustersArgs,
    ): KubernetesObject {
        const manifest = workloadClusterObject({
            name: cluster.name,
            namespace: args.namespace,
            className: CLASS_NAME,
            kubernetesVersion: args.config.kubernetesVersion,
            controlPlaneNodes: args.config.controlPlaneNodes,
            workerNodes: args.config.workerNodes,
            endpoint: { host: args.address, port: cluster.port },
            fakeApiServer: cluster.fakeApiServer,
            ...(cluster.queued ? { queued: args.config.controlPlaneNodes + args.config.workerNodes } : {}),
        });
        return new KubernetesObject(cluster.name, manifest, {
            parent: this,
            provider: args.provider,
            dependsOn: [clusterClass, ...args.foundations(cluster)],
            // Its machines go one after another, and each host is deprovisioned before its machine goes.
            customTimeouts: { delete: "30m" },
        });
    }
}
