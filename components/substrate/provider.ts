import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * The provider for the objects in a management cluster that belongs to the lab alone.
 * @param clusterIdentifier tells the cluster apart from others as long as it lives. Without it, Pulumi takes a cluster
 * at another port or address for another cluster, and replaces every object.
 */
export const createProvider = (
    name: string,
    { kubeconfig, clusterIdentifier }: { kubeconfig: pulumi.Output<string>; clusterIdentifier: pulumi.Input<string> },
    opts: pulumi.ResourceOptions,
): kubernetes.Provider =>
    new kubernetes.Provider(
        name,
        {
            kubeconfig,
            clusterIdentifier,
            // No other writer shares the lab's objects, and a preview without the cluster must be the true plan.
            enableServerSideApply: false,
            // What is replaced is gone for a moment, and pods that use it fail. A BMC's Secret would not even go: the
            // bare-metal operator holds it as long as its host is there.
            enableConfigMapMutable: true,
            enableSecretMutable: true,
            suppressDeprecationWarnings: true,
            kubeClientSettings: { qps: 400, burst: 800, timeout: 120 },
        },
        opts,
    );
