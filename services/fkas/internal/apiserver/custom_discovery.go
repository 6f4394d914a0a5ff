package apiserver

import (
	"net/http"
	"slices"
	"strings"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apiextensionshelpers "k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"metal3-scale-lab/fkas/internal/store"
)

// apiGroup is what discovery says of a group.
type apiGroup struct {
	metav1.APIGroup
	// resources are those of each version.
	resources map[string][]metav1.APIResource
	// discovered is the same for clients that ask for all at once.
	discovered map[string][]apidiscoveryv2.APIResourceDiscovery
}

// customGroups are the groups that the definitions of a cluster make.
func customGroups(cluster *store.Cluster) (map[string]*apiGroup, error) {
	groups := map[string]*apiGroup{}
	found, _ := cluster.List(definitionKind, "")
	for _, obj := range found {
		definition := obj.(*apiextensionsv1.CustomResourceDefinition)
		if !apiextensionshelpers.IsCRDConditionTrue(definition, apiextensionsv1.Established) {
			continue
		}
		name := definition.Spec.Group
		for _, served := range definition.Spec.Versions {
			if !served.Served {
				continue
			}
			if groups[name] == nil {
				groups[name] = &apiGroup{
					APIGroup:   metav1.APIGroup{Name: name},
					resources:  map[string][]metav1.APIResource{},
					discovered: map[string][]apidiscoveryv2.APIResourceDiscovery{},
				}
			}
			groups[name].resources[served.Name] = append(
				groups[name].resources[served.Name], customResourcesOf(definition, served)...)
		}
	}
	for _, group := range groups {
		if err := group.complete(); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// complete fills in what follows from the resources.
func (g *apiGroup) complete() error {
	for name, resources := range g.resources {
		discovered, err := endpoints.ConvertGroupVersionIntoToDiscovery(resources)
		if err != nil {
			return err
		}
		g.discovered[name] = discovered
		g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: g.Name + "/" + name, Version: name})
	}
	slices.SortFunc(g.Versions, func(a, b metav1.GroupVersionForDiscovery) int {
		return version.CompareKubeAwareVersionStrings(b.Version, a.Version)
	})
	g.PreferredVersion = g.Versions[0]
	return nil
}

// customResourcesOf are the resources of a version of a definition.
func customResourcesOf(
	definition *apiextensionsv1.CustomResourceDefinition, served apiextensionsv1.CustomResourceDefinitionVersion,
) []metav1.APIResource {
	names := definition.Status.AcceptedNames
	resource := metav1.APIResource{
		Group: definition.Spec.Group, Version: served.Name, Kind: names.Kind,
		Namespaced: definition.Spec.Scope == apiextensionsv1.NamespaceScoped,
	}
	sub := resource
	sub.Verbs = metav1.Verbs{"get", "patch", "update"}
	resource.Name, resource.SingularName = names.Plural, names.Singular
	resource.ShortNames, resource.Categories = names.ShortNames, names.Categories
	resource.Verbs = metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
	resources := []metav1.APIResource{resource}
	if served.Subresources == nil {
		return resources
	}
	if served.Subresources.Status != nil {
		sub.Name = names.Plural + "/status"
		resources = append(resources, sub)
	}
	if served.Subresources.Scale != nil {
		sub.Name = names.Plural + "/scale"
		sub.Group, sub.Version, sub.Kind = autoscalingv1.GroupName, "v1", "Scale"
		resources = append(resources, sub)
	}
	return resources
}

// sharedGroups are the groups of all clusters, in their order.
type sharedGroups []*apiGroup

// discover adds the groups of definitions to discovery.
func (s *sharedGroups) discover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		if r.Method != http.MethodGet || path[0] != "apis" || len(path) > 3 {
			next.ServeHTTP(w, r)
			return
		}
		groups, err := customGroups(store.From(r.Context()))
		switch {
		case err != nil:
			writeStatus(w, http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error())
		case len(path) == 1 && len(groups) > 0:
			s.all(groups).ServeHTTP(w, r)
		case len(path) > 1 && groups[path[1]] != nil:
			groups[path[1]].serve(w, r, path[2:], next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serve answers what is asked of one group, or of one version of it.
func (g *apiGroup) serve(w http.ResponseWriter, r *http.Request, version []string, next http.Handler) {
	if len(version) == 0 {
		discovery.NewAPIGroupHandler(legacyscheme.Codecs, g.APIGroup).ServeHTTP(w, r)
		return
	}
	resources, ok := g.resources[version[0]]
	if !ok {
		next.ServeHTTP(w, r)
		return
	}
	discovery.NewAPIVersionHandler(
		legacyscheme.Codecs, schema.GroupVersion{Group: g.Name, Version: version[0]},
		discovery.APIResourceListerFunc(func() []metav1.APIResource { return resources }),
	).ServeHTTP(w, r)
}

// all is discovery of the shared groups and of those of a cluster.
func (s *sharedGroups) all(custom map[string]*apiGroup) http.Handler {
	root := discovery.NewRootAPIsHandler(discovery.DefaultAddresses{}, legacyscheme.Codecs)
	manager := aggregated.NewResourceManager("apis")
	groups := slices.Clone(*s)
	for _, group := range custom {
		groups = append(groups, group)
	}
	slices.SortStableFunc(groups[len(*s):], func(a, b *apiGroup) int { return strings.Compare(a.Name, b.Name) })
	for i, group := range groups {
		root.AddGroup(group.APIGroup)
		group.addTo(manager, i)
	}
	return aggregated.WrapAggregatedDiscoveryToHandler(root, manager, manager)
}

// addTo adds a group to the discovery of all at once. index is its place in the order of groups.
func (g *apiGroup) addTo(manager aggregated.ResourceManager, index int) {
	for i, each := range g.Versions {
		manager.AddGroupVersion(g.Name, apidiscoveryv2.APIVersionDiscovery{
			Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Version: each.Version,
			Resources: g.discovered[each.Version],
		})
		manager.SetGroupVersionPriority(
			metav1.GroupVersion{Group: g.Name, Version: each.Version}, max(1000-index, 1), 100-i)
	}
}
