package httpapi

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/registry"
)

// Reconciler is the Backend that works on the fake clusters of a controller.Reconciler.
type Reconciler struct {
	*controller.Reconciler
	// Ports are given to clusters that declare no endpoint.
	Ports controller.PortRange
	// ReadyFunc answers Ready.
	ReadyFunc func(context.Context) error
}

var _ Backend = &Reconciler{}

// Register implements Backend.
func (r *Reconciler) Register(ctx context.Context, name types.NamespacedName) (string, int32, error) {
	host, port, err := r.Reconciler.Register(ctx, name, r.Ports)
	return host, port, translate(err)
}

// UpdateNode implements Backend.
func (r *Reconciler) UpdateNode(ctx context.Context, name types.NamespacedName, u NodeUpdate) error {
	return translate(r.Reconciler.UpdateNode(ctx, name, u.NodeName, registry.Node{
		ProviderID: u.ProviderID, UUID: u.UUID, Labels: u.Labels, Version: u.K8sVersion,
	}))
}

// Unregister implements Backend.
func (r *Reconciler) Unregister(ctx context.Context, name types.NamespacedName) error {
	return translate(r.Reconciler.Unregister(ctx, name))
}

// Ready implements Backend.
func (r *Reconciler) Ready(ctx context.Context) error { return r.ReadyFunc(ctx) }

func translate(err error) error {
	var refusal *controller.Refusal
	if errors.As(err, &refusal) {
		return Errorf(refusal.Status, "%s", refusal.Message)
	}
	return err
}
