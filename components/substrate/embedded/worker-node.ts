import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlan } from "../../../plan/substrate/embedded";
import { substrateOf } from "../../../plan/substrate/plan";
import type { NodeCertificates } from "../../../tasks/pki/input";
import type { LayerContext } from "../../context";
import type { LabPki } from "../../lab-pki";
import { LoadedImages } from "./loaded-images";
import { createNodeContainer, createNodeVolume } from "./node-container";
import { workerFiles } from "./pki-files";

export interface WorkerNodeArgs extends LayerContext {
    /** Which of the workers it is. */
    node: NodePlan;
    pki: LabPki;
    /** Container of the node with the control plane. */
    controlPlane: docker.Container;
    /** Docker network that is the provisioning network. */
    network: docker.Network;
    dockerProvider: docker.Provider;
    /** Resources after which images can be had from the lab's registry. Empty where the lab has none. */
    after: pulumi.Resource[];
    /** Copies of images into other nodes for which that into this one waits. */
    copyAfter: pulumi.Resource[];
}

/**
 * A node beside the control plane: a container with containerd, kubelet and kube-proxy. It gets its images first and
 * becomes a Node of the cluster then, so that no pod comes to it without its image. When it is taken out of the lab it
 * is drained, and its Node is deleted, before its container goes.
 */
export class WorkerNode extends pulumi.ComponentResource {
    readonly container: docker.Container;
    readonly loadedImages: LoadedImages;
    /** The Node is in the cluster, and Ready. */
    readonly joined: command.local.Command;

    constructor(name: string, args: WorkerNodeArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:WorkerNode", name, {}, opts);
        const { node, plan, controlPlane, images, dockerProvider } = args;
        const child = { parent: this, provider: dockerProvider };

        const volume = createNodeVolume(`${name}-var`, { plan, label: `worker-${node.index}-var` }, child);
        const certificates = this.issueCertificates(name, args);
        const files = pulumi
            .all([args.pki.issued, certificates])
            .apply(([pki, certificate]) => workerFiles(pki, certificate));
        this.container = createNodeContainer(
            `${name}-container`,
            { ...args, files, volume },
            { ...child, dependsOn: [controlPlane] },
        );
        this.loadedImages = new LoadedImages(
            `${name}-images`,
            {
                images,
                node: this.container,
                registry: args.config.imageRegistry,
                gateway: substrateOf("embedded", args.plan).gateway,
                after: [...args.after, ...args.copyAfter],
            },
            { parent: this },
        );
        this.joined = this.join(name, args);
        this.registerOutputs({});
    }

    /** Issued by the cluster's CA, without another run of the lab's PKI. */
    private issueCertificates(name: string, { node, pki }: WorkerNodeArgs): pulumi.Output<NodeCertificates> {
        const issue = new command.local.Command(
            `${name}-certificates`,
            {
                create: "node --import tsx tasks/node-certificates.ts",
                stdin: pulumi.secret(
                    pki.clusterAuthority.apply((authority) =>
                        JSON.stringify({ node: node.name, names: [node.name, node.address], authority }),
                    ),
                ),
                // The output holds keys: they belong into the state, never into a log.
                logging: "stderr",
            },
            { parent: this, additionalSecretOutputs: ["stdout"] },
        );
        return pulumi.secret(issue.stdout.apply((stdout) => JSON.parse(stdout) as NodeCertificates));
    }

    private join(name: string, { node, plan, controlPlane }: WorkerNodeArgs): command.local.Command {
        return new command.local.Command(
            `${name}-node`,
            {
                create: "node --import tsx tasks/worker-node.ts join",
                delete: "node --import tsx tasks/worker-node.ts leave",
                environment: {
                    NODE: node.name,
                    CONTROL_PLANE: substrateOf("embedded", plan).node.name,
                    // Another container has to join again. A change of the environment is an update: as a replacement
                    // it would drain the node.
                    CONTAINER: this.container.id,
                },
            },
            {
                parent: this,
                dependsOn: [this.loadedImages],
                // With the whole cluster no node has to be drained.
                deletedWith: controlPlane,
                customTimeouts: { create: "10m", update: "10m", delete: "15m" },
            },
        );
    }
}
