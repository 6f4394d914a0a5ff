package orphans

import (
	"context"
	"errors"
	"fmt"
	"time"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// owners are the kinds that leave orphans behind.
var owners = map[schema.GroupKind]bool{
	controlplanev1.GroupVersion.WithKind("KubeadmControlPlane").GroupKind(): true,
	clusterv1.GroupVersion.WithKind("MachineSet").GroupKind():               true,
}

// Repairer deletes the orphaned Machines of a cluster.
type Repairer struct {
	// Cache finds the candidates.
	Cache client.Reader
	// Direct reads and writes past the cache. The Repairer acts only on what Direct shows.
	Direct client.Client
	// Grace is the age from which a Machine is deleted, and the time for which its deletion may wait for KCP; 0: never.
	Grace time.Duration
}

// Result is the result of Repairer.Repair.
type Result struct {
	// Deleted is the number of Machines that were deleted.
	Deleted int
	// RequeueAfter is the time until the next call, where no event will cause one; 0: none is needed.
	RequeueAfter time.Duration
}

func (r *Result) requeueAfter(after time.Duration) {
	if r.RequeueAfter == 0 || after < r.RequeueAfter {
		r.RequeueAfter = after
	}
}

// Repair repairs the Machines of one cluster. A Machine that could not be checked or deleted is an error, and does not
// keep the others from being repaired.
func (r *Repairer) Repair(ctx context.Context, cluster types.NamespacedName) (Result, error) {
	var result Result
	if r.Grace == 0 {
		return result, nil
	}
	var found clusterv1.Cluster
	if err := r.Cache.Get(ctx, cluster, &found); err != nil || !found.DeletionTimestamp.IsZero() {
		return result, client.IgnoreNotFound(err)
	}
	var list clusterv1.MachineList
	ofCluster := client.MatchingFields{management.ClusterIndex: cluster.Name}
	if err := r.Cache.List(ctx, &list, client.InNamespace(cluster.Namespace), ofCluster); err != nil {
		return result, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	var errs []error
	for i := range list.Items {
		machine := &list.Items[i]
		if !candidate(machine) {
			continue
		}
		m3m := client.ObjectKey{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}
		err := r.Cache.Get(ctx, m3m, &infrav1.Metal3Machine{})
		switch {
		case err == nil:
		case !apierrors.IsNotFound(err):
			errs = append(
				errs,
				fmt.Errorf("get Metal3Machine of Machine %s: %w", client.ObjectKeyFromObject(machine), err),
			)
		default:
			errs = append(errs, r.repair(ctx, machine, &result))
		}
	}
	return result, errors.Join(errs...)
}

// candidate says whether a Machine can be an orphan at all, from the fields that the cache holds.
func candidate(machine *clusterv1.Machine) bool {
	owner := metav1.GetControllerOf(machine)
	ref := machine.Spec.InfrastructureRef
	return owner != nil && owners[schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()] &&
		ref.APIGroup == infrav1.GroupVersion.Group && ref.Kind == management.Metal3MachineKind
}

// repair deletes one Machine whose Metal3Machine the cache does not hold, if it is an orphan and its grace is over.
func (r *Repairer) repair(ctx context.Context, cached *clusterv1.Machine, result *Result) error {
	since := cached.CreationTimestamp
	if !cached.DeletionTimestamp.IsZero() {
		since = *cached.DeletionTimestamp
	}
	if rest := r.Grace - time.Since(since.Time); rest > 0 {
		result.requeueAfter(rest)
		return nil
	}
	cluster, machine, err := r.confirm(ctx, cached)
	if err != nil {
		return err
	}
	switch {
	case machine == nil:
	case machine.DeletionTimestamp.IsZero():
		if err = r.remove(ctx, machine); err == nil {
			result.Deleted++
		}
	case waitsForHookOnly(cluster, machine):
		err = r.removeHook(ctx, machine)
	}
	if apierrors.IsConflict(err) {
		// The Machine changed since it was read: perhaps it is no longer an orphan.
		result.requeueAfter(management.RetryAfterConflict)
		return nil
	}
	// Either the Machine must not be touched now, or KCP may hold up its deletion. An event that says otherwise is not
	// certain to be seen.
	result.requeueAfter(r.Grace)
	return client.IgnoreNotFound(err)
}
