package controller

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/metrics"
)

// SetupOffers makes the manager offer hosts that become free to the machines that wait for one.
func SetupOffers(mgr manager.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).Named("offers").
		For(&bmov1alpha1.BareMetalHost{}, builder.WithPredicates(becameFree)).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			offered, err := management.Offer(ctx, mgr.GetClient(), request.NamespacedName)
			metrics.Offers.Add(float64(offered))
			return reconcile.Result{}, err
		}))
	if err != nil {
		return fmt.Errorf("set up the offers of hosts: %w", err)
	}
	return nil
}

// becameFree lets through the moment alone: whoever looks later finds the host by itself.
var becameFree = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		return !management.Free(e.ObjectOld.(*bmov1alpha1.BareMetalHost)) && management.Free(e.ObjectNew.(*bmov1alpha1.BareMetalHost))
	},
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}
