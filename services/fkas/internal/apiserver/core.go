package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	api "k8s.io/kubernetes/pkg/apis/core"
	kubeletclient "k8s.io/kubernetes/pkg/kubelet/client"
	configmapstore "k8s.io/kubernetes/pkg/registry/core/configmap/storage"
	endpointstore "k8s.io/kubernetes/pkg/registry/core/endpoint/storage"
	eventstore "k8s.io/kubernetes/pkg/registry/core/event/storage"
	limitrangestore "k8s.io/kubernetes/pkg/registry/core/limitrange/storage"
	namespacestore "k8s.io/kubernetes/pkg/registry/core/namespace/storage"
	nodestore "k8s.io/kubernetes/pkg/registry/core/node/storage"
	pvstore "k8s.io/kubernetes/pkg/registry/core/persistentvolume/storage"
	pvcstore "k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim/storage"
	podstore "k8s.io/kubernetes/pkg/registry/core/pod/storage"
	podtemplatestore "k8s.io/kubernetes/pkg/registry/core/podtemplate/storage"
	controllerstore "k8s.io/kubernetes/pkg/registry/core/replicationcontroller/storage"
	resourcequotastore "k8s.io/kubernetes/pkg/registry/core/resourcequota/storage"
	secretstore "k8s.io/kubernetes/pkg/registry/core/secret/storage"
	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"
	servicestore "k8s.io/kubernetes/pkg/registry/core/service/storage"
	serviceaccountstore "k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage"
)

// coreGroup makes the registries of the core group. kube-apiserver's own constructor wants a client of itself and
// controllers for the addresses of Services.
func coreGroup(options generic.RESTOptionsGetter) (genericapiserver.APIGroupInfo, error) {
	group := genericapiserver.NewDefaultAPIGroupInfo(
		"", legacyscheme.Scheme, legacyscheme.ParameterCodec, legacyscheme.Codecs)
	resources := map[string]rest.Storage{}
	for _, add := range []func(generic.RESTOptionsGetter, map[string]rest.Storage) error{
		addWorkloads, addPlain, addVolumes,
	} {
		if err := add(options, resources); err != nil {
			return group, err
		}
	}
	group.VersionedResourcesStorageMap["v1"] = resources
	return group, nil
}

// addWorkloads adds nodes, pods, services and what belongs to them.
func addWorkloads(options generic.RESTOptionsGetter, resources map[string]rest.Storage) error {
	nodes, err := nodestore.NewStorage(options, kubeletclient.KubeletClientConfig{}, http.DefaultTransport)
	if err != nil {
		return err
	}
	pods, err := podstore.NewStorage(options, nodes.KubeletConnectionInfo, http.DefaultTransport, nil, allowed)
	if err != nil {
		return err
	}
	endpoints, err := endpointstore.NewREST(options)
	if err != nil {
		return err
	}
	addresses := map[api.IPFamily]ipallocator.Interface{api.IPv4Protocol: &serviceAddresses{}}
	services, serviceStatus, _, err := servicestore.NewREST(
		options, api.IPv4Protocol, addresses, &nodePorts{}, serviceEndpoints{endpoints}, pods.Pod, http.DefaultTransport)
	if err != nil {
		return err
	}
	controllers, err := controllerstore.NewStorage(options)
	if err != nil {
		return err
	}
	secrets, err := secretstore.NewREST(options)
	if err != nil {
		return err
	}
	accounts, err := serviceaccountstore.NewREST(
		options, tokens{}, audiences, 0, pods.Pod.Store, secrets.Store, nodes.Node.Store, false, 24*time.Hour)
	if err != nil {
		return err
	}
	for name, storage := range map[string]rest.Storage{
		"nodes": nodes.Node, "nodes/status": nodes.Status,
		"pods": pods.Pod, "pods/status": pods.Status, "pods/binding": pods.Binding, "bindings": pods.LegacyBinding,
		"pods/ephemeralcontainers": pods.EphemeralContainers, "pods/resize": pods.Resize,
		"pods/eviction": &evictions{pods: pods.Pod},
		"endpoints":     endpoints, "services": services, "services/status": serviceStatus,
		"replicationcontrollers": controllers.Controller, "replicationcontrollers/status": controllers.Status,
		"replicationcontrollers/scale": controllers.Scale,
		"secrets":                      secrets, "serviceaccounts": accounts, "serviceaccounts/token": accounts.Token,
	} {
		resources[name] = storage
	}
	return nil
}

func addPlain(options generic.RESTOptionsGetter, resources map[string]rest.Storage) error {
	configMaps, err := configmapstore.NewREST(options)
	if err != nil {
		return err
	}
	events, err := eventstore.NewREST(options, uint64(eventTTL.Seconds()))
	if err != nil {
		return err
	}
	limits, err := limitrangestore.NewREST(options)
	if err != nil {
		return err
	}
	namespaces, namespaceStatus, namespaceFinalize, err := namespacestore.NewREST(options)
	if err != nil {
		return err
	}
	templates, err := podtemplatestore.NewREST(options)
	if err != nil {
		return err
	}
	quotas, quotaStatus, err := resourcequotastore.NewREST(options)
	if err != nil {
		return err
	}
	for name, storage := range map[string]rest.Storage{
		"configmaps": configMaps, "events": events, "limitranges": limits, "namespaces": namespaces,
		"namespaces/status": namespaceStatus, "namespaces/finalize": namespaceFinalize, "podtemplates": templates,
		"resourcequotas": quotas, "resourcequotas/status": quotaStatus,
	} {
		resources[name] = storage
	}
	return nil
}

func addVolumes(options generic.RESTOptionsGetter, resources map[string]rest.Storage) error {
	volumes, volumeStatus, err := pvstore.NewREST(options)
	if err != nil {
		return err
	}
	claims, claimStatus, err := pvcstore.NewREST(options)
	if err != nil {
		return err
	}
	resources["persistentvolumes"], resources["persistentvolumes/status"] = volumes, volumeStatus
	resources["persistentvolumeclaims"], resources["persistentvolumeclaims/status"] = claims, claimStatus
	return nil
}

// isNamespaced finds out by the key that a registry gives to an object.
func isNamespaced(keyFunc func(runtime.Object) (string, error), newFunc func() runtime.Object) (bool, error) {
	obj := newFunc()
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return false, fmt.Errorf("%T has no metadata: %w", obj, err)
	}
	accessor.SetNamespace("namespace")
	accessor.SetName("name")
	key, err := keyFunc(obj)
	return strings.HasSuffix(key, "/namespace/name"), err
}
