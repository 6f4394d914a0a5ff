package triggers

import (
	"context"
	"encoding/json"
	"fmt"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TriggerReconcile makes CAPM3 reconcile a Metal3Machine, by giving one of its annotations a new value. It returns
// false when the Metal3Machine does not exist.
func TriggerReconcile(
	ctx context.Context, c client.Writer, m3m types.NamespacedName, annotation, value string,
) (bool, error) {
	annotations := map[string]string{annotation: value}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": annotations}})
	if err != nil {
		return false, err
	}
	target := &infrav1.Metal3Machine{}
	target.Namespace, target.Name = m3m.Namespace, m3m.Name
	err = c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("annotate Metal3Machine %s: %w", m3m, err)
	}
	return true, nil
}
