import * as pulumi from "@pulumi/pulumi";
import { clusterClassObjects, type ClassObject } from "../plan/manifests/cluster-class";
import {
    CLASS_NAME,
    FORMER_QUEUED_ANNOTATION,
    PAUSED_ANNOTATION,
    QUEUED_ANNOTATION,
    workloadClusterObject,
} from "../plan/manifests/cluster-objects";
import type { ClusterPlan } from "../plan/plan";
import type { ClusterApi } from "./cluster-api";
import type { FakeApiServers } from "./fake-api-servers";
import { sinceCreation, type BareMetalHosts } from "./hosts";
import type { Ironic } from "./ironic";
import { KubernetesObject } from "./kubernetes-object";
import type { LabContext } from "./lab-context";

export interface WorkloadClustersArgs extends LabContext {
    /** Its image server has the OS image of the machines. */
    ironic: Ironic;
    /** Its controllers' webhooks validate the objects. */
    clusterApi: ClusterApi;
    fakeApiServers: FakeApiServers;
    hosts: BareMetalHosts;
}

/** Where a Cluster has the annotations of the queue. Others stand beside them. */
const QUEUE_PROPERTIES = [PAUSED_ANNOTATION, QUEUED_ANNOTATION, FORMER_QUEUED_ANNOTATION].map(
    (name) => `metadata.annotations["${name}"]`,
);

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

    /** Creates the ClusterClass after its templates, because its webhook looks for them. */
    private createClass(args: WorkloadClustersArgs): KubernetesObject {
        const { plan, ironic, namespace, clusterApi } = args;
        const image = ironic.osImage;
        const objects = clusterClassObjects({ name: CLASS_NAME, namespace: plan.namespace, image });
        const needed = [namespace, clusterApi];
        const create = ({ key, manifest }: ClassObject, dependsOn: pulumi.Resource[]) =>
            new KubernetesObject(key, manifest, { parent: this, provider: args.substrate.provider, dependsOn });
        const isClass = ({ manifest }: ClassObject) => manifest.kind === "ClusterClass";
        const clusterClass = objects.find(isClass);
        if (!clusterClass) {
            throw new Error("no ClusterClass is among the objects of the class");
        }
        const templates = objects.filter((each) => !isClass(each)).map((each) => create(each, needed));
        return create(clusterClass, [...needed, ...templates]);
    }

    private createCluster(
        cluster: ClusterPlan,
        clusterClass: KubernetesObject,
        args: WorkloadClustersArgs,
    ): KubernetesObject {
        const manifest = workloadClusterObject<pulumi.Input<string>>({
            name: cluster.name,
            namespace: args.plan.namespace,
            className: CLASS_NAME,
            kubernetesVersion: args.config.kubernetesVersion,
            controlPlaneNodes: args.config.controlPlaneNodes,
            workerNodes: args.config.workerNodes,
            endpoint: { host: args.fakeApiServers.hostOf(cluster), port: cluster.port },
            fakeApiServer: cluster.fakeApiServer,
            rollsWithoutSpareHosts: args.plan.rollsWithoutSpareHosts,
            ...(cluster.queued ? { queued: args.plan.machinesPerCluster } : {}),
        });
        return new KubernetesObject(cluster.name, manifest, {
            parent: this,
            provider: args.substrate.provider,
            // The cluster's API server must outlive it.
            dependsOn: [clusterClass, ...args.fakeApiServers.of(cluster), ...args.hosts.ofCluster(cluster)],
            // Its machines are deleted one after another, and each host is deprovisioned before its machine is gone.
            customTimeouts: { delete: "30m" },
            ignoreChanges: sinceCreation(args.plan, QUEUE_PROPERTIES),
        });
    }
}
