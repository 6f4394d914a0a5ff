package controller

import (
	"context"
	"fmt"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"metal3-scale-lab/fkas/internal/management/routing"
)

// SetupRouting makes the manager label the Clusters that their users made without the label of an FKAS. clusters holds
// the Clusters of every FKAS, and those without a label.
func SetupRouting(mgr manager.Manager, clusters cache.Cache) error {
	router := &routing.Router{Client: mgr.GetClient(), Clusters: clusters}
	request := func(obj client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(obj)}}
	}
	ofCluster := func(_ context.Context, cluster *clusterv1.Cluster) []reconcile.Request { return request(cluster) }
	ofInfrastructure := func(ctx context.Context, obj client.Object) []reconcile.Request {
		name, ok := ofMetal3Cluster(ctx, obj)
		if !ok {
			return nil
		}
		return []reconcile.Request{{NamespacedName: name}}
	}
	// A Service that opens more ports may serve any Cluster.
	ofService := func(ctx context.Context, _ client.Object) []reconcile.Request {
		var list clusterv1.ClusterList
		if err := clusters.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
			// The cache is being filled: each Cluster's own event follows.
			return nil
		}
		var requests []reconcile.Request
		for i := range list.Items {
			requests = append(requests, request(&list.Items[i])...)
		}
		return requests
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("routing").
		Watches(&infrav1.Metal3Cluster{}, handler.EnqueueRequestsFromMapFunc(ofInfrastructure),
			builder.WithPredicates(changed)).
		Watches(&corev1.Service{}, handler.EnqueueRequestsFromMapFunc(ofService),
			builder.WithPredicates(serviceChanged)).
		WatchesRawSource(source.Kind(clusters, &clusterv1.Cluster{},
			handler.TypedEnqueueRequestsFromMapFunc(ofCluster), routeChanged)).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			requeueAfter, err := router.Route(ctx, request.NamespacedName)
			return reconcile.Result{RequeueAfter: requeueAfter}, err
		}))
	if err != nil {
		return fmt.Errorf("set up the routing of Clusters: %w", err)
	}
	return nil
}
