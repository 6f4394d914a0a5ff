/** Label of a BareMetalHost, which FKAS writes: the workload cluster whose machines may take it. */
export const HOST_CLUSTER_LABEL = "metal3-scale-lab/cluster";

/** API of CAPM3's objects. */
export const INFRASTRUCTURE = "infrastructure.cluster.x-k8s.io/v1beta2";

/** API of the KubeadmControlPlane. */
export const CONTROL_PLANE = "controlplane.cluster.x-k8s.io/v1beta2";

/** Class name of the workers within the ClusterClass. */
export const WORKER_CLASS = "worker";

/** The OS image that hosts are provisioned with, as CAPM3's `image`. */
export interface MachineImage {
    url: string;
    /** The checksum itself, or a URL that answers with it. */
    checksum: string;
    checksumType: "md5" | "sha256" | "sha512";
    diskFormat: "raw" | "qcow2" | "vdi" | "vmdk" | "live-iso";
}

/** What a cluster of the class says of itself. */
export function classVariables(image: MachineImage): object[] {
    return [
        {
            name: "controlPlaneEndpoint",
            required: true,
            schema: {
                openAPIV3Schema: {
                    type: "object",
                    required: ["host", "port"],
                    properties: {
                        host: { type: "string", minLength: 1 },
                        port: { type: "integer", minimum: 1, maximum: 65535 },
                    },
                },
            },
        },
        {
            // A default rather than a fixed template: a cluster keeps the image it was made with, so that another image
            // is for new clusters and does not roll every machine there is.
            name: "image",
            required: false,
            schema: {
                openAPIV3Schema: {
                    type: "object",
                    required: ["url", "checksum", "checksumType", "diskFormat"],
                    properties: {
                        url: { type: "string", minLength: 1 },
                        checksum: { type: "string" },
                        checksumType: { type: "string" },
                        diskFormat: { type: "string" },
                    },
                    default: { ...image },
                },
            },
        },
        {
            name: WITHOUT_SPARE_HOSTS,
            required: false,
            schema: { openAPIV3Schema: { type: "boolean", default: false } },
        },
    ];
}

/** Variable of a cluster that lets go of a machine before it makes the next. */
export const WITHOUT_SPARE_HOSTS = "rollsWithoutSpareHosts";

/** Rollout of a KubeadmControlPlane, and of a MachineDeployment, that makes no machine more than there are to be. */
const CONTROL_PLANE_WITHOUT_SURGE = { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0 } } };
export const WORKERS_WITHOUT_SURGE = {
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
};

/** How that gets into the templates. */
export function classPatches(): object[] {
    const machineSelector = (matchResources: object): object => ({
        apiVersion: INFRASTRUCTURE,
        kind: "Metal3MachineTemplate",
        matchResources,
    });
    const machinePatches = [
        { op: "replace", path: "/spec/template/spec/image", valueFrom: { variable: "image" } },
        {
            op: "add",
            path: "/spec/template/spec/hostSelector",
            valueFrom: { template: `matchLabels:\n  ${HOST_CLUSTER_LABEL}: "{{ .builtin.cluster.name }}"\n` },
        },
    ];
    return [
        {
            name: "control-plane-endpoint",
            description: "Each cluster's own address, which its fake API server serves",
            definitions: [
                {
                    selector: {
                        apiVersion: INFRASTRUCTURE,
                        kind: "Metal3ClusterTemplate",
                        matchResources: { infrastructureCluster: true },
                    },
                    jsonPatches: [
                        {
                            op: "replace",
                            path: "/spec/template/spec/controlPlaneEndpoint",
                            valueFrom: { variable: "controlPlaneEndpoint" },
                        },
                    ],
                },
            ],
        },
        {
            name: "machines",
            description: "The image, and only the hosts that are assigned to the cluster",
            definitions: [
                { selector: machineSelector({ controlPlane: true }), jsonPatches: machinePatches },
                {
                    selector: machineSelector({ machineDeploymentClass: { names: [WORKER_CLASS] } }),
                    jsonPatches: machinePatches,
                },
            ],
        },
        {
            name: "rollout-without-spare-hosts",
            description: "Machines of the control plane that go before their successors are made",
            enabledIf: `{{ .${WITHOUT_SPARE_HOSTS} }}`,
            definitions: [
                {
                    selector: {
                        apiVersion: CONTROL_PLANE,
                        kind: "KubeadmControlPlaneTemplate",
                        matchResources: { controlPlane: true },
                    },
                    jsonPatches: [
                        { op: "add", path: "/spec/template/spec/rollout", value: CONTROL_PLANE_WITHOUT_SURGE },
                    ],
                },
            ],
        },
    ];
}
