package apiserver

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kindConverter is for the kinds of a scheme: the store holds them in the version of clients, Kubernetes' registries
// work on internal ones.
type kindConverter struct {
	scheme  *runtime.Scheme
	gvk     schema.GroupVersionKind
	newFunc func() runtime.Object
}

func (c kindConverter) internal(obj client.Object) (runtime.Object, error) {
	out := c.newFunc()
	if err := c.scheme.Convert(obj, out, nil); err != nil {
		return nil, storage.NewInternalError(err)
	}
	return out, nil
}

func (c kindConverter) external(in runtime.Object) (client.Object, error) {
	out, err := c.scheme.New(c.gvk)
	if err != nil {
		return nil, storage.NewInternalError(err)
	}
	if err := c.scheme.Convert(in.DeepCopyObject(), out, nil); err != nil {
		return nil, storage.NewInternalError(err)
	}
	return out.(client.Object), nil
}

// customConverter is for custom resources: all versions of an object are the same but for its apiVersion.
type customConverter struct{ served schema.GroupVersionKind }

func (c customConverter) internal(obj client.Object) (runtime.Object, error) {
	out := &unstructured.Unstructured{Object: maps.Clone(obj.(*unstructured.Unstructured).Object)}
	out.SetGroupVersionKind(c.served)
	return out, nil
}

func (customConverter) external(in runtime.Object) (client.Object, error) {
	return in.DeepCopyObject().(*unstructured.Unstructured), nil
}
