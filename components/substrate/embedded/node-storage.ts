import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

export interface NodeStorageArgs {
    /** Name of the node whose disk holds the data. */
    nodeName: pulumi.Input<string>;
    /** Name of the StorageClass. */
    storageClass: string;
    provider: kubernetes.Provider;
}

/** Sizes of the volumes that claims of the class may bind, by name. The node creates their directories. */
export const NODE_VOLUMES: Record<string, string> = { mariadb: "4Gi" };

/** A StorageClass without a provisioner, and volumes on the node's own disk, which outlive every pod. */
export class NodeStorage extends pulumi.ComponentResource {
    readonly volumes: kubernetes.core.v1.PersistentVolume[];

    constructor(name: string, args: NodeStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:NodeStorage", name, {}, opts);
        const child = { parent: this, provider: args.provider };
        const storageClass = new kubernetes.storage.v1.StorageClass(
            `${name}-class`,
            {
                metadata: { name: args.storageClass },
                provisioner: "kubernetes.io/no-provisioner",
                volumeBindingMode: "Immediate",
            },
            child,
        );
        this.volumes = Object.entries(NODE_VOLUMES).map(([volume, size]) =>
            this.createVolume(name, volume, size, args, { ...child, dependsOn: [storageClass] }),
        );
        this.registerOutputs({});
    }

    private createVolume(
        name: string,
        volume: string,
        size: string,
        args: NodeStorageArgs,
        opts: pulumi.CustomResourceOptions,
    ) {
        return new kubernetes.core.v1.PersistentVolume(
            `${name}-${volume}`,
            {
                metadata: { name: volume },
                spec: {
                    storageClassName: args.storageClass,
                    capacity: { storage: size },
                    accessModes: ["ReadWriteOnce"],
                    persistentVolumeReclaimPolicy: "Retain",
                    hostPath: { path: `/var/lib/lab-volumes/${volume}`, type: "Directory" },
                    nodeAffinity: {
                        required: {
                            nodeSelectorTerms: [
                                {
                                    matchExpressions: [
                                        { key: "kubernetes.io/hostname", operator: "In", values: [args.nodeName] },
                                    ],
                                },
                            ],
                        },
                    },
                },
            },
            opts,
        );
    }
}
