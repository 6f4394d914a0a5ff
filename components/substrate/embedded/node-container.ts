import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { dockerLabels, LABELS_ONCE } from "../../../plan/docker-labels";
import { versionLabel } from "../../../plan/part-versions";
import type { NodePlan } from "../../../plan/substrate/embedded";
import { substrateOf } from "../../../plan/substrate/plan";
import type { LayerContext } from "../../context";
import { NODE_VOLUMES } from "./node-storage";

export interface NodeContainerArgs extends LayerContext {
    /** Which of the cluster's nodes it is. */
    node: NodePlan;
    /** The files of /etc/kubernetes/pki, by name. Secret. */
    files: pulumi.Output<Record<string, string>>;
    /** Docker network that is the provisioning network. */
    network: docker.Network;
    /** Ports of the node on this machine. Default: none. */
    ports?: docker.types.input.ContainerPort[];
}

/** Longest wait for a fresh node to be Ready, seconds. It takes 25 s on two quiet cores. */
export const NODE_READY_SECONDS = 300;

/**
 * Holds a node's images, its etcd and its persistent volumes. It is a volume because overlayfs cannot lie on overlayfs.
 * @param label last part of its name in Docker
 */
export const createNodeVolume = (
    name: string,
    { plan, label }: Pick<LayerContext, "plan"> & { label: string },
    opts: pulumi.CustomResourceOptions,
): docker.Volume =>
    new docker.Volume(
        name,
        { name: `${plan.prefix}-${label}`, labels: dockerLabels(plan) },
        { ...opts, ...LABELS_ONCE },
    );

/** The container of a Kubernetes node (toolchain/images/node). */
export function createNodeContainer(
    name: string,
    { config, plan, images, node, files, network, ports, volume }: NodeContainerArgs & { volume: docker.Volume },
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { node: controlPlane } = substrateOf("embedded", plan);
    const isControlPlane = node.index === controlPlane.index;
    return new docker.Container(
        name,
        {
            name: node.name,
            hostname: node.name,
            image: images.local("node"),
            envs: [
                `NODE_ROLE=${isControlPlane ? "control-plane" : "worker"}`,
                `NODE_NAME=${node.name}`,
                `NODE_IP=${node.address}`,
                `NODE_POD_CIDR=${node.podRange}`,
                `POD_ROUTES=${node.podRoutes.map(({ range, via }) => `${range}=${via}`).join(" ")}`,
                `MAX_PODS=${node.mostPods}`,
                `CONTROL_PLANE_IP=${controlPlane.address}`,
                `POD_CIDR=${config.podCidr}`,
                `SERVICE_CIDR=${config.serviceCidr}`,
                `CLUSTER_DNS=${controlPlane.dnsAddress}`,
                `PAUSE_IMAGE=${images.local("pause")}`,
                `NODE_VOLUMES=${isControlPlane ? Object.keys(NODE_VOLUMES).join(" ") : ""}`,
                "KUBE_PROXY_MODE=iptables",
                "POD_MTU=1500",
                "KUBE_APISERVER_ARGS=",
            ],
            uploads: files.apply((byName) =>
                Object.entries(byName).map(([file, content]) => ({ file: `/etc/kubernetes/pki/${file}`, content })),
            ),
            volumes: [{ volumeName: volume.name, containerPath: "/var" }],
            tmpfs: { "/run": "exec", "/tmp": "exec" },
            networksAdvanced: [{ name: network.name, ipv4Address: node.address }],
            ...(ports === undefined ? {} : { ports }),
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
            labels: [...dockerLabels(plan), ...versionLabel("kubernetes", images.version("kubernetes"))],
        },
        { ...opts, customTimeouts: { create: "10m" }, deleteBeforeReplace: true },
    );
}
