import * as docker from "@pulumi/docker";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { dockerLabels, LABELS_ONCE } from "../../../plan/docker-labels";
import { substrateOf } from "../../../plan/substrate/plan";
import type { LayerContext } from "../../context";
import type { LabPki } from "../../lab-pki";
import { createDockerNetwork } from "../docker-network";
import { createProvider } from "../provider";
import { LoadedImages } from "./loaded-images";
import { NODE_VOLUMES } from "./node-storage";
import { adminKubeconfig, nodeFiles } from "./pki-files";

export interface EmbeddedKubernetesArgs extends LayerContext {
    pki: LabPki;
    dockerProvider: docker.Provider;
    /** Resources after which images can be had from the lab's registry. Empty where the lab has none. */
    after: pulumi.Resource[];
}

/** Longest wait for a fresh node to be Ready, seconds. It takes 25 s on two quiet cores. */
const NODE_READY_SECONDS = 300;

/**
 * A real Kubernetes in one Docker container, on a Docker network that is the provisioning network.
 * It needs nothing but Docker. Its state is in a volume, so it survives a restart and a new container.
 */
export class EmbeddedKubernetes extends pulumi.ComponentResource {
    readonly network: docker.Network;
    readonly node: docker.Container;
    readonly kubeconfig: pulumi.Output<string>;
    readonly provider: kubernetes.Provider;
    readonly loadedImages: LoadedImages;

    constructor(name: string, args: EmbeddedKubernetesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:EmbeddedKubernetes", name, {}, opts);
        const child = { parent: this, provider: args.dockerProvider };

        this.network = createDockerNetwork(`${name}-provisioning`, args, child);
        const volume = createVolume(name, args, child);
        this.node = createNode(name, args, this.network, volume, child);
        this.loadedImages = new LoadedImages(
            `${name}-images`,
            {
                images: args.images,
                node: this.node,
                registry: args.config.imageRegistry,
                gateway: args.plan.substrate.gateway,
                after: args.after,
            },
            { parent: this },
        );
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
}

/** Holds images, etcd and persistent volumes. It is a volume because overlayfs cannot lie on overlayfs. */
function createVolume(
    name: string,
    { plan }: EmbeddedKubernetesArgs,
    opts: pulumi.CustomResourceOptions,
): docker.Volume {
    return new docker.Volume(
        `${name}-var`,
        { name: `${plan.prefix}-var`, labels: dockerLabels(plan) },
        { ...opts, ...LABELS_ONCE },
    );
}

function createNode(
    name: string,
    { config, plan, images, pki }: EmbeddedKubernetesArgs,
    network: docker.Network,
    volume: docker.Volume,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { node } = substrateOf("embedded", plan);
    return new docker.Container(
        `${name}-control-plane`,
        {
            name: node.name,
            hostname: node.name,
            image: images.local("node"),
            envs: [
                `NODE_NAME=${node.name}`,
                `NODE_IP=${node.address}`,
                `POD_CIDR=${config.podCidr}`,
                `SERVICE_CIDR=${config.serviceCidr}`,
                `CLUSTER_DNS=${node.dnsAddress}`,
                `PAUSE_IMAGE=${images.local("pause")}`,
                `NODE_VOLUMES=${Object.keys(NODE_VOLUMES).join(" ")}`,
                "KUBE_PROXY_MODE=iptables",
                "POD_MTU=1500",
                "KUBE_APISERVER_ARGS=",
            ],
            uploads: pki.issued.apply((issued) =>
                Object.entries(nodeFiles(issued, node.name)).map(([file, content]) => ({
                    file: `/etc/kubernetes/pki/${file}`,
                    content,
                })),
            ),
            volumes: [{ volumeName: volume.name, containerPath: "/var" }],
            tmpfs: { "/run": "exec", "/tmp": "exec" },
            networksAdvanced: [{ name: network.name, ipv4Address: node.address }],
            ports: [{ internal: 6443, external: node.apiPort, ip: "127.0.0.1" }],
            // Every capability but one, instead of `privileged`: some machines cannot grant CAP_SYS_RESOURCE, and
            // nothing here needs it. Pulumi's official docker plugin reads the long name back, and would replace the
            // node at each refresh for the short one.
            capabilities: { adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] },
            securityOpts: ["seccomp=unconfined", "apparmor=unconfined"],
            devices: [{ hostPath: "/dev/kmsg" }],
            deviceCgroupRules: ["a *:* rwm"],
            cgroupnsMode: "private",
            // Docker's default is 1024 for each container. With that, the cluster would get a small part of a busy
            // machine beside dozens of fake nodes.
            cpuShares: 16_384,
            restart: "unless-stopped",
            stopSignal: "SIGHUP",
            destroyGraceSeconds: 10,
            healthcheck: {
                tests: ["CMD", "/usr/local/lib/lab-node/ready.sh"],
                interval: "5s",
                timeout: "15s",
                retries: Math.ceil(NODE_READY_SECONDS / 5),
            },
            wait: true,
            waitTimeout: NODE_READY_SECONDS,
            labels: dockerLabels(plan),
        },
        { ...opts, customTimeouts: { create: "10m" }, deleteBeforeReplace: true },
    );
}
