/** Which part of Cluster API a provider is. */
export type ProviderKey = "core" | "bootstrap" | "controlPlane" | "infrastructure" | "ipam";

/** Where one provider's manifests come from and what is in them. All of it is upstream's naming. */
export interface Provider {
    key: ProviderKey;
    /** clusterctl's name of it. */
    name: string;
    /** Type in clusterctl's inventory and configuration. */
    type: string;
    /** The flag of `clusterctl init`. */
    initFlag: string;
    /** The value of the label `cluster.x-k8s.io/provider`, and its folder in a clusterctl repository. */
    label: string;
    namespace: string;
    deployment: string;
    /** The file of its objects in a release and in a clusterctl repository. */
    componentsFile: string;
    /** The Go module that holds the kustomize folder, and that folder. */
    module: string;
    kustomization: string;
}

const CLUSTER_API = "sigs.k8s.io/cluster-api";

/** Every provider of the lab, in the order in which clusterctl installs them. */
export const PROVIDERS: readonly Provider[] = [
    {
        key: "core",
        name: "cluster-api",
        type: "CoreProvider",
        initFlag: "--core",
        label: "cluster-api",
        namespace: "capi-system",
        deployment: "capi-controller-manager",
        componentsFile: "core-components.yaml",
        module: CLUSTER_API,
        kustomization: "config/default",
    },
    {
        key: "bootstrap",
        name: "kubeadm",
        type: "BootstrapProvider",
        initFlag: "--bootstrap",
        label: "bootstrap-kubeadm",
        namespace: "capi-kubeadm-bootstrap-system",
        deployment: "capi-kubeadm-bootstrap-controller-manager",
        componentsFile: "bootstrap-components.yaml",
        module: CLUSTER_API,
        kustomization: "bootstrap/kubeadm/config/default",
    },
    {
        key: "controlPlane",
        name: "kubeadm",
        type: "ControlPlaneProvider",
        initFlag: "--control-plane",
        label: "control-plane-kubeadm",
        namespace: "capi-kubeadm-control-plane-system",
        deployment: "capi-kubeadm-control-plane-controller-manager",
        componentsFile: "control-plane-components.yaml",
        module: CLUSTER_API,
        kustomization: "controlplane/kubeadm/config/default",
    },
    {
        key: "infrastructure",
        name: "metal3",
        type: "InfrastructureProvider",
        initFlag: "--infrastructure",
        label: "infrastructure-metal3",
        namespace: "capm3-system",
        deployment: "capm3-controller-manager",
        componentsFile: "infrastructure-components.yaml",
        module: "github.com/metal3-io/cluster-api-provider-metal3",
        kustomization: "config/default",
    },
    {
        key: "ipam",
        name: "metal3",
        type: "IPAMProvider",
        initFlag: "--ipam",
        label: "ipam-metal3",
        namespace: "metal3-ipam-system",
        deployment: "ipam-controller-manager",
        componentsFile: "ipam-components.yaml",
        module: "github.com/metal3-io/ip-address-manager",
        kustomization: "config/default",
    },
];

/** The bare-metal operator: no provider of Cluster API's, but made of the same kind of manifests. */
export const BARE_METAL_OPERATOR = {
    namespace: "baremetal-operator-system",
    deployment: "baremetal-operator-controller-manager",
    componentsFile: "baremetal-operator.yaml",
    module: "github.com/metal3-io/baremetal-operator",
    // config/base has the webhooks; config/default adds only a ConfigMap with somebody else's addresses.
    kustomization: "config/base",
} as const;

/** The file that says what a folder of rendered manifests holds. */
export const MANIFEST_INDEX = "index.json";

/** Content of {@link MANIFEST_INDEX}. */
export interface ManifestIndex {
    /** Version of each provider, with its leading v. */
    providers: Record<ProviderKey, string>;
    bareMetalOperator: string;
}
