package controller

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"metal3-scale-lab/fkas/internal/management/triggers"
	"metal3-scale-lab/fkas/internal/metrics"
)

// SetupHostTrigger makes the manager trigger the machines that wait for a host when one becomes free.
func SetupHostTrigger(mgr manager.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).Named("host-trigger").
		For(&bmov1alpha1.BareMetalHost{}, builder.WithPredicates(becameFree)).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			triggered, err := triggers.HostFreed(ctx, mgr.GetClient(), request.NamespacedName)
			metrics.TriggeredByHost.Add(float64(triggered))
			return reconcile.Result{}, err
		}))
	if err != nil {
		return fmt.Errorf("set up the host trigger: %w", err)
	}
	return nil
}
