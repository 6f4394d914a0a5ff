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
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/metrics"
)

// SetupAdmission makes the manager let in queued hosts, `atOnce` in work at a time. clusters holds the Clusters of every FKAS: the manager's own cache has
// those of one.
func SetupAdmission(mgr manager.Manager, clusters cache.Cache, atOnce int) error {
	admission := &management.Admission{Client: mgr.GetClient(), Clusters: clusters, AtOnce: atOnce}
	// There is one queue: whatever happens, it is looked at as a whole.
	queue := []reconcile.Request{{NamespacedName: types.NamespacedName{Name: "queued-hosts"}}}
	toQueue := func(context.Context, client.Object) []reconcile.Request { return queue }
	err := ctrl.NewControllerManagedBy(mgr).Named("admission").
		Watches(&bmov1alpha1.BareMetalHost{}, handler.EnqueueRequestsFromMapFunc(toQueue), builder.WithPredicates(predicate.Or(hostChanged, hostQueueChanged))).
		WatchesRawSource(source.Kind(clusters, &clusterv1.Cluster{}, handler.TypedEnqueueRequestsFromMapFunc(
			func(ctx context.Context, cluster *clusterv1.Cluster) []reconcile.Request {
				return toQueue(ctx, cluster)
			},
		), predicate.TypedGenerationChangedPredicate[*clusterv1.Cluster]{})).
		Complete(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
			admitted, err := admission.Admit(ctx)
			metrics.HostsAdmitted.Add(float64(admitted.Hosts))
			if err != nil {
				return reconcile.Result{}, err
			}
			return reconcile.Result{RequeueAfter: admitted.Again}, nil
		}))
	if err != nil {
		return fmt.Errorf("set up the admission of hosts: %w", err)
	}
	return nil
}

// hostQueueChanged lets through that a host is queued or no longer is.
var hostQueueChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return management.HostQueued(e.ObjectOld.(*bmov1alpha1.BareMetalHost)) != management.HostQueued(e.ObjectNew.(*bmov1alpha1.BareMetalHost))
}}
