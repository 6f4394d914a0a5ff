package management

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// NodeCreatedAnnotation on a Metal3Machine names the BareMetalHost UID for which FKAS has made the Node.
const NodeCreatedAnnotation = "metal3-scale-lab/node-created"

// Poke makes CAPM3 look for a Node that has just been made.
//
// CAPM3 looks when the host turns provisioned, which is the same event that makes FKAS create the Node; it is usually
// first, finds none, and by itself comes back only after 30 s (baremetal.requeueAfter). It does not watch the Nodes of
// workload clusters, but it watches Metal3Machines, so any change of one makes it look at once. Nothing is done when
// CAPM3 has found the Node (providerID is set) or was told of it before.
func Poke(ctx context.Context, c client.Client, m Machine) (bool, error) {
	if m.Linked || m.Annotation == m.HostUID {
		return false, nil
	}
	return annotate(ctx, c, m.Metal3Machine, NodeCreatedAnnotation, m.HostUID)
}
