import * as docker from "@pulumi/docker";
import { podPullSecrets } from "../../../plan/manifests/pull-secrets";
import { substrateOf } from "../../../plan/substrate/plan";
import type { PkiInput } from "../../../tasks/pki/input";
import type { LayerContext } from "../../context";
import { DockerPair } from "../../fake-nodes/docker";
import { pushedImages } from "../../pushed-images";
import type { SubstrateKind } from "../substrate";
import { ClusterDns } from "./cluster-dns";
import { EmbeddedKubernetes } from "./embedded-kubernetes";
import { NodeStorage } from "./node-storage";

/** A real Kubernetes in Docker containers, on a Docker network that is the provisioning network. */
export const embedded: SubstrateKind = {
    certificates,
    create(context, pki, { parent }) {
        const { plan, images } = context;
        const { node, storageClass } = substrateOf("embedded", plan);
        const dockerProvider = new docker.Provider("docker", {}, { parent });
        const after = pushedImages(images, { parent });
        const cluster = new EmbeddedKubernetes("kubernetes", { ...context, pki, dockerProvider, after }, { parent });
        const { provider, workers } = cluster;
        const inCluster = { parent, deletedWith: cluster.node };
        const dns = new ClusterDns(
            "dns",
            { images, clusterIp: node.dnsAddress, pullSecrets: podPullSecrets(context.config), provider },
            { ...inCluster, dependsOn: [cluster.loadedImages] },
        );
        const storage = new NodeStorage("storage", { nodeName: node.name, storageClass, provider }, inCluster);
        return {
            kubeconfig: cluster.kubeconfig,
            provider,
            // Workers too: otherwise every pod of a new lab would be on the control plane before they join it.
            ready: [cluster.loadedImages, dns, ...storage.volumes, ...workers.map(({ joined }) => joined)],
            cluster: cluster.node,
            containers: [cluster.node, ...workers.map(({ container }) => container)].map((each) => each.name),
            createPair: (pair, needs, opts) =>
                new DockerPair(
                    pair.name,
                    { ...context, ...needs, pair, networkName: cluster.network.name, dockerProvider },
                    opts,
                ),
        };
    },
};

/**
 * The API server is reached by its Service, from the provisioning network, and at the loopback interface of the
 * machine.
 */
function certificates({ plan }: LayerContext): PkiInput["kubernetes"] {
    const { node } = substrateOf("embedded", plan);
    const apiServerNames = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        node.apiServiceAddress,
        node.address,
        "127.0.0.1",
        "localhost",
    ];
    return { apiServerNames, nodes: { [node.name]: [node.name, node.address] } };
}
