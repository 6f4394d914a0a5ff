import * as docker from "@pulumi/docker";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../../plan/config/keys";
import type { LabPlan } from "../../../plan/plan";
import type { Images } from "../../../prepare/images";
import { labels, LABELS_ONCE } from "../../docker-labels";
import type { LabPki } from "../../lab-pki";
import type { Substrate } from "../substrate";
import { LoadedImages } from "./loaded-images";
import { NODE_VOLUMES } from "./node-storage";

export interface EmbeddedArgs {
    config: LabConfig;
    plan: LabPlan;
    images: Images;
    pki: LabPki;
    dockerProvider: docker.Provider;
}

/** Seconds until a fresh node is Ready; 25 s were seen on two quiet cores. */
const NODE_READY_SECONDS = 300;

/**
 * A real Kubernetes in one Docker container, on a Docker network that is the provisioning network.
 * Needs Docker and nothing else. The container carries its state in a volume, and survives a restart.
 */
export class EmbeddedKubernetes extends pulumi.ComponentResource {
    readonly network: docker.Network;
    readonly cluster: docker.Container;
    readonly kubeconfig: pulumi.Output<string>;
    readonly provider: kubernetes.Provider;
    readonly loadedImages: LoadedImages;

    constructor(name: string, args: EmbeddedArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:EmbeddedKubernetes", name, {}, opts);
        const child = { parent: this, provider: args.dockerProvider };

        this.network = createNetwork(name, args, child);
        const volume = createVolume(name, args, child);
        this.cluster = createNode(name, args, this.network, volume, child);
        this.loadedImages = new LoadedImages(
            `${name}-images`,
            { images: args.images, node: this.cluster },
            { parent: this },
        );
        // No function of the node: its state is in the volume, so that a new node (another image) has the same objects.
        // A kubeconfig that depended on it would have every one of them replaced.
        this.kubeconfig = args.pki.kubeconfig;
        this.provider = new kubernetes.Provider(
            `${name}-kubernetes`,
            {
                kubeconfig: this.kubeconfig,
                // Nothing of ours is shared with another writer, and a preview without the cluster must be the true plan.
                enableServerSideApply: false,
                // A replaced ConfigMap would be gone for a moment, and everything that names it with it.
                enableConfigMapMutable: true,
                suppressDeprecationWarnings: true,
                kubeClientSettings: { qps: 400, burst: 800, timeout: 120 },
            },
            { parent: this, dependsOn: [this.cluster] },
        );
        this.registerOutputs({ kubeconfig: this.kubeconfig });
    }

    /** What the layers above see. @param ready further things a pod needs here. */
    asSubstrate(plan: LabPlan, storageClass: string, ready: pulumi.Resource[]): Substrate {
        return {
            kubeconfig: this.kubeconfig,
            provider: this.provider,
            serviceAddress: plan.nodeAddress,
            storageClass,
            networkName: this.network.name,
            ready: [this.loadedImages, ...ready],
            cluster: this.cluster,
        };
    }
}

function createNetwork(
    name: string,
    { config, plan }: EmbeddedArgs,
    opts: pulumi.CustomResourceOptions,
): docker.Network {
    return new docker.Network(
        `${name}-provisioning`,
        {
            name: plan.prefix,
            driver: "bridge",
            ipamConfigs: [{ subnet: config.provisioningCidr, gateway: plan.gateway }],
            labels: labels(plan),
        },
        { ...opts, ...LABELS_ONCE },
    );
}

/** Images, etcd and persistent volumes: on a file system of its own, because overlayfs does not stack. */
function createVolume(name: string, { plan }: EmbeddedArgs, opts: pulumi.CustomResourceOptions): docker.Volume {
    return new docker.Volume(
        `${name}-var`,
        { name: `${plan.prefix}-var`, labels: labels(plan) },
        { ...opts, ...LABELS_ONCE },
    );
}

function createNode(
    name: string,
    { config, plan, images, pki }: EmbeddedArgs,
    network: docker.Network,
    volume: docker.Volume,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { nodeName } = plan;
    return new docker.Container(
        `${name}-control-plane`,
        {
            name: nodeName,
            hostname: nodeName,
            image: images.reference("node"),
            envs: [
                `NODE_NAME=${nodeName}`,
                `NODE_IP=${plan.nodeAddress}`,
                `POD_CIDR=${config.podCidr}`,
                `SERVICE_CIDR=${config.serviceCidr}`,
                `CLUSTER_DNS=${plan.clusterDns}`,
                `PAUSE_IMAGE=${images.reference("pause")}`,
                `NODE_VOLUMES=${Object.keys(NODE_VOLUMES).join(" ")}`,
                "KUBE_PROXY_MODE=iptables",
                "POD_MTU=1500",
                "KUBE_APISERVER_ARGS=",
            ],
            uploads: pki.nodeFiles.apply((files) =>
                Object.entries(files).map(([file, content]) => ({ file: `/etc/kubernetes/pki/${file}`, content })),
            ),
            volumes: [{ volumeName: volume.name, containerPath: "/var" }],
            tmpfs: { "/run": "exec", "/tmp": "exec" },
            networksAdvanced: [{ name: network.name, ipv4Address: plan.nodeAddress }],
            ports: [{ internal: 6443, external: plan.apiPort, ip: "127.0.0.1" }],
            // Not privileged, but all capabilities save one: some machines cannot give CAP_SYS_RESOURCE, and nothing here needs it. Pulumi's
            // official docker plugin reads the long name back, and would replace the node at each refresh for a short one.
            capabilities: { adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] },
            securityOpts: ["seccomp=unconfined", "apparmor=unconfined"],
            devices: [{ hostPath: "/dev/kmsg" }],
            deviceCgroupRules: ["a *:* rwm"],
            cgroupnsMode: "private",
            // A whole cluster against dozens of fake nodes with Docker's default of 1024 each: in a busy moment it would get a small part.
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
            labels: labels(plan),
        },
        { ...opts, customTimeouts: { create: "10m" }, deleteBeforeReplace: true },
    );
}
