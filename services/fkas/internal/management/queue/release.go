package queue

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// release removes QueuedAnnotation and the given pauses from an object and writes ReleasedAnnotation, in one patch that
// is conditional on the UID and resourceVersion that were read. The patch names each annotation, because the object
// comes from the cache, which does not hold the annotations of others. target is an empty object of the same kind,
// which receives the API server's answer.
func release(
	ctx context.Context, c client.Writer, obj, target client.Object, now time.Time, pauses ...string,
) error {
	annotations := map[string]any{
		management.QueuedAnnotation:       nil,
		management.FormerQueuedAnnotation: nil,
		management.ReleasedAnnotation:     now.UTC().Format(time.RFC3339),
	}
	for _, pause := range pauses {
		annotations[pause] = nil
	}
	return management.PatchAsRead(ctx, c, obj, target, map[string]any{"annotations": annotations}, nil)
}
