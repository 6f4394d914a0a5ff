package assignment

import (
	"context"
	"errors"
	"fmt"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
)

// Assigner writes the labels that Decide decides on.
type Assigner struct {
	// Client reads BareMetalHosts and Metal3Machines from the cache, and writes.
	Client client.Client
	// Clusters reads the Clusters of all FKAS from a cache.
	Clusters client.Reader
	// RolloutsAtOnce is asked at each call how many Clusters of a namespace get hosts for successors of their machines at
	// the same time; 0: there is no limit.
	RolloutsAtOnce func() int
}

// Assignments is the result of Assigner.Assign.
type Assignments struct {
	// Given and Taken are the numbers of hosts that got a label with a new value, and that lost theirs.
	Given, Taken int
	// RequeueAfter is the time until the next call, where no event will cause one; 0: none is needed.
	RequeueAfter time.Duration
}

// Assign brings the labels of all hosts up to date. An error with one host does not keep the others from being written.
func (a *Assigner) Assign(ctx context.Context) (Assignments, error) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := a.Client.List(ctx, &hosts, client.UnsafeDisableDeepCopy); err != nil {
		return Assignments{}, fmt.Errorf("list BareMetalHosts: %w", err)
	}
	var machines infrav1.Metal3MachineList
	if err := a.Client.List(ctx, &machines, client.UnsafeDisableDeepCopy); err != nil {
		return Assignments{}, fmt.Errorf("list Metal3Machines: %w", err)
	}
	var clusters clusterv1.ClusterList
	if err := a.Clusters.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return Assignments{}, fmt.Errorf("list Clusters: %w", err)
	}
	var done Assignments
	var errs []error
	byKey := map[types.NamespacedName]*bmov1alpha1.BareMetalHost{}
	for i := range hosts.Items {
		byKey[client.ObjectKeyFromObject(&hosts.Items[i])] = &hosts.Items[i]
	}
	rolloutsAtOnce := a.RolloutsAtOnce()
	for namespace, s := range sights(hosts.Items, machines.Items, clusters.Items) {
		for _, change := range Decide(s.hosts, s.clusters, rolloutsAtOnce) {
			host := byKey[types.NamespacedName{Namespace: namespace, Name: change.Host}]
			errs = append(errs, a.write(ctx, host, change.Cluster, &done))
		}
	}
	if done.Given+done.Taken > 0 {
		log.FromContext(ctx).Info("Assigned hosts to clusters", "given", done.Given, "taken", done.Taken)
	}
	return done, errors.Join(errs...)
}

// write changes the label of a host, unless the host is no longer as it was read.
func (a *Assigner) write(
	ctx context.Context, host *bmov1alpha1.BareMetalHost, cluster string, done *Assignments,
) error {
	labels := map[string]any{management.HostClusterLabel: nil}
	if cluster != "" {
		labels[management.HostClusterLabel] = cluster
	}
	var more map[string]any
	if cluster == "" && !host.Spec.Online && !withheld(host) {
		// CAPM3 has switched the host off when its machine let go of it. The lab makes hosts that are on: an agent that
		// runs saves the next machine a boot, and Pulumi finds the host as it has made it.
		more = map[string]any{"spec": map[string]any{"online": true}}
	}
	target := &bmov1alpha1.BareMetalHost{}
	err := management.PatchAsRead(ctx, a.Client, host, target, map[string]any{"labels": labels}, more)
	switch {
	case apierrors.IsConflict(err):
		// The cache was outdated. If nothing has changed that the decision reads, no event follows.
		done.RequeueAfter = management.RetryAfterConflict
	case apierrors.IsNotFound(err):
	case err != nil:
		return fmt.Errorf("assign host %s to cluster %q: %w", client.ObjectKeyFromObject(host), cluster, err)
	case cluster == "":
		done.Taken++
	default:
		done.Given++
	}
	return nil
}

// sight is what one namespace holds. CAPM3 takes only hosts of a machine's own namespace.
type sight struct {
	hosts    []Host
	clusters []Cluster
}

// sights reads the objects of all namespaces, by namespace.
func sights(
	hosts []bmov1alpha1.BareMetalHost, machines []infrav1.Metal3Machine, clusters []clusterv1.Cluster,
) map[string]*sight {
	found := map[string]*sight{}
	of := func(namespace string) *sight {
		if found[namespace] == nil {
			found[namespace] = &sight{}
		}
		return found[namespace]
	}
	clusterOf := map[types.NamespacedName]string{}
	for i := range machines {
		clusterOf[client.ObjectKeyFromObject(&machines[i])] = machines[i].Labels[clusterv1.ClusterNameLabel]
	}
	served, used := map[types.NamespacedName]bool{}, map[types.NamespacedName]int{}
	for i := range hosts {
		host := HostOf(&hosts[i])
		if consumer, ok := management.Consumer(&hosts[i]); ok {
			served[consumer] = true
			host.UsedBy = clusterOf[consumer]
			used[types.NamespacedName{Namespace: hosts[i].Namespace, Name: host.UsedBy}]++
		}
		s := of(hosts[i].Namespace)
		s.hosts = append(s.hosts, host)
	}
	waiting, present := map[types.NamespacedName]int{}, map[types.NamespacedName]int{}
	for i := range machines {
		machine := &machines[i]
		if !machine.DeletionTimestamp.IsZero() {
			continue
		}
		key := client.ObjectKeyFromObject(machine)
		cluster := types.NamespacedName{Namespace: machine.Namespace, Name: clusterOf[key]}
		present[cluster]++
		if !served[key] {
			waiting[cluster]++
		}
	}
	for i := range clusters {
		cluster := &clusters[i]
		if !cluster.DeletionTimestamp.IsZero() {
			continue
		}
		key := client.ObjectKeyFromObject(cluster)
		s := of(cluster.Namespace)
		seen := Cluster{Name: cluster.Name, Waiting: waiting[key]}
		// Without a topology nothing says how many machines a Cluster is to have.
		if wanted := management.MachinesOf(cluster); cluster.Spec.Topology.IsDefined() {
			seen.Future = max(0, wanted-present[key])
			seen.Successors = min(waiting[key], max(0, present[key]-wanted))
			seen.Replacing = used[key] > wanted
		}
		s.clusters = append(s.clusters, seen)
	}
	return found
}
