package workload

import (
	"hash/fnv"
	"math"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// HostUIDLabel is the Node label by which CAPM3 finds the Node of a BareMetalHost: its value is the host's
	// Kubernetes UID (CAPM3: baremetal.ProviderLabelPrefix).
	HostUIDLabel = "metal3.io/uuid"
	// ControlPlaneLabel marks a control-plane Node, as kubeadm does; also the key of its NoSchedule taint.
	ControlPlaneLabel = "node-role.kubernetes.io/control-plane"
)

// Cluster is the wanted content of one fake workload cluster.
type Cluster struct {
	// Name is the Cluster's namespace and name in the management cluster.
	Name types.NamespacedName
	// Identity stays the same for the life of the Cluster, across restarts of this process. It is the UID, or the name
	// if there is no Cluster object. The etcd cluster id is derived from it.
	Identity string
	// Host and Port are the declared control plane endpoint, shown in kubeadm-config.
	Host string
	Port int32
	// Nodes are the machines that are up, in any order.
	Nodes []Node
}

// Node is one machine of the cluster that is up.
type Node struct {
	// Name of the Node, which is the name of the Machine.
	Name string
	// Identity stays the same for the life of the machine; the etcd member id is derived from it.
	Identity string
	// ControlPlane says whether the machine carries an API server and an etcd member.
	ControlPlane bool
	// Version of Kubernetes with a leading v, as in Machine.spec.version.
	Version string
	// ProviderID as in Node.spec.providerID. If it is empty, CAPM3 sets it.
	ProviderID string
	// HostUID is the UID of the BareMetalHost and the value of HostUIDLabel. If it is empty, the Node has no such
	// label.
	HostUID string
	// Labels are the Machine's labels, copied to the Node as upstream's FKAS does.
	Labels map[string]string
	// Created orders the machines. The oldest control-plane machine leads etcd after a restart.
	Created metav1.Time
	// Power of the machine.
	Power Power
}

// sortNodes orders nodes by age, then by name, so that the choice of the first one is stable.
func sortNodes(nodes []Node) []Node {
	out := append([]Node(nil), nodes...)
	sort.Slice(out, func(i, j int) bool {
		if !out[i].Created.Equal(&out[j].Created) {
			return out[i].Created.Before(&out[j].Created)
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// EtcdID derives the id of an etcd cluster or member from an identity, so that a restarted process arrives at the same
// ids. The id is positive and fits an int64, because the in-memory etcd reads it back with strconv.Atoi and compares it
// as a formatted signed number. It is never 0, which would mean that there is none.
func EtcdID(identity string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(identity))
	if id := h.Sum64() & math.MaxInt64; id != 0 {
		return id
	}
	return 1
}
