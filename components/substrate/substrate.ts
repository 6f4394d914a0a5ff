import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * What every substrate hands to the layers above it, which know nothing else of where they stand.
 */
export interface Substrate {
    /** Administrator's kubeconfig, valid on the machine that runs the program. Secret. */
    kubeconfig: pulumi.Output<string>;
    /** Provider for the management cluster. */
    provider: kubernetes.Provider;
    /** Address on the provisioning network at which Services of the cluster are reachable (as an external IP). */
    serviceAddress: string;
    /** Storage class for what must outlive a pod. */
    storageClass: string;
    /** Docker network that is the provisioning network: fake nodes are attached to it. */
    networkName: pulumi.Output<string>;
    /** Things that must be there before a pod can run: images, DNS, storage. */
    ready: pulumi.Resource[];
    /** Goes away last, and with it everything in the cluster: what is inside needs no delete of its own then. */
    cluster: pulumi.Resource;
}
