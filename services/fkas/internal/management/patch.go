package management

import (
	"context"
	"encoding/json"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// PatchAsRead sends a JSON merge patch that is refused with a conflict unless obj is still as it was read: it is
// conditional on the UID and the resourceVersion. The patch names each field that it changes, because an object from
// the cache holds only the fields that FKAS reads. metadata holds fields of the object's metadata; more, which may be
// nil, holds fields beside it. target is an empty object of the same kind, which receives the API server's answer.
func PatchAsRead(
	ctx context.Context, c client.Writer, obj, target client.Object, metadata, more map[string]any,
) error {
	body := map[string]any{}
	for field, value := range more {
		body[field] = value
	}
	conditional := map[string]any{"uid": obj.GetUID(), "resourceVersion": obj.GetResourceVersion()}
	for field, value := range metadata {
		conditional[field] = value
	}
	body["metadata"] = conditional
	patch, err := json.Marshal(body)
	if err != nil {
		return err
	}
	target.SetNamespace(obj.GetNamespace())
	target.SetName(obj.GetName())
	return c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
}
