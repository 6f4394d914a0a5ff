package controller

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/metrics"
)

// SetupHostQueue makes the manager release queued hosts while fewer than limit are in progress, or than flow decides
// where it is not nil. clusters holds the Clusters of every FKAS; the manager's own cache has those of one FKAS only.
func SetupHostQueue(mgr manager.Manager, clusters cache.Cache, limit int, flow *queue.Flow) error {
	hosts := &queue.HostQueue{Client: mgr.GetClient(), Clusters: clusters, Limit: limit, Flow: flow}
	// There is one queue, so every event leads to the same request.
	request := []reconcile.Request{{NamespacedName: types.NamespacedName{Name: "queued-hosts"}}}
	ofHost := func(context.Context, client.Object) []reconcile.Request { return request }
	ofCluster := func(context.Context, *clusterv1.Cluster) []reconcile.Request { return request }
	err := ctrl.NewControllerManagedBy(mgr).Named("host-queue").
		Watches(
			&bmov1alpha1.BareMetalHost{},
			handler.EnqueueRequestsFromMapFunc(ofHost),
			builder.WithPredicates(predicate.Or(hostChanged, hostQueueChanged)),
		).
		WatchesRawSource(source.Kind(
			clusters,
			&clusterv1.Cluster{},
			handler.TypedEnqueueRequestsFromMapFunc(ofCluster),
			predicate.TypedGenerationChangedPredicate[*clusterv1.Cluster]{},
		)).
		Complete(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
			releases, err := hosts.Release(ctx)
			metrics.ReleasedHosts.Add(float64(releases.Count))
			if err != nil {
				return reconcile.Result{}, err
			}
			metrics.HostsAtOnce.Set(float64(releases.Limit))
			metrics.HostsInProgress.Set(float64(releases.InProgress))
			if releases.Round > 0 {
				metrics.HostSeconds.Set(releases.Round.Seconds())
				metrics.HostRounds.Inc()
			}
			return reconcile.Result{RequeueAfter: releases.RequeueAfter}, nil
		}))
	if err != nil {
		return fmt.Errorf("set up the host queue: %w", err)
	}
	return nil
}
