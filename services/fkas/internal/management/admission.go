package management

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// AdmittedAnnotation on a BareMetalHost or Cluster that was queued says when it was let in: RFC 3339, in UTC.
const AdmittedAnnotation = "metal3-scale-lab/admitted"

// AdmissionPatience is the age from which a host no longer counts as in work, whatever its state: a few that are stuck must not keep all others out.
// A host takes two to eight minutes where as many are in work as two cores are good for.
const AdmissionPatience = 15 * time.Minute

// Admission lets queued BareMetalHosts in while fewer than a given number are in work. BMO asks Ironic about a host in work every 10 to 15 s and takes a
// host that waits for its PROVISIONING_LIMIT through registration again every minute or two: from some number on, all wait for each other. A host that is
// paused costs nothing.
//
// A queued host has QueuedAnnotation, whatever its value, beside BMO's own annotation for a pause, and Cluster API's: CAPM3 takes a host with that for
// none of its business, while it asks the API server for one that only BMO leaves alone every minute (CAPM3 v1.13.2, Metal3LabelSync).
type Admission struct {
	// Client reads BareMetalHosts from the cache, and writes.
	Client client.Client
	// Clusters reads the Clusters of all FKAS, from a cache.
	Clusters client.Reader
	// AtOnce is the number of hosts in work from which none is let in, from 1.
	AtOnce int
}

// Admitted is what a call of Admission.Admit did.
type Admitted struct {
	// Hosts that were let in.
	Hosts int
	// Again is when to look again although no event tells; 0: not at all.
	Again time.Duration
}

// HostQueued says whether a host is in the queue.
func HostQueued(host *bmov1alpha1.BareMetalHost) bool {
	_, queued := host.Annotations[QueuedAnnotation]
	return queued
}

// Admit lets in as many hosts as there is room for, by name: a cluster's hosts are neighbours.
func (a *Admission) Admit(ctx context.Context) (Admitted, error) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := a.Client.List(ctx, &hosts, client.UnsafeDisableDeepCopy); err != nil {
		return Admitted{}, fmt.Errorf("list BareMetalHosts: %w", err)
	}
	queue := queuedHosts(hosts.Items)
	if len(queue) == 0 {
		return Admitted{}, nil
	}
	var clusters clusterv1.ClusterList
	if err := a.Clusters.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return Admitted{}, fmt.Errorf("list Clusters: %w", err)
	}
	now := time.Now()
	room := a.AtOnce - InWork(hosts.Items, clusters.Items, now)
	done := Admitted{Again: lookAgain}
	for _, host := range queue {
		// One that was in work before it was queued (by a tool that wrote the annotations again) needs no room, and one that is deleted must not wait.
		if started := host.Status.Provisioning.State != bmov1alpha1.StateNone || !host.DeletionTimestamp.IsZero(); !started {
			if room <= 0 {
				continue
			}
			room--
		}
		err := letIn(ctx, a.Client, host, &bmov1alpha1.BareMetalHost{}, now, bmov1alpha1.PausedAnnotation, clusterv1.PausedAnnotation)
		switch {
		case apierrors.IsConflict(err):
			// The cache has not heard of what changed it: most likely of its admission.
			done.Again = afterConflict
		case apierrors.IsNotFound(err):
		case err != nil:
			return done, fmt.Errorf("let in host %s: %w", client.ObjectKeyFromObject(host), err)
		default:
			done.Hosts++
		}
	}
	if done.Hosts > 0 {
		log.FromContext(ctx).Info("Let hosts in", "hosts", done.Hosts, "queued", len(queue)-done.Hosts)
	}
	return done, nil
}

// lookAgain is when a queue is looked at though nothing happened: hosts that are stuck lose their place by time alone.
const lookAgain = 30 * time.Second

func queuedHosts(hosts []bmov1alpha1.BareMetalHost) []*bmov1alpha1.BareMetalHost {
	var queue []*bmov1alpha1.BareMetalHost
	for i := range hosts {
		if HostQueued(&hosts[i]) {
			queue = append(queue, &hosts[i])
		}
	}
	slices.SortFunc(queue, func(a, b *bmov1alpha1.BareMetalHost) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return queue
}

// InWork counts the hosts on their way: to available, and on to provisioned as far as the Cluster that they are set aside for has machines that still
// need one. Queued hosts do not count, nor those let in longer than AdmissionPatience ago.
func InWork(hosts []bmov1alpha1.BareMetalHost, clusters []clusterv1.Cluster, now time.Time) int {
	missing := map[types.NamespacedName]int{}
	for i := range clusters {
		missing[client.ObjectKeyFromObject(&clusters[i])] = machinesOf(&clusters[i])
	}
	inWork := 0
	available := map[types.NamespacedName]int{}
	for i := range hosts {
		host := &hosts[i]
		cluster := types.NamespacedName{Namespace: host.Namespace, Name: host.Labels[HostClusterLabel]}
		taken := host.Spec.ConsumerRef != nil
		if taken {
			missing[cluster]--
		}
		if HostQueued(host) || now.Sub(admittedAt(host)) > AdmissionPatience {
			continue
		}
		switch host.Status.Provisioning.State {
		case bmov1alpha1.StateProvisioned, bmov1alpha1.StateExternallyProvisioned, bmov1alpha1.StateUnmanaged:
		case bmov1alpha1.StateAvailable, bmov1alpha1.StateReady:
			if taken {
				inWork++
			} else {
				available[cluster]++
			}
		default:
			inWork++
		}
	}
	for cluster, count := range available {
		inWork += min(count, max(0, missing[cluster]))
	}
	return inWork
}

// machinesOf is the number of machines that a Cluster's topology asks for, 0 for one without a topology or on its way out.
func machinesOf(cluster *clusterv1.Cluster) int {
	if !cluster.DeletionTimestamp.IsZero() || !cluster.Spec.Topology.IsDefined() {
		return 0
	}
	machines := int32(0)
	if replicas := cluster.Spec.Topology.ControlPlane.Replicas; replicas != nil {
		machines += *replicas
	}
	for i := range cluster.Spec.Topology.Workers.MachineDeployments {
		if replicas := cluster.Spec.Topology.Workers.MachineDeployments[i].Replicas; replicas != nil {
			machines += *replicas
		}
	}
	return int(machines)
}

// admittedAt is when a host began: one that was never queued, or whose annotation somebody spoilt, when it was made.
func admittedAt(host *bmov1alpha1.BareMetalHost) time.Time {
	if at, err := time.Parse(time.RFC3339, host.Annotations[AdmittedAnnotation]); err == nil {
		return at
	}
	return host.CreationTimestamp.Time
}
