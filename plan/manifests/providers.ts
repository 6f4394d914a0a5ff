/** Which part of Cluster API a provider is. */
export type ProviderKey = "core" | "bootstrap" | "controlPlane" | "infrastructure" | "ipam";

/** Where one provider's manifests come from and what is in them. All of it is upstream's naming. */
export interface Provider {
    key: ProviderKey;
    /** clusterctl's name of it. */
    name: string;
    /** Type in clusterctl's inventory and configuration. */
    type: string;
    /** The flag of `clusterctl init` and `clusterctl upgrade apply`. */
    flag: string;
    /** The value of the label `cluster.x-k8s.io/provider`, and its folder in a clusterctl repository. */
    label: string;
    namespace: string;
    deployment: string;
    /** The file of its objects in a release and in a clusterctl repository. */
    componentsFile: string;
    /** Name of the lab's image of its controller, and of that image's program. */
    image: string;
    /** The Go module that holds the kustomize folder. */
    module: string;
    /** That folder: the first of these that the module has, since upstream has moved some. */
    kustomizations: readonly string[];
}

const CLUSTER_API = "sigs.k8s.io/cluster-api";

/** Every provider of the lab, in the order in which clusterctl installs them. */
export const PROVIDERS: readonly Provider[] = [
    {
        key: "core",
        name: "cluster-api",
        type: "CoreProvider",
        flag: "--core",
        label: "cluster-api",
        namespace: "capi-system",
        deployment: "capi-controller-manager",
        componentsFile: "core-components.yaml",
        image: "cluster-api-controller",
        module: CLUSTER_API,
        // The first from Cluster API 1.14 on.
        kustomizations: ["core/config/default", "config/default"],
    },
    {
        key: "bootstrap",
        name: "kubeadm",
        type: "BootstrapProvider",
        flag: "--bootstrap",
        label: "bootstrap-kubeadm",
        namespace: "capi-kubeadm-bootstrap-system",
        deployment: "capi-kubeadm-bootstrap-controller-manager",
        componentsFile: "bootstrap-components.yaml",
        image: "kubeadm-bootstrap-controller",
        module: CLUSTER_API,
        kustomizations: ["bootstrap/kubeadm/config/default"],
    },
    {
        key: "controlPlane",
        name: "kubeadm",
        type: "ControlPlaneProvider",
        flag: "--control-plane",
        label: "control-plane-kubeadm",
        namespace: "capi-kubeadm-control-plane-system",
        deployment: "capi-kubeadm-control-plane-controller-manager",
        componentsFile: "control-plane-components.yaml",
        image: "kubeadm-control-plane-controller",
        module: CLUSTER_API,
        kustomizations: ["controlplane/kubeadm/config/default"],
    },
    {
        key: "infrastructure",
        name: "metal3",
        type: "InfrastructureProvider",
        flag: "--infrastructure",
        label: "infrastructure-metal3",
        namespace: "capm3-system",
        deployment: "capm3-controller-manager",
        componentsFile: "infrastructure-components.yaml",
        image: "cluster-api-provider-metal3",
        module: "github.com/metal3-io/cluster-api-provider-metal3",
        kustomizations: ["config/default"],
    },
    {
        key: "ipam",
        name: "metal3",
        type: "IPAMProvider",
        flag: "--ipam",
        label: "ipam-metal3",
        namespace: "metal3-ipam-system",
        deployment: "ipam-controller-manager",
        componentsFile: "ipam-components.yaml",
        image: "ip-address-manager",
        module: "github.com/metal3-io/ip-address-manager",
        kustomizations: ["config/default"],
    },
];

/** The bare-metal operator: no provider of Cluster API's, but made of the same kind of manifests. */
export const BARE_METAL_OPERATOR = {
    namespace: "baremetal-operator-system",
    deployment: "baremetal-operator-controller-manager",
    componentsFile: "baremetal-operator.yaml",
    module: "github.com/metal3-io/baremetal-operator",
    // config/base has the webhooks; config/default adds only a ConfigMap with somebody else's addresses.
    kustomizations: ["config/base"],
} as const;

/** The file that says what a folder of rendered manifests holds. */
export const MANIFEST_INDEX = "index.json";

/** Content of {@link MANIFEST_INDEX}. */
export interface ManifestIndex {
    /** Version of each provider in the folder, with its leading v. */
    providers: Partial<Record<ProviderKey, string>>;
    /** Undefined: the folder has only providers. */
    bareMetalOperator?: string | undefined;
}
