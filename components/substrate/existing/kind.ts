import * as pulumi from "@pulumi/pulumi";
import { ownerAnnotations } from "../../../plan/lab-owner";
import { EXISTING_CLUSTER } from "../../../plan/substrate/existing";
import { pushedImages } from "../../pushed-images";
import { createProvider } from "../provider";
import type { SubstrateKind } from "../substrate";

/** A cluster that is there. Nothing is made of it, and its objects are deleted one by one. */
export const existing: SubstrateKind = {
    // The cluster has its own.
    certificates: () => undefined,
    create({ cluster, images, owner, plan }, _pki, { parent }) {
        if (cluster === undefined) {
            throw new Error("the cluster that the lab is to stand in was not looked for");
        }
        const kubeconfig = pulumi.secret(cluster.kubeconfig);
        const clusterIdentifier = `${EXISTING_CLUSTER}${cluster.id}`;
        return {
            kubeconfig,
            provider: createProvider("kubernetes-kubernetes", { kubeconfig, clusterIdentifier }, { parent }),
            record: ownerAnnotations(owner, plan),
            ready: pushedImages(images, { parent }),
            containers: [],
        };
    },
};
