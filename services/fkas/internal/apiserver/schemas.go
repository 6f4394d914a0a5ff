package apiserver

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/emicklei/go-restful/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/mux"
	"k8s.io/apiserver/pkg/server/routes"
	enablement "k8s.io/apiserver/pkg/util/openapi"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	generated "k8s.io/kubernetes/pkg/generated/openapi"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// unversioned is what kube-apiserver says of its description where it does not know its version. Here clusters of
// several versions share one. Without any, the description in protobuf is invalid, and kubectl can apply no List.
const unversioned = "unversioned"

// schemas describes the kinds by Kubernetes' own generated definitions: to clients as OpenAPI, and to server-side apply
// as types. A kube-apiserver makes all of that when it starts, which takes seconds and 100 MiB. Here each is made when
// it is first asked for, because in most labs nobody does.
type schemas struct {
	container *restful.Container
	converter func() (managedfields.TypeConverter, error)
	// common are the types that all kinds consist of.
	common func() (map[string]*spec.Schema, error)
	v2, v3 func() http.Handler
}

var _ managedfields.TypeConverter = &schemas{}

func newSchemas(container *restful.Container) *schemas {
	s := &schemas{container: container}
	s.converter = sync.OnceValues(newConverter)
	s.common = sync.OnceValues(commonTypes)
	s.v2 = sync.OnceValue(func() http.Handler {
		config := genericapiserver.DefaultOpenAPIConfig(definitions, openapi.NewDefinitionNamer(legacyscheme.Scheme))
		config.Info.Title, config.Info.Version = "Kubernetes", unversioned
		paths := mux.NewPathRecorderMux("openapi-v2")
		routes.OpenAPI{Config: config}.InstallV2(s.container, paths)
		return paths
	})
	s.v3 = sync.OnceValue(func() http.Handler {
		config := genericapiserver.DefaultOpenAPIV3Config(definitions, openapi.NewDefinitionNamer(legacyscheme.Scheme))
		config.Info.Title, config.Info.Version = "Kubernetes", unversioned
		paths := mux.NewPathRecorderMux("openapi-v3")
		routes.OpenAPI{V3Config: config}.InstallV3(s.container, paths)
		return paths
	})
	return s
}

// register adds the paths of OpenAPI.
func (s *schemas) register(paths *mux.PathRecorderMux) {
	v2 := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.v2().ServeHTTP(w, r) })
	v3 := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.v3().ServeHTTP(w, r) })
	paths.Handle("/openapi/v2", v2)
	paths.Handle("/openapi/v3", v3)
	paths.HandlePrefix("/openapi/v3/", v3)
}

func definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	return enablement.GetOpenAPIDefinitionsWithoutDisabledFeatures(generated.GetOpenAPIDefinitions)(ref)
}

// newConverter knows the types of all kinds of the served versions, and those that they consist of.
func newConverter() (managedfields.TypeConverter, error) {
	config := genericapiserver.DefaultOpenAPIV3Config(definitions, openapi.NewDefinitionNamer(legacyscheme.Scheme))
	served := versions()
	var names []string
	for gvk := range legacyscheme.Scheme.AllKnownTypes() {
		if !served.GroupVersionConfigs[gvk.GroupVersion()] {
			continue
		}
		name, err := legacyscheme.Scheme.ToOpenAPIDefinitionName(gvk)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", gvk, err)
		}
		if _, ok := config.Definitions[name]; ok {
			names = append(names, name)
		}
	}
	models, err := builder3.BuildOpenAPIDefinitionsForResources(config, names...)
	if err != nil {
		return nil, fmt.Errorf("describe the kinds: %w", err)
	}
	return managedfields.NewTypeConverter(models, false)
}

// commonTypes are those of the metadata of objects and lists: what a ConfigMap has.
func commonTypes() (map[string]*spec.Schema, error) {
	config := genericapiserver.DefaultOpenAPIV3Config(definitions, openapi.NewDefinitionNamer(legacyscheme.Scheme))
	name, err := legacyscheme.Scheme.ToOpenAPIDefinitionName(corev1.SchemeGroupVersion.WithKind("ConfigMapList"))
	if err != nil {
		return nil, fmt.Errorf("describe metadata: %w", err)
	}
	return builder3.BuildOpenAPIDefinitionsForResources(config, name)
}

// ObjectToTyped is for server-side apply.
func (s *schemas) ObjectToTyped(obj runtime.Object, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	converter, err := s.converter()
	if err != nil {
		return nil, err
	}
	return converter.ObjectToTyped(obj, options...)
}

// TypedToObject is for server-side apply.
func (s *schemas) TypedToObject(value *typed.TypedValue) (runtime.Object, error) {
	converter, err := s.converter()
	if err != nil {
		return nil, err
	}
	return converter.TypedToObject(value)
}
