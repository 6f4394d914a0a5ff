import * as docker from "@pulumi/docker";
import { substrateOf } from "../../../plan/substrate/plan";
import { DockerPair } from "../../fake-nodes/docker";
import { pushedImages } from "../../pushed-images";
import { createDockerNetwork } from "../docker-network";
import type { SubstrateKind } from "../substrate";
import { LibvirtNetwork } from "./libvirt-network";
import { MachineImages } from "./machine-images";
import { MinikubeCluster } from "./minikube-cluster";

/**
 * The published lab's substrate: minikube's machine on the provisioning network. Under KVM that is a network of
 * libvirt, whose bridge a Docker network shares; with the driver docker it is the Docker network alone. So the pairs
 * stand beside the machine, each at its own address, in either case.
 */
export const minikube: SubstrateKind = {
    // minikube issues the certificates of its Kubernetes.
    certificates: () => undefined,
    create(context, _pki, { parent }) {
        const { plan, images } = context;
        const substrate = substrateOf("minikube", plan);
        const { libvirt, dockerNetwork } = substrate;
        const dockerProvider = new docker.Provider("docker", {}, { parent });
        const onBridge =
            libvirt &&
            new LibvirtNetwork(
                "provisioning",
                { network: libvirt.network, libvirtUri: libvirt.uri, dockerNetwork },
                { parent },
            );
        const network = createDockerNetwork(
            "kubernetes-provisioning",
            substrate,
            context,
            { parent, provider: dockerProvider, ...(onBridge ? { dependsOn: [onBridge] } : {}) },
            onBridge?.bridge,
        );
        const cluster = new MinikubeCluster(
            "kubernetes",
            { plan, images, networkName: network.name },
            { parent, dependsOn: onBridge ? [onBridge] : [] },
        );
        const loaded = new MachineImages(
            "kubernetes-images",
            {
                plan,
                images,
                machine: cluster.machine,
                registry: context.config.imageRegistry,
                after: pushedImages(images, { parent }),
            },
            { parent },
        );
        return {
            kubeconfig: cluster.kubeconfig,
            provider: cluster.provider,
            ready: [loaded],
            cluster: cluster.machine,
            containers: [],
            createPair: (pair, needs, opts) =>
                new DockerPair(
                    pair.name,
                    { ...context, ...needs, pair, networkName: network.name, dockerProvider },
                    opts,
                ),
        };
    },
};
