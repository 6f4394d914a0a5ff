package controller

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/addresses"
)

// SetupAddresses makes the manager publish the address of a node as that of the Services of one FKAS: those of its own
// namespace that have its index, or any index where it has none itself.
func SetupAddresses(mgr manager.Manager, address, namespace, index string) error {
	publisher := &addresses.Publisher{Client: mgr.GetClient(), Address: address}
	own := predicate.NewPredicateFuncs(func(obj client.Object) bool {
		return obj.GetNamespace() == namespace && (index == "" || obj.GetLabels()[management.IndexLabel] == index)
	})
	err := ctrl.NewControllerManagedBy(mgr).Named("addresses").
		For(&corev1.Service{}, builder.WithPredicates(own, serviceChanged)).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, publisher.Publish(ctx, request.NamespacedName)
		}))
	if err != nil {
		return fmt.Errorf("set up the addresses of Services: %w", err)
	}
	return nil
}
