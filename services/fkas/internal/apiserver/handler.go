package apiserver

import (
	"fmt"
	"net/http"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"metal3-scale-lab/fkas/internal/store"
)

const (
	// leastWatch is the least time after which a watch without a time-out ends: kube-apiserver's default.
	leastWatch = 30 * time.Minute
	// maxBody is the longest body of a write, in bytes: kube-apiserver's 3 MiB.
	maxBody = 3 << 20
)

// allowed is the authorizer: who is authenticated may do everything.
var allowed = authorizerfactory.NewAlwaysAllowAuthorizer()

// Handler answers for all clusters of a store.
type Handler struct {
	server   *genericapiserver.APIServerHandler
	schemas  *schemas
	requests *request.RequestInfoFactory
	custom   *customResources
	// shared are the groups that discovery tells of all clusters.
	shared sharedGroups
	chain  http.Handler
}

// New makes the handler. The context of its requests must name a cluster (store.With) and a user.
func New() (*Handler, error) {
	h := &Handler{
		requests: genericapiserver.NewRequestInfoResolver(&genericapiserver.Config{
			LegacyAPIGroupPrefixes: sets.NewString(genericapiserver.DefaultLegacyAPIPrefix),
		}),
	}
	h.server = genericapiserver.NewAPIServerHandler("fkas", legacyscheme.Codecs, func(api http.Handler) http.Handler {
		// Handlers take it for granted that there is an audit, also where it records nothing.
		audited := filters.WithAuditInit(filters.WithWarningRecorder(unavailable(h.shared.discover(api))))
		return recovered(filters.WithRequestReceivedTimestamp(filters.WithRequestInfo(audited, h.requests)))
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.custom.ServeHTTP(w, r) }))
	h.schemas = newSchemas(h.server.GoRestfulContainer)
	h.custom = newCustomResources(h.schemas, http.HandlerFunc(notFound))
	h.chain = h.server.FullHandlerChain
	groups, err := groups()
	if err != nil {
		return nil, err
	}
	if err := h.install(groups); err != nil {
		return nil, err
	}
	h.schemas.register(h.server.NonGoRestfulMux)
	return h, nil
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.chain.ServeHTTP(w, r) }

// ListedPaths are those that GET / names.
func (h *Handler) ListedPaths() []string { return h.server.ListedPaths() }

// install adds the routes and the discovery of API groups.
func (h *Handler) install(groups []genericapiserver.APIGroupInfo) error {
	addresses := discovery.DefaultAddresses{}
	container := h.server.GoRestfulContainer
	legacy, all := aggregated.NewResourceManager("api"), aggregated.NewResourceManager("apis")
	root := discovery.NewRootAPIsHandler(addresses, legacyscheme.Codecs)
	equivalents := runtime.NewEquivalentResourceRegistry()
	for i := range groups {
		group := &groups[i]
		var versions []metav1.GroupVersionForDiscovery
		discovered := map[string][]apidiscoveryv2.APIResourceDiscovery{}
		for _, version := range group.PrioritizedVersions {
			if len(group.VersionedResourcesStorageMap[version.Version]) == 0 {
				continue
			}
			prefix, manager := genericapiserver.APIGroupPrefix, all
			if version.Group == "" {
				prefix, manager = genericapiserver.DefaultLegacyAPIPrefix, legacy
			}
			resources, _, err := h.version(group, version, prefix, equivalents).InstallREST(container)
			if err != nil {
				return fmt.Errorf("install API %s: %w", version, err)
			}
			manager.AddGroupVersion(version.Group, apidiscoveryv2.APIVersionDiscovery{
				Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Version: version.Version, Resources: resources,
			})
			manager.SetGroupVersionPriority(metav1.GroupVersion(version), 1000-i, 100-len(versions))
			discovered[version.Version] = resources
			versions = append(versions, metav1.GroupVersionForDiscovery{
				GroupVersion: version.String(), Version: version.Version,
			})
		}
		if name := group.PrioritizedVersions[0].Group; name != "" && len(versions) > 0 {
			found := metav1.APIGroup{Name: name, Versions: versions, PreferredVersion: versions[0]}
			root.AddGroup(found)
			h.shared = append(h.shared, &apiGroup{APIGroup: found, discovered: discovered})
			container.Add(discovery.NewAPIGroupHandler(legacyscheme.Codecs, found).WebService())
		}
	}
	core := discovery.NewLegacyRootAPIHandler(addresses, legacyscheme.Codecs, genericapiserver.DefaultLegacyAPIPrefix)
	container.Add(aggregated.WrapAggregatedDiscoveryToHandler(core, legacy, legacy).
		GenerateWebService("/api", metav1.APIVersions{}))
	container.Add(aggregated.WrapAggregatedDiscoveryToHandler(root, all, all).
		GenerateWebService("/apis", metav1.APIGroupList{}))
	return nil
}

func (h *Handler) version(
	group *genericapiserver.APIGroupInfo,
	version schema.GroupVersion,
	prefix string,
	equivalents runtime.EquivalentResourceRegistry,
) *endpoints.APIGroupVersion {
	served := map[string][]string{}
	for name, resources := range group.VersionedResourcesStorageMap {
		for resource := range resources {
			served[resource] = append(served[resource], schema.GroupVersion{Group: version.Group, Version: name}.String())
		}
	}
	return &endpoints.APIGroupVersion{
		Storage:                     group.VersionedResourcesStorageMap[version.Version],
		Root:                        prefix,
		GroupVersion:                version,
		AllServedVersionsByResource: served,
		OptionsExternalVersion:      group.OptionsExternalVersion,
		MetaGroupVersion:            group.MetaGroupVersion,
		Serializer:                  group.NegotiatedSerializer,
		ParameterCodec:              group.ParameterCodec,
		Typer:                       group.Scheme,
		Creater:                     group.Scheme,
		Convertor:                   group.Scheme,
		ConvertabilityChecker:       group.Scheme,
		UnsafeConvertor:             runtime.UnsafeObjectConvertor(group.Scheme),
		Defaulter:                   group.Scheme,
		Namer:                       runtime.Namer(meta.NewAccessor()),
		TypeConverter:               h.schemas,
		EquivalentResourceRegistry:  equivalents,
		Authorizer:                  allowed,
		Admit:                       namespaceLifecycle{},
		MinRequestTimeout:           leastWatch,
		MaxRequestBodyBytes:         maxBody,
	}
}

// notFound answers in the words of kube-apiserver to a path that there is not.
func notFound(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("404 page not found\n"))
}

// Scheme is the one of all kinds that are served, with their defaults.
func Scheme() *runtime.Scheme { return legacyscheme.Scheme }

// NewStore makes an empty store for those kinds.
func NewStore() *store.Store { return store.New(legacyscheme.Scheme) }
