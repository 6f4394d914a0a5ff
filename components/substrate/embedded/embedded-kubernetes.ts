import type * as docker from "@pulumi/docker";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { substrateOf } from "../../../plan/substrate/plan";
import type { LayerContext } from "../../context";
import type { LabPki } from "../../lab-pki";
import { createDockerNetwork } from "../docker-network";
import { createProvider } from "../provider";
import { LoadedImages } from "./loaded-images";
import { createNodeContainer, createNodeVolume } from "./node-container";
import { adminKubeconfig, controlPlaneFiles } from "./pki-files";
import { WorkerNode } from "./worker-node";

export interface EmbeddedKubernetesArgs extends LayerContext {
    pki: LabPki;
    dockerProvider: docker.Provider;
    /** Resources after which images can be had from the lab's registry. Empty where the lab has none. */
    after: pulumi.Resource[];
}

/** Images are copied into so many nodes at once: more would only wait for the same disk. */
const COPIES_AT_ONCE = 2;

/**
 * A real Kubernetes in Docker containers, one for each node, on a Docker network that is the provisioning network.
 * It needs nothing but Docker. Its state is in volumes, so it survives a restart and new containers.
 */
export class EmbeddedKubernetes extends pulumi.ComponentResource {
    readonly network: docker.Network;
    /** The container of the node with the control plane. */
    readonly node: docker.Container;
    readonly kubeconfig: pulumi.Output<string>;
    readonly provider: kubernetes.Provider;
    readonly loadedImages: LoadedImages;
    readonly workers: WorkerNode[];

    constructor(name: string, args: EmbeddedKubernetesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:EmbeddedKubernetes", name, {}, opts);
        const child = { parent: this, provider: args.dockerProvider };

        this.network = createDockerNetwork(`${name}-provisioning`, substrateOf("embedded", args.plan), args, child);
        this.node = createControlPlane(name, args, this.network, child);
        this.loadedImages = new LoadedImages(
            `${name}-images`,
            {
                images: args.images,
                node: this.node,
                registry: args.config.imageRegistry,
                gateway: substrateOf("embedded", args.plan).gateway,
                after: args.after,
            },
            { parent: this },
        );
        this.workers = this.createWorkers(name, args);
        // The kubeconfig does not depend on the node. A new node (of another image) has the same state in its volume,
        // but a kubeconfig that depended on the node would replace the provider, and every object with it.
        const { apiPort } = substrateOf("embedded", args.plan).node;
        this.kubeconfig = args.pki.issued.apply((pki) =>
            adminKubeconfig(pki, `https://127.0.0.1:${apiPort}`, args.plan.prefix),
        );
        this.provider = createProvider(
            `${name}-kubernetes`,
            // A new node has the same cluster in its volume.
            { kubeconfig: this.kubeconfig, clusterIdentifier: args.plan.prefix },
            { parent: this, dependsOn: [this.node] },
        );
        this.registerOutputs({ kubeconfig: this.kubeconfig });
    }

    private createWorkers(name: string, args: EmbeddedKubernetesArgs): WorkerNode[] {
        const copies: pulumi.Resource[] = [this.loadedImages];
        return substrateOf("embedded", args.plan).workers.map((node) => {
            const before = copies.at(-COPIES_AT_ONCE);
            const worker = new WorkerNode(
                `${name}-worker-${node.index}`,
                { ...args, node, controlPlane: this.node, network: this.network, copyAfter: before ? [before] : [] },
                { parent: this },
            );
            copies.push(worker.loadedImages);
            return worker;
        });
    }
}

function createControlPlane(
    name: string,
    args: EmbeddedKubernetesArgs,
    network: docker.Network,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { node } = substrateOf("embedded", args.plan);
    const volume = createNodeVolume(`${name}-var`, { plan: args.plan, label: "var" }, opts);
    const files = args.pki.issued.apply((issued) => controlPlaneFiles(issued, node.name));
    const ports = [{ internal: 6443, external: node.apiPort, ip: "127.0.0.1" }];
    return createNodeContainer(`${name}-control-plane`, { ...args, node, files, network, volume, ports }, opts);
}
