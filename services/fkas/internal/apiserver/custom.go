package apiserver

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"
	"weak"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	informers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/tools/cache"

	"metal3-scale-lab/fkas/internal/store"
)

var definitionKind = apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")

// customResources answers requests for custom resources by the handler that kube-apiserver has for them. That handler
// keeps what it makes of a definition: validators, types, tables. A thousand clusters with the same addon have the same
// definitions, so one handler serves all clusters in which a definition says the same, and knows this one alone. It is
// made at the first request, and goes with the last definition that it is for.
type customResources struct {
	schemas *schemas
	missing http.Handler

	mu sync.Mutex
	// of are the handlers of the definitions in the stores.
	of map[weak.Pointer[apiextensionsv1.CustomResourceDefinition]]*customHandler
	// all are the same handlers by what their definitions say.
	all map[[sha256.Size]byte]weak.Pointer[customHandler]
}

type customHandler struct{ http.Handler }

// newCustomResources makes them. What no definition is for is left to missing.
func newCustomResources(schemas *schemas, missing http.Handler) *customResources {
	return &customResources{
		schemas: schemas,
		missing: missing,
		of:      map[weak.Pointer[apiextensionsv1.CustomResourceDefinition]]*customHandler{},
		all:     map[[sha256.Size]byte]weak.Pointer[customHandler]{},
	}
}

// ServeHTTP answers a request that is for no kind of Kubernetes itself.
func (c *customResources) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	info, ok := request.RequestInfoFrom(r.Context())
	if !ok || !info.IsResourceRequest || info.APIGroup == "" {
		c.missing.ServeHTTP(w, r)
		return
	}
	key := types.NamespacedName{Name: info.Resource + "." + info.APIGroup}
	obj, ok := store.From(r.Context()).Get(definitionKind, key)
	if !ok {
		c.missing.ServeHTTP(w, r)
		return
	}
	handler, err := c.handler(obj.(*apiextensionsv1.CustomResourceDefinition))
	if err != nil {
		writeStatus(w, http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error())
		return
	}
	handler.ServeHTTP(w, r)
}

// handler finds the handler of a definition, or makes it.
func (c *customResources) handler(definition *apiextensionsv1.CustomResourceDefinition) (http.Handler, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	object := weak.Make(definition)
	if found, ok := c.of[object]; ok {
		return found, nil
	}
	text, err := json.Marshal([]any{definition.Name, definition.Spec, definition.Status.AcceptedNames})
	if err != nil {
		return nil, fmt.Errorf("read the definition %s: %w", definition.Name, err)
	}
	content := sha256.Sum256(text)
	found := c.all[content].Value()
	if found == nil {
		handler, err := c.serve(definition)
		if err != nil {
			return nil, fmt.Errorf("serve the definition %s: %w", definition.Name, err)
		}
		found = &customHandler{handler}
		c.all[content] = weak.Make(found)
		runtime.AddCleanup(found, c.forgetContent, content)
	}
	c.of[object] = found
	runtime.AddCleanup(definition, c.forgetObject, object)
	return found, nil
}

func (c *customResources) forgetContent(content [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[content].Value() == nil {
		delete(c.all, content)
	}
}

func (c *customResources) forgetObject(object weak.Pointer[apiextensionsv1.CustomResourceDefinition]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, object)
}

func (c *customResources) serve(definition *apiextensionsv1.CustomResourceDefinition) (http.Handler, error) {
	models, err := c.schemas.common()
	if err != nil {
		return nil, err
	}
	served := definition.DeepCopy()
	// Nothing in a fake cluster would answer a webhook that converts objects.
	served.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.NoneConverter}
	// A kube-apiserver waits for 2 s before it creates objects of a new definition, for others of its kind.
	for i := range served.Status.Conditions {
		served.Status.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	only := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	if err := only.Add(served); err != nil {
		return nil, err
	}
	return apiextensionsserver.NewCustomResourceDefinitionHandler(
		nil, nil, oneDefinition{only}, c.missing, customOptions{}, namespaceLifecycle{}, nil, nil, nil, 1, allowed,
		time.Minute, leastWatch, models, maxBody)
}

// oneDefinition is an informer of a definition that never changes.
type oneDefinition struct{ only cache.Indexer }

var _ informers.CustomResourceDefinitionInformer = oneDefinition{}

// Informer is one that is never started.
func (oneDefinition) Informer() cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(
		&cache.ListWatch{}, &apiextensionsv1.CustomResourceDefinition{}, 0, cache.Indexers{})
}

// Lister knows the definition.
func (d oneDefinition) Lister() listers.CustomResourceDefinitionLister {
	return listers.NewCustomResourceDefinitionLister(d.only)
}
