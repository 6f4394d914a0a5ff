package queue

import (
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// HostPatience is the time after its release from which a host no longer counts as in progress, whatever its state, so
// that a few hosts that are stuck do not keep all others in the queue. A host takes two to eight minutes while as many
// hosts are in progress as two CPU cores can serve.
const HostPatience = 15 * time.Minute

// Stage is where a host is on its way.
type Stage int

const (
	// Gone is a host that is not there.
	Gone Stage = iota
	// Queued is a host that waits for its release.
	Queued
	// Underway is a host in progress: from registration until it is available, and from there until it is provisioned
	// if its Cluster still needs machines.
	Underway
	// Stuck is a host that was released more than HostPatience ago and is not provisioned. It no longer counts.
	Stuck
	// Arrived is a host that is where it should be.
	Arrived
)

// Stages returns the stage of each host.
func Stages(hosts []bmov1alpha1.BareMetalHost, clusters []clusterv1.Cluster, now time.Time) []Stage {
	// missing is the number of machines of each Cluster that have no host yet.
	missing := map[types.NamespacedName]int{}
	for i := range clusters {
		missing[client.ObjectKeyFromObject(&clusters[i])] = management.MachinesOf(&clusters[i])
	}
	stages := make([]Stage, len(hosts))
	available := map[types.NamespacedName][]int{}
	for i := range hosts {
		host := &hosts[i]
		cluster := types.NamespacedName{Namespace: host.Namespace, Name: host.Labels[management.HostClusterLabel]}
		taken := host.Spec.ConsumerRef != nil
		if taken {
			missing[cluster]--
		}
		if management.HostQueued(host) {
			stages[i] = Queued
			continue
		}
		stages[i] = Underway
		if now.Sub(startOf(host)) > HostPatience {
			stages[i] = Stuck
		}
		switch host.Status.Provisioning.State {
		case bmov1alpha1.StateProvisioned, bmov1alpha1.StateExternallyProvisioned, bmov1alpha1.StateUnmanaged:
			stages[i] = Arrived
		case bmov1alpha1.StateAvailable, bmov1alpha1.StateReady:
			if !taken && stages[i] == Underway {
				available[cluster] = append(available[cluster], i)
			}
		}
	}
	for cluster, free := range available {
		for _, i := range free[min(len(free), max(0, missing[cluster])):] {
			stages[i] = Arrived
		}
	}
	return stages
}

// underway counts the hosts in progress.
func underway(stages []Stage) int {
	count := 0
	for _, stage := range stages {
		if stage == Underway {
			count++
		}
	}
	return count
}

// startOf is the time of a host's release. For a host that was never queued, or whose annotation is malformed, it is
// the time of its creation.
func startOf(host *bmov1alpha1.BareMetalHost) time.Time {
	if at, err := time.Parse(time.RFC3339, host.Annotations[management.ReleasedAnnotation]); err == nil {
		return at
	}
	return host.CreationTimestamp.Time
}
