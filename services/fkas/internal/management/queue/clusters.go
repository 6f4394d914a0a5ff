package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/assignment"
)

// ClusterQueue releases queued Clusters whose hosts are ready.
//
// Cluster API's annotation for a pause stops the Cluster and topology controllers (Cluster API v1.13.4,
// internal/controllers: cluster and topology/cluster). It does not stop the controllers of the Cluster's
// KubeadmControlPlane, MachineDeployments and Machines, which heed spec.paused and their own annotation only. So
// Cluster API creates nothing for a new Cluster that is queued, and what exists of a Cluster that is queued again goes
// on. Both controllers react to the removal of the annotation, so a released Cluster starts at once.
type ClusterQueue struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Patience is the age from which a Cluster is released although no host is assigned to it; 0: never. While there are
	// free hosts that may still be assigned to it, it is released at ten times that age: to assign hundreds of hosts takes
	// minutes on a busy machine, and hundreds of Clusters at once would keep it busy.
	Patience time.Duration
}

// whileAssigning is how many times longer than its patience a Cluster waits while there are hosts to be assigned.
const whileAssigning = 10

// ClusterRelease is the result of ClusterQueue.Release.
type ClusterRelease struct {
	// Released says whether the Cluster was released.
	Released bool
	// RequeueAfter is the time until the next call, where no event will cause one; 0: none is needed.
	RequeueAfter time.Duration
}

// Release releases a Cluster if its hosts are ready. A Cluster that is not queued is left alone, paused or not.
func (q *ClusterQueue) Release(ctx context.Context, name types.NamespacedName) (ClusterRelease, error) {
	var cluster clusterv1.Cluster
	if err := q.Client.Get(ctx, name, &cluster); err != nil || !management.ClusterQueued(&cluster) {
		return ClusterRelease{}, client.IgnoreNotFound(err)
	}
	reason, requeueAfter, err := q.releaseReason(ctx, &cluster)
	if err != nil || reason == "" {
		return ClusterRelease{RequeueAfter: requeueAfter}, err
	}
	err = release(ctx, q.Client, &cluster, &clusterv1.Cluster{}, time.Now(), clusterv1.PausedAnnotation)
	switch {
	case apierrors.IsConflict(err):
		// The cache was outdated. If only the status has changed, no event follows.
		return ClusterRelease{RequeueAfter: management.RetryAfterConflict}, nil
	case apierrors.IsNotFound(err):
		return ClusterRelease{}, nil
	case err != nil:
		return ClusterRelease{}, fmt.Errorf("release queued cluster %s: %w", name, err)
	}
	wanted, _ := management.Queued(&cluster)
	log.FromContext(ctx).Info("Released a queued cluster", "cluster", name.String(), "reason", reason,
		"queued", wanted,
		"age", time.Since(cluster.CreationTimestamp.Time).Round(time.Second).String())
	return ClusterRelease{Released: true}, nil
}

// releaseReason returns why a queued Cluster is to be released, and an empty reason if it is not.
func (q *ClusterQueue) releaseReason(
	ctx context.Context, cluster *clusterv1.Cluster,
) (reason string, requeueAfter time.Duration, err error) {
	// A paused Cluster would keep its finalizer for ever.
	if !cluster.DeletionTimestamp.IsZero() {
		return "it is being deleted", 0, nil
	}
	value, _ := management.Queued(cluster)
	wanted, err := strconv.ParseUint(value, 10, 31)
	if err != nil || wanted == 0 {
		return fmt.Sprintf(
			"annotation %s: %q: must be a whole number from 1",
			management.QueuedAnnotation,
			value,
		), 0, nil
	}
	var hosts bmov1alpha1.BareMetalHostList
	ofCluster := client.MatchingFields{management.HostClusterIndex: cluster.Name}
	if err := q.Client.List(ctx, &hosts, client.InNamespace(cluster.Namespace), ofCluster); err != nil {
		return "", 0, fmt.Errorf("list BareMetalHosts of cluster %s: %w", client.ObjectKeyFromObject(cluster), err)
	}
	if len(hosts.Items) == 0 {
		return q.reasonWithoutHosts(ctx, cluster)
	}
	var ready uint64
	for i := range hosts.Items {
		ok, err := q.ready(ctx, &hosts.Items[i], cluster)
		if err != nil {
			return "", 0, err
		}
		if ok {
			ready++
		}
	}
	if ready < wanted {
		return "", 0, nil
	}
	return fmt.Sprintf("%d hosts are ready for it", ready), 0, nil
}

// reasonWithoutHosts keeps a Cluster from waiting for ever where somebody created its hosts without the label. The lab
// creates a cluster's hosts before the Cluster.
func (q *ClusterQueue) reasonWithoutHosts(
	ctx context.Context, cluster *clusterv1.Cluster,
) (reason string, requeueAfter time.Duration, err error) {
	age := time.Since(cluster.CreationTimestamp.Time)
	switch {
	case q.Patience == 0:
		return "", 0, nil
	case age < q.Patience:
		return "", q.Patience - age, nil
	case age < whileAssigning*q.Patience:
		var unassigned bmov1alpha1.BareMetalHostList
		ofNone := client.MatchingFields{management.HostClusterIndex: ""}
		err := q.Client.List(ctx, &unassigned, client.InNamespace(cluster.Namespace), ofNone, client.UnsafeDisableDeepCopy)
		if err != nil {
			return "", 0, fmt.Errorf("list BareMetalHosts that are assigned to no cluster: %w", err)
		}
		if slices.ContainsFunc(unassigned.Items, assignable) {
			return "", q.Patience, nil
		}
	}
	return fmt.Sprintf("no BareMetalHost has label %s=%s", management.HostClusterLabel, cluster.Name), 0, nil
}

// assignable says whether the host may be assigned to a Cluster.
func assignable(host bmov1alpha1.BareMetalHost) bool {
	seen := assignment.HostOf(&host)
	return !seen.Used && !seen.Withheld
}

// ready says whether a machine of the cluster consumes the host, or could take it at once.
func (q *ClusterQueue) ready(
	ctx context.Context, host *bmov1alpha1.BareMetalHost, cluster *clusterv1.Cluster,
) (bool, error) {
	if !host.DeletionTimestamp.IsZero() {
		return false, nil
	}
	if host.Spec.ConsumerRef == nil {
		return management.HostFree(host), nil
	}
	consumer, ok := management.Consumer(host)
	if !ok || consumer.Namespace != cluster.Namespace {
		return false, nil
	}
	var m3m infrav1.Metal3Machine
	err := q.Client.Get(ctx, consumer, &m3m)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("get Metal3Machine %s: %w", consumer, err)
	}
	return err == nil && m3m.Labels[clusterv1.ClusterNameLabel] == cluster.Name, nil
}
