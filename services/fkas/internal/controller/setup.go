package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"metal3-scale-lab/fkas/internal/management"
)

// Delays between the runs of a cluster that fails, from the first to the longest. The longest is short, so that a
// cluster whose port was taken is served soon after the port becomes free.
const (
	firstRetry   = 200 * time.Millisecond
	longestRetry = 15 * time.Second
)

// Setup makes the manager run the Reconciler, `concurrency` clusters at a time.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager, concurrency int) error {
	if err := management.AddIndexes(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	registered := make(chan event.GenericEvent)
	powered := make(chan event.GenericEvent)
	r.Power.OnChange(func(uuid string) {
		host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Name: uuid}}
		select {
		case powered <- event.GenericEvent{Object: host}:
		case <-ctx.Done():
		}
	})
	b := ctrl.NewControllerManagedBy(mgr).
		For(&clusterv1.Cluster{}, builder.WithPredicates(clusterChanged)).
		Watches(&infrav1.Metal3Cluster{}, r.enqueue(ofMetal3Cluster), builder.WithPredicates(changed)).
		Watches(&clusterv1.Machine{}, r.enqueue(ofMachine), builder.WithPredicates(changed)).
		Watches(&infrav1.Metal3Machine{}, r.enqueue(ofLabels), builder.WithPredicates(changed)).
		Watches(&bmov1alpha1.BareMetalHost{}, r.enqueue(r.ofHost), builder.WithPredicates(hostChanged)).
		Watches(&bmov1alpha1.BareMetalHost{}, r.enqueue(r.ofQueue), builder.WithPredicates(hostChanged)).
		WatchesRawSource(source.Channel(registered, &handler.EnqueueRequestForObject{})).
		WatchesRawSource(source.Channel(powered, r.enqueue(r.ofSystem))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrency,
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](
				firstRetry, longestRetry),
		})
	if !r.Precreate {
		// KCP creates the authorities. The metadata of Secrets tells when it has, so their data need not be cached.
		b = b.WatchesMetadata(&corev1.Secret{}, r.enqueue(ofLabels), builder.WithPredicates(authorityCreated))
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("set up controller: %w", err)
	}
	if err := mgr.Add(r.Power); err != nil {
		return fmt.Errorf("follow the power of hosts: %w", err)
	}
	// A cluster that was registered over HTTP with an earlier process may have no object that causes an event.
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		for _, name := range r.Registry.Names() {
			cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
			select {
			case registered <- event.GenericEvent{Object: cluster}:
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	}))
}

// enqueue maps an object to its Cluster, if this FKAS serves that Cluster. Only Clusters have the label of the index,
// so events of the other kinds arrive for all Clusters.
func (r *Reconciler) enqueue(
	clusterOf func(context.Context, client.Object) (types.NamespacedName, bool),
) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, obj client.Object) []reconcile.Request {
		name, ok := clusterOf(ctx, obj)
		if !ok {
			return nil
		}
		if err := r.Client.Get(ctx, name, &clusterv1.Cluster{}); err != nil {
			if _, registered := r.Registry.Get(name); !registered {
				return nil
			}
		}
		return []reconcile.Request{{NamespacedName: name}}
	})
}

func ofLabels(_ context.Context, obj client.Object) (types.NamespacedName, bool) {
	name, ok := obj.GetLabels()[clusterv1.ClusterNameLabel]
	return types.NamespacedName{Namespace: obj.GetNamespace(), Name: name}, ok && name != ""
}

func ofMachine(_ context.Context, obj client.Object) (types.NamespacedName, bool) {
	return types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.(*clusterv1.Machine).Spec.ClusterName}, true
}

// ofMetal3Cluster also looks at the owner: a Metal3Cluster that a person wrote gets the label only later.
func ofMetal3Cluster(ctx context.Context, obj client.Object) (types.NamespacedName, bool) {
	if name, ok := ofLabels(ctx, obj); ok {
		return name, true
	}
	for _, owner := range obj.GetOwnerReferences() {
		if owner.Kind == clusterv1.ClusterKind &&
			strings.HasPrefix(owner.APIVersion, clusterv1.GroupVersion.Group+"/") {
			return types.NamespacedName{Namespace: obj.GetNamespace(), Name: owner.Name}, true
		}
	}
	return types.NamespacedName{}, false
}

func (r *Reconciler) ofHost(ctx context.Context, obj client.Object) (types.NamespacedName, bool) {
	consumer, ok := management.Consumer(obj.(*bmov1alpha1.BareMetalHost))
	if !ok {
		return types.NamespacedName{}, false
	}
	var m3m infrav1.Metal3Machine
	if err := r.Client.Get(ctx, consumer, &m3m); err != nil {
		// The Metal3Machine is not in the cache yet. Its own event follows.
		return types.NamespacedName{}, false
	}
	return ofLabels(ctx, &m3m)
}

// ofSystem maps an object whose name is the id of a host at its BMC to the Cluster that the host serves. A host that is
// being provisioned, for which it is switched on and off several times, has no Node yet.
func (r *Reconciler) ofSystem(ctx context.Context, obj client.Object) (types.NamespacedName, bool) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := r.Client.List(ctx, &hosts, client.MatchingFields{management.SystemIndex: obj.GetName()}); err != nil {
		return types.NamespacedName{}, false
	}
	for i := range hosts.Items {
		if hosts.Items[i].Status.Provisioning.State == bmov1alpha1.StateProvisioning {
			continue
		}
		if name, ok := r.ofHost(ctx, &hosts.Items[i]); ok {
			return name, true
		}
	}
	return types.NamespacedName{}, false
}

// ofQueue maps a host to the Cluster that it is assigned to, as long as that Cluster is queued. Afterwards a host
// concerns a Cluster only as the host of one of its machines.
func (r *Reconciler) ofQueue(ctx context.Context, obj client.Object) (types.NamespacedName, bool) {
	name, ok := obj.GetLabels()[management.HostClusterLabel]
	if !ok {
		return types.NamespacedName{}, false
	}
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: name}
	var cluster clusterv1.Cluster
	if err := r.Client.Get(ctx, key, &cluster); err != nil {
		// The Cluster does not exist, or is not in the cache yet. Then its own event follows.
		return types.NamespacedName{}, false
	}
	return key, management.ClusterQueued(&cluster)
}
