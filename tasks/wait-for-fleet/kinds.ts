import type { CustomKind } from "../../lib/kubernetes";

export const HOSTS: CustomKind = { group: "metal3.io", version: "v1alpha1", plural: "baremetalhosts" };
export const CLUSTERS: CustomKind = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters" };
export const MACHINES: CustomKind = { ...CLUSTERS, plural: "machines" };
export const MACHINE_DEPLOYMENTS: CustomKind = { ...CLUSTERS, plural: "machinedeployments" };
export const CONTROL_PLANES: CustomKind = {
    group: "controlplane.cluster.x-k8s.io",
    version: "v1beta2",
    plural: "kubeadmcontrolplanes",
};
export const METAL3_MACHINES: CustomKind = {
    group: "infrastructure.cluster.x-k8s.io",
    version: "v1beta2",
    plural: "metal3machines",
};
