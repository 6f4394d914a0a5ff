package management

import clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

// MachinesOf is the number of machines in a Cluster's topology. It is 0 for a Cluster that has no topology or is being
// deleted.
func MachinesOf(cluster *clusterv1.Cluster) int {
	topology := &cluster.Spec.Topology
	if !cluster.DeletionTimestamp.IsZero() || !topology.IsDefined() {
		return 0
	}
	machines := int32(0)
	if replicas := topology.ControlPlane.Replicas; replicas != nil {
		machines += *replicas
	}
	for i := range topology.Workers.MachineDeployments {
		if replicas := topology.Workers.MachineDeployments[i].Replicas; replicas != nil {
			machines += *replicas
		}
	}
	return int(machines)
}
