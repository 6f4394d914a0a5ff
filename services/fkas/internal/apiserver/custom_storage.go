package apiserver

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	"metal3-scale-lab/fkas/internal/store"
)

// customOptions give the registries of custom resources their storage.
type customOptions struct{}

// GetRESTOptions returns what the registry of a resource needs.
func (customOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	prefix := resource.Group + "/" + resource.Resource
	return inStore(resource, unstructured.UnstructuredJSONScheme, newCustomStorage, prefix), nil
}

func newCustomStorage(
	_ *storagebackend.ConfigForResource,
	prefix string,
	keyFunc func(runtime.Object) (string, error),
	newFunc, _ func() runtime.Object,
	_ storage.AttrFunc,
	_ storage.IndexerFuncs,
	_ *cache.Indexers,
) (storage.Interface, factory.DestroyFunc, error) {
	served := newFunc().GetObjectKind().GroupVersionKind()
	namespaced, err := isNamespaced(keyFunc, newFunc)
	return &clusterStorage{
		converter: customConverter{served}, gvk: store.CustomKind(served.GroupKind()),
		prefix: strings.TrimSuffix(prefix, "/"), namespaced: namespaced, newFunc: newFunc,
	}, func() {}, err
}
