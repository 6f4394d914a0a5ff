package triggers

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/desired"
)

// NodeCreated makes CAPM3 look for the Node of a machine that has just been created. It returns whether it did: nothing
// happens when CAPM3 has found the Node (the providerID is set), or when it was triggered for this host before.
//
// The event that makes FKAS create the Node, the host's turning provisioned, also makes CAPM3 look for the Node. CAPM3
// usually looks first and finds none.
func NodeCreated(ctx context.Context, c client.Writer, machine desired.Machine) (bool, error) {
	if machine.Linked || machine.NodeCreated == machine.HostUID {
		return false, nil
	}
	return TriggerReconcile(ctx, c, machine.Metal3Machine, management.NodeCreatedAnnotation, machine.HostUID)
}
