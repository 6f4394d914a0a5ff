package management

import (
	"context"
	"encoding/json"
	"fmt"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
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
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{NodeCreatedAnnotation: m.HostUID}}})
	if err != nil {
		return false, err
	}
	target := &infrav1.Metal3Machine{}
	target.Namespace, target.Name = m.Metal3Machine.Namespace, m.Metal3Machine.Name
	err = c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("annotate Metal3Machine %s: %w", m.Metal3Machine, err)
	}
	return true, nil
}
