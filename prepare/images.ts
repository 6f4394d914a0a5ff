import type { LabConfig } from "../plan/config/keys";
import { builtReference } from "../toolchain/images/recipes";
import { imageReference } from "../toolchain/images/reference";

/** Images that run as pods: they must be in every node of the embedded cluster. */
const IN_CLUSTER = [
    "pause",
    "coredns",
    "mariadb",
    "ironic",
    "image-server",
    "fkas",
    "baremetal-operator",
    "cluster-api-controller",
    "kubeadm-bootstrap-controller",
    "kubeadm-control-plane-controller",
    "cluster-api-provider-metal3",
    "ip-address-manager",
] as const;

/** Images of Docker containers. */
const IN_DOCKER = ["node", "sushy-tools", "fake-ipa"] as const;

export type ImageName = (typeof IN_CLUSTER)[number] | (typeof IN_DOCKER)[number];

/** Names and pinned references of every image of the lab, by where they come from. */
export class Images {
    constructor(private readonly config: LabConfig["images"]) {}

    /** The pinned reference of an image: the user's own if there is one, else the one of the configured source. */
    reference(name: ImageName): string {
        return this.config.overrides[name] ?? imageReference(name, this.config.source);
    }

    /** References of all images that are built on this machine, as the checkout has them now. */
    built(): string[] {
        return [...IN_CLUSTER, ...IN_DOCKER]
            .filter((name) => this.reference(name) === builtReference(name))
            .map((name) => builtReference(name));
    }

    /** References of all images that run as pods. */
    inCluster(): string[] {
        return IN_CLUSTER.map((name) => this.reference(name));
    }
}
