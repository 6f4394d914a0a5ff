import type { LabConfig } from "../config/keys";
import type { SubstrateBase } from "./base";

/** A cluster that is there, as the lab reaches it. */
export interface FoundCluster {
    /** Kubeconfig with one context alone, which names no file of this machine. Secret. */
    kubeconfig: string;
    /** Address of its API server. */
    server: string;
    /** Tells the cluster from others as long as it lives: the UID of its namespace kube-system. */
    id: string;
}

/** What the kubeconfig's identifier of such a cluster begins with in Pulumi's state. */
export const EXISTING_CLUSTER = "existing:";

/** A cluster that is there, wherever it is. The lab makes nothing of it. */
export interface ExistingPlan extends SubstrateBase {
    kind: "existing";
    /** Path of the kubeconfig; undefined: where kubectl looks. */
    kubeconfig?: string;
    /** Undefined: the kubeconfig's current one. */
    context?: string;
}

/** How a configuration leads to a cluster that is there. */
export const reachedBy = ({
    kubeconfig,
    kubeContext,
}: {
    kubeconfig?: string | undefined;
    kubeContext?: string | undefined;
}): Pick<ExistingPlan, "kubeconfig" | "context"> => ({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
});

export const existingPlan = (config: LabConfig): ExistingPlan => ({
    kind: "existing",
    storageClass: config.storageClass ?? "",
    containers: [],
    copiedInto: [],
    ...reachedBy(config),
});
