package controller

import (
	"context"
	"fmt"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"metal3-scale-lab/fkas/internal/management/assignment"
	"metal3-scale-lab/fkas/internal/metrics"
)

// assignmentDelay is the time from an event to the run that it causes. All events of that time lead to one run: a run
// reads all hosts, and while a large lab comes up hosts change many times a second.
const assignmentDelay = 200 * time.Millisecond

// SetupAssignment makes the manager assign hosts to Clusters. clusters holds the Clusters of every FKAS; the manager's
// own cache has those of one FKAS only. rolloutsAtOnce is Assigner.RolloutsAtOnce.
func SetupAssignment(mgr manager.Manager, clusters cache.Cache, rolloutsAtOnce func() int) error {
	assigner := &assignment.Assigner{Client: mgr.GetClient(), Clusters: clusters, RolloutsAtOnce: rolloutsAtOnce}
	err := ctrl.NewControllerManagedBy(mgr).Named("assignment").
		Watches(&bmov1alpha1.BareMetalHost{}, soon[client.Object](), builder.WithPredicates(assignmentChanged)).
		Watches(&infrav1.Metal3Machine{}, soon[client.Object](), builder.WithPredicates(changed)).
		WatchesRawSource(source.Kind(clusters, &clusterv1.Cluster{}, soon[*clusterv1.Cluster](), topologyChanged)).
		Complete(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
			done, err := assigner.Assign(ctx)
			metrics.HostsAssigned.Add(float64(done.Given))
			if err != nil {
				return reconcile.Result{}, err
			}
			return reconcile.Result{RequeueAfter: done.RequeueAfter}, nil
		}))
	if err != nil {
		return fmt.Errorf("set up the assignment of hosts: %w", err)
	}
	return nil
}

// soon leads every event to the same request, since one run assigns all hosts.
func soon[object client.Object]() handler.TypedEventHandler[object, reconcile.Request] {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	request := reconcile.Request{NamespacedName: types.NamespacedName{Name: "hosts"}}
	return handler.TypedFuncs[object, reconcile.Request]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[object], q queue) {
			q.AddAfter(request, assignmentDelay)
		},
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[object], q queue) {
			q.AddAfter(request, assignmentDelay)
		},
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[object], q queue) {
			q.AddAfter(request, assignmentDelay)
		},
	}
}
