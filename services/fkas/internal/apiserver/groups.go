package apiserver

import (
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	admissionregistrationrest "k8s.io/kubernetes/pkg/registry/admissionregistration/rest"
	appsrest "k8s.io/kubernetes/pkg/registry/apps/rest"
	authenticationrest "k8s.io/kubernetes/pkg/registry/authentication/rest"
	"k8s.io/kubernetes/pkg/registry/authentication/tokenreview"
	authorizationrest "k8s.io/kubernetes/pkg/registry/authorization/rest"
	autoscalingrest "k8s.io/kubernetes/pkg/registry/autoscaling/rest"
	batchrest "k8s.io/kubernetes/pkg/registry/batch/rest"
	certificatesrest "k8s.io/kubernetes/pkg/registry/certificates/rest"
	coordinationrest "k8s.io/kubernetes/pkg/registry/coordination/rest"
	discoveryrest "k8s.io/kubernetes/pkg/registry/discovery/rest"
	eventsrest "k8s.io/kubernetes/pkg/registry/events/rest"
	networkingrest "k8s.io/kubernetes/pkg/registry/networking/rest"
	noderest "k8s.io/kubernetes/pkg/registry/node/rest"
	policyrest "k8s.io/kubernetes/pkg/registry/policy/rest"
	rbacrest "k8s.io/kubernetes/pkg/registry/rbac/rest"
	schedulingrest "k8s.io/kubernetes/pkg/registry/scheduling/rest"
	storagerest "k8s.io/kubernetes/pkg/registry/storage/rest"
)

// eventTTL is how long a real cluster keeps Events.
const eventTTL = time.Hour

func init() { apiextensionsinstall.Install(legacyscheme.Scheme) }

// versions are the API versions that are served.
func versions() *serverstorage.ResourceConfig {
	config := serverstorage.NewResourceConfig()
	config.EnableVersions(
		admissionregistrationv1.SchemeGroupVersion, appsv1.SchemeGroupVersion, authenticationv1.SchemeGroupVersion,
		authorizationv1.SchemeGroupVersion, autoscalingv1.SchemeGroupVersion, autoscalingv2.SchemeGroupVersion,
		batchv1.SchemeGroupVersion, certificatesv1.SchemeGroupVersion, coordinationv1.SchemeGroupVersion,
		corev1.SchemeGroupVersion, discoveryv1.SchemeGroupVersion, eventsv1.SchemeGroupVersion,
		networkingv1.SchemeGroupVersion, nodev1.SchemeGroupVersion, policyv1.SchemeGroupVersion,
		rbacv1.SchemeGroupVersion, schedulingv1.SchemeGroupVersion, storagev1.SchemeGroupVersion,
		apiextensionsv1.SchemeGroupVersion,
	)
	// Policies are judged by an interpreter, with the help of an API server's client. Nothing would enforce them.
	config.DisableResources(
		admissionregistrationv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies"),
		admissionregistrationv1.SchemeGroupVersion.WithResource("validatingadmissionpolicybindings"),
	)
	return config
}

// provider makes the registries of a group.
type provider interface {
	NewRESTStorage(serverstorage.APIResourceConfigSource, generic.RESTOptionsGetter) (genericapiserver.APIGroupInfo, error)
}

// groups makes the registries of all groups, the core first, then in the order in which kube-apiserver lists them.
func groups() ([]genericapiserver.APIGroupInfo, error) {
	config, options := versions(), restOptions{}
	core, err := coreGroup(options)
	if err != nil {
		return nil, fmt.Errorf("make the core API: %w", err)
	}
	all := []genericapiserver.APIGroupInfo{core}
	for _, p := range []provider{
		appsrest.StorageProvider{},
		eventsrest.RESTStorageProvider{TTL: eventTTL},
		authenticationrest.RESTStorageProvider{APIAudiences: audiences},
		authorizationrest.RESTStorageProvider{Authorizer: allowed, RuleResolver: allowed},
		autoscalingrest.RESTStorageProvider{},
		batchrest.RESTStorageProvider{},
		certificatesrest.RESTStorageProvider{Authorizer: allowed},
		networkingrest.RESTStorageProvider{},
		policyrest.RESTStorageProvider{},
		rbacrest.RESTStorageProvider{Authorizer: allowed},
		storagerest.RESTStorageProvider{},
		admissionregistrationrest.RESTStorageProvider{Authorizer: allowed},
		schedulingrest.RESTStorageProvider{},
		coordinationrest.RESTStorageProvider{},
		noderest.RESTStorageProvider{},
		discoveryrest.StorageProvider{},
	} {
		group, err := p.NewRESTStorage(config, options)
		if err != nil {
			return nil, fmt.Errorf("make the API of %T: %w", p, err)
		}
		if resources := group.VersionedResourcesStorageMap["v1"]; resources["tokenreviews"] != nil {
			resources["tokenreviews"] = tokenReviews{tokenreview.NewREST(nil, audiences)}
		}
		all = append(all, group)
	}
	definitions, err := definitionsGroup(options)
	return append(all, definitions), err
}

func definitionsGroup(options generic.RESTOptionsGetter) (genericapiserver.APIGroupInfo, error) {
	group := genericapiserver.NewDefaultAPIGroupInfo(
		apiextensions.GroupName, legacyscheme.Scheme, legacyscheme.ParameterCodec, legacyscheme.Codecs)
	definitions, err := customresourcedefinition.NewREST(legacyscheme.Scheme, options)
	if err != nil {
		return group, fmt.Errorf("make the API of definitions: %w", err)
	}
	group.VersionedResourcesStorageMap[apiextensionsv1.SchemeGroupVersion.Version] = map[string]rest.Storage{
		"customresourcedefinitions":        definitions,
		"customresourcedefinitions/status": customresourcedefinition.NewStatusREST(legacyscheme.Scheme, definitions),
	}
	return group, nil
}

// restOptions give the registries of all resources their storage.
type restOptions struct{}

// GetRESTOptions returns what the registry of a resource needs.
func (restOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	prefix := resource.Resource
	if resource.Group != "" {
		prefix = resource.Group + "/" + resource.Resource
	}
	codec := legacyscheme.Codecs.LegacyCodec(legacyscheme.Scheme.PrioritizedVersionsForGroup(resource.Group)...)
	return inStore(resource, codec, newClusterStorage, prefix), nil
}

// inStore are the options of a registry whose objects are in the store. decorator makes its way there.
func inStore(
	resource schema.GroupResource, codec runtime.Codec, decorator generic.StorageDecorator, prefix string,
) generic.RESTOptions {
	return generic.RESTOptions{
		StorageConfig: &storagebackend.ConfigForResource{
			Config: storagebackend.Config{Codec: codec}, GroupResource: resource,
		},
		Decorator:               decorator,
		EnableGarbageCollection: true,
		DeleteCollectionWorkers: 1,
		ResourcePrefix:          prefix,
	}
}

func newClusterStorage(
	_ *storagebackend.ConfigForResource,
	prefix string,
	keyFunc func(runtime.Object) (string, error),
	newFunc, _ func() runtime.Object,
	_ storage.AttrFunc,
	_ storage.IndexerFuncs,
	_ *cache.Indexers,
) (storage.Interface, factory.DestroyFunc, error) {
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(newFunc())
	if err != nil {
		return nil, nil, err
	}
	kind := kinds[0]
	for _, version := range legacyscheme.Scheme.PrioritizedVersionsForGroup(kind.Group) {
		if gvk := version.WithKind(kind.Kind); legacyscheme.Scheme.Recognizes(gvk) {
			namespaced, err := isNamespaced(keyFunc, newFunc)
			return &clusterStorage{
				converter: kindConverter{scheme: legacyscheme.Scheme, gvk: gvk, newFunc: newFunc},
				gvk:       gvk, prefix: strings.TrimSuffix(prefix, "/"), namespaced: namespaced, newFunc: newFunc,
			}, func() {}, err
		}
	}
	return nil, nil, fmt.Errorf("no version of %s is known", kind)
}
