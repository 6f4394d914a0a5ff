package serving

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The in-memory handler stores a patched object as an unstructured one. From then on every typed list of that kind
// fails, including those of its own etcd. It also applies a strategic merge patch as a merge patch. So this file
// applies patches, to typed objects.

// target is the object that a path names.
type target struct {
	gvk schema.GroupVersionKind
	key types.NamespacedName
}

// kindsByResource maps the resources of a scheme's kinds to the kinds.
func kindsByResource(scheme *runtime.Scheme) map[schema.GroupVersionResource]schema.GroupVersionKind {
	kinds := map[schema.GroupVersionResource]schema.GroupVersionKind{}
	for gvk := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || strings.HasSuffix(gvk.Kind, "List") ||
			strings.HasSuffix(gvk.Kind, "Options") {
			continue
		}
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		kinds[plural] = gvk
	}
	return kinds
}

// targetOf reads /api/v1/[namespaces/NS/]RESOURCE/NAME and /apis/GROUP/VERSION/[namespaces/NS/]RESOURCE/NAME.
func (s *Server) targetOf(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var gv schema.GroupVersion
	switch {
	case len(parts) > 2 && parts[0] == "api":
		gv, parts = schema.GroupVersion{Version: parts[1]}, parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		gv, parts = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	default:
		return target{}, false
	}
	var t target
	if len(parts) == 4 && parts[0] == "namespaces" {
		t.key.Namespace, parts = parts[1], parts[2:]
	}
	if len(parts) != 2 || parts[1] == "" {
		return target{}, false
	}
	t.key.Name = parts[1]
	var ok bool
	t.gvk, ok = s.kinds[gv.WithResource(parts[0])]
	return t, ok
}

func (s *Server) patch(c *cluster, w http.ResponseWriter, r *http.Request) {
	t, ok := s.targetOf(r.URL.Path)
	if !ok {
		s.api.ServeHTTP(w, r)
		return
	}
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		contentType = r.Header.Get("Content-Type")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			writeError(w, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d bytes", maxBody)))
			return
		}
		writeError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	var result client.Object
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		var locked bool
		result, locked, err = s.patched(r, c, t, types.PatchType(contentType), body)
		if err != nil {
			return err
		}
		err = s.client(c).Update(r.Context(), result)
		if apierrors.IsConflict(err) && locked {
			// The caller asked for this very version, so the conflict is the answer.
			return permanent{err}
		}
		return err
	})
	if err != nil {
		writeError(w, err)
		return
	}
	result.GetObjectKind().SetGroupVersionKind(t.gvk)
	writeJSON(w, http.StatusOK, result)
}

// permanent hides a conflict from RetryOnConflict.
type permanent struct{ error }

// patched is the present object with the patch applied; locked says that the patch names a resource version.
func (s *Server) patched(
	r *http.Request,
	c *cluster,
	t target,
	patchType types.PatchType,
	patch []byte,
) (client.Object, bool, error) {
	empty, err := s.options.Manager.GetScheme().New(t.gvk)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	current, ok := empty.DeepCopyObject().(client.Object)
	if !ok {
		return nil, false, apierrors.NewBadRequest(t.gvk.Kind + " cannot be patched")
	}
	if err := s.client(c).Get(r.Context(), t.key, current); err != nil {
		return nil, false, err
	}
	before, err := json.Marshal(current)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	after, err := apply(before, patchType, patch, empty)
	if err != nil {
		return nil, false, err
	}
	result := empty.DeepCopyObject().(client.Object)
	if err := json.Unmarshal(after, result); err != nil {
		return nil, false, apierrors.NewBadRequest(fmt.Sprintf("apply the patch: %s", err))
	}
	if result.GetName() != t.key.Name || result.GetNamespace() != t.key.Namespace {
		return nil, false, apierrors.NewBadRequest("a patch must not change name or namespace")
	}
	locked := result.GetResourceVersion() != current.GetResourceVersion() ||
		strings.Contains(string(patch), `"resourceVersion"`)
	return result, locked, nil
}

// apply patches JSON. A failure is an error of the caller, and so is a panic of a library at a malformed patch.
func apply(before []byte, patchType types.PatchType, patch []byte, kind runtime.Object) (after []byte, err error) {
	defer func() {
		if odd := recover(); odd != nil {
			err = apierrors.NewBadRequest(fmt.Sprintf("apply the patch: %v", odd))
		}
	}()
	switch patchType {
	case types.MergePatchType:
		after, err = jsonpatch.MergePatch(before, patch)
	case types.StrategicMergePatchType:
		after, err = strategicpatch.StrategicMergePatch(before, patch, kind)
	case types.JSONPatchType:
		var operations jsonpatch.Patch
		if operations, err = jsonpatch.DecodePatch(patch); err == nil {
			after, err = operations.Apply(before)
		}
	default:
		return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType,
			Reason:  metav1.StatusReasonUnsupportedMediaType,
			Message: fmt.Sprintf("patches of type %q are not supported", patchType),
		}}
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("apply the patch: %s", err))
	}
	return after, nil
}

// writeError answers with the Status of an error.
func writeError(w http.ResponseWriter, err error) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		var hidden permanent
		if !errors.As(err, &hidden) || !errors.As(hidden.error, &status) {
			status = apierrors.NewInternalError(err)
		}
	}
	answer := status.Status()
	answer.APIVersion, answer.Kind = "v1", "Status"
	writeJSON(w, int(answer.Code), answer)
}
