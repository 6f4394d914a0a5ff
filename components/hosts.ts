import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { HOST_CLUSTER_LABEL, PAUSED_ANNOTATION, QUEUED_ANNOTATION } from "../plan/manifests/cluster-objects";
import type { ClusterPlan, HostPlan } from "../plan/plan";
import type { LayerContext } from "./context";

/** Cluster API's label of what belongs to a cluster. */
const CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name";

/**
 * Annotations of a host that waits to be released. BMO leaves a host with its own annotation alone. CAPM3's label sync
 * (Metal3LabelSync, v1.13.2) still reads such a host every minute; it skips a host with Cluster API's annotation.
 */
export const QUEUED_ANNOTATIONS = {
    "baremetalhost.metal3.io/paused": "",
    [PAUSED_ANNOTATION]: "",
    [QUEUED_ANNOTATION]: "",
};

export interface BareMetalHostsArgs extends LayerContext {
    bmc: { username: pulumi.Input<string>; password: pulumi.Input<string> };
    provider: kubernetes.Provider;
    /**
     * Resources that a host needs to be registered and, later, to be deleted. Few, because each is in the state once
     * per host.
     */
    dependsOn: (host: HostPlan) => pulumi.Resource[];
    /** Resources that the Secrets need: the namespace. */
    secretsDependOn: pulumi.Resource[];
}

/** A Secret with the BMC's credentials and a BareMetalHost for each fake host. */
export class BareMetalHosts extends pulumi.ComponentResource {
    /** By host index. */
    readonly hosts: kubernetes.apiextensions.CustomResource[];
    private readonly perCluster: number;

    constructor(name: string, args: BareMetalHostsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:BareMetalHosts", name, {}, opts);
        this.perCluster = args.plan.hostsPerCluster;
        this.hosts = args.plan.hosts.map((host) => this.createHost(host, args));
        this.registerOutputs({ count: this.hosts.length });
    }

    /** The hosts that are set aside for a cluster. */
    ofCluster(cluster: ClusterPlan): pulumi.Resource[] {
        return this.hosts.slice(cluster.index * this.perCluster, (cluster.index + 1) * this.perCluster);
    }

    private createHost(host: HostPlan, args: BareMetalHostsArgs): kubernetes.apiextensions.CustomResource {
        const child = { parent: this, provider: args.provider };
        const secret = new kubernetes.core.v1.Secret(
            `${host.name}-bmc`,
            {
                // CAPM3 writes this label when a machine takes the host. BMO takes any change of the Secret for new
                // credentials, and would register the host a second time in the middle of its provisioning.
                metadata: {
                    name: `${host.name}-bmc`,
                    namespace: args.plan.namespace,
                    labels: { [CLUSTER_NAME_LABEL]: host.cluster },
                },
                stringData: { username: args.bmc.username, password: args.bmc.password },
            },
            { ...child, dependsOn: args.secretsDependOn },
        );
        return new kubernetes.apiextensions.CustomResource(
            host.name,
            {
                apiVersion: "metal3.io/v1alpha1",
                kind: "BareMetalHost",
                metadata: {
                    name: host.name,
                    namespace: args.plan.namespace,
                    labels: { [HOST_CLUSTER_LABEL]: host.cluster },
                    ...(host.queued ? { annotations: QUEUED_ANNOTATIONS } : {}),
                },
                spec: {
                    online: true,
                    bmc: {
                        address: host.bmcAddress,
                        credentialsName: secret.metadata.name,
                    },
                    bootMACAddress: host.mac,
                    bootMode: "legacy",
                    automatedCleaningMode: args.config.cleaning,
                },
            },
            // BMO deprovisions the host and powers it off before it lets the object go.
            {
                ...child,
                dependsOn: [secret, ...args.dependsOn(host)],
                customTimeouts: { delete: "20m" },
                deleteBeforeReplace: true,
            },
        );
    }
}
