package management

import (
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CacheOptions restricts the watches to one namespace and to the Clusters of one index; an empty string means all. The
// cache drops the fields that FKAS does not read: the hardware details of one BareMetalHost alone are tens of KiB.
func CacheOptions(namespace, index string) cache.Options {
	options := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&clusterv1.Cluster{}:         {Transform: Trim, Label: indexSelector(index)},
			&clusterv1.Machine{}:         {Transform: Trim},
			&infrav1.Metal3Cluster{}:     {Transform: Trim},
			&infrav1.Metal3Machine{}:     {Transform: Trim},
			&bmov1alpha1.BareMetalHost{}: {Transform: Trim},
			&corev1.Service{}:            {Transform: Trim, Label: withIndex()},
		},
	}
	if namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	return options
}

// TopologyCacheOptions is for a second cache, which holds the Clusters of every index and those without one, and of
// each little more than its topology.
func TopologyCacheOptions(namespace string) cache.Options {
	options := CacheOptions(namespace, "")
	options.ByObject = map[client.Object]cache.ByObject{&clusterv1.Cluster{}: {Transform: trimToTopology}}
	return options
}

func indexSelector(index string) labels.Selector {
	if index == "" {
		return nil
	}
	return labels.SelectorFromSet(labels.Set{IndexLabel: index})
}

// withIndex selects the Services of an FKAS.
func withIndex() labels.Selector {
	requirement, err := labels.NewRequirement(IndexLabel, selection.Exists, nil)
	if err != nil {
		// The label is a constant, so this is a fault of the program.
		panic(err)
	}
	return labels.NewSelector().Add(*requirement)
}

// Trim keeps the fields of an object that FKAS reads from the cache.
func Trim(in any) (any, error) {
	switch obj := in.(type) {
	case *clusterv1.Cluster:
		trimMeta(&obj.ObjectMeta)
		initialized := obj.Status.Initialization.ControlPlaneInitialized
		obj.Spec = clusterv1.ClusterSpec{
			ControlPlaneEndpoint: obj.Spec.ControlPlaneEndpoint, InfrastructureRef: obj.Spec.InfrastructureRef,
		}
		obj.Status = clusterv1.ClusterStatus{}
		obj.Status.Initialization.ControlPlaneInitialized = initialized
	case *clusterv1.Machine:
		trimMeta(&obj.ObjectMeta)
		obj.Spec = clusterv1.MachineSpec{
			ClusterName: obj.Spec.ClusterName, Version: obj.Spec.Version, InfrastructureRef: obj.Spec.InfrastructureRef,
			Bootstrap: clusterv1.Bootstrap{DataSecretName: obj.Spec.Bootstrap.DataSecretName},
		}
		obj.Status = clusterv1.MachineStatus{}
	case *infrav1.Metal3Cluster:
		trimMeta(&obj.ObjectMeta)
		obj.Spec = infrav1.Metal3ClusterSpec{ControlPlaneEndpoint: obj.Spec.ControlPlaneEndpoint}
		obj.Status = infrav1.Metal3ClusterStatus{}
	case *infrav1.Metal3Machine:
		trimMeta(&obj.ObjectMeta)
		obj.Spec = infrav1.Metal3MachineSpec{ProviderID: obj.Spec.ProviderID}
		obj.Status = infrav1.Metal3MachineStatus{}
	case *bmov1alpha1.BareMetalHost:
		trimMeta(&obj.ObjectMeta)
		cluster, labelled := obj.Labels[HostClusterLabel]
		obj.Labels = nil
		if labelled {
			obj.Labels = map[string]string{HostClusterLabel: cluster}
		}
		trimHost(obj)
	case *corev1.Service:
		trimMeta(&obj.ObjectMeta)
		obj.Spec = corev1.ServiceSpec{
			Ports: obj.Spec.Ports, ExternalIPs: obj.Spec.ExternalIPs, ClusterIP: obj.Spec.ClusterIP,
			Type: obj.Spec.Type, LoadBalancerClass: obj.Spec.LoadBalancerClass,
		}
		obj.Status = corev1.ServiceStatus{LoadBalancer: obj.Status.LoadBalancer}
	}
	return in, nil
}

// trimHost keeps the fields of a host that FKAS reads. Of an image it keeps that there is one.
func trimHost(host *bmov1alpha1.BareMetalHost) {
	before := host.Spec
	host.Spec = bmov1alpha1.BareMetalHostSpec{
		ConsumerRef: before.ConsumerRef, Online: before.Online, ExternallyProvisioned: before.ExternallyProvisioned,
		BMC: bmov1alpha1.BMCDetails{Address: before.BMC.Address},
	}
	if before.Image != nil {
		host.Spec.Image = &bmov1alpha1.Image{}
	}
	if before.CustomDeploy != nil {
		host.Spec.CustomDeploy = &bmov1alpha1.CustomDeploy{}
	}
	state, message, on := host.Status.Provisioning.State, host.Status.ErrorMessage, host.Status.PoweredOn
	host.Status = bmov1alpha1.BareMetalHostStatus{ErrorMessage: message, PoweredOn: on}
	host.Status.Provisioning.State = state
}

// trimToTopology keeps the fields of a Cluster that HostQueue, the assignment of hosts and the routing read.
func trimToTopology(in any) (any, error) {
	if cluster, ok := in.(*clusterv1.Cluster); ok {
		trimMeta(&cluster.ObjectMeta)
		topology := cluster.Spec.Topology
		topology.Variables = nil
		cluster.Spec = clusterv1.ClusterSpec{
			Topology: topology, InfrastructureRef: cluster.Spec.InfrastructureRef,
			ControlPlaneEndpoint: cluster.Spec.ControlPlaneEndpoint,
		}
		cluster.Status = clusterv1.ClusterStatus{}
	}
	return in, nil
}

// keptAnnotations are the annotations that FKAS reads, on objects of any kind.
var keptAnnotations = []string{
	NodeCreatedAnnotation, QueuedAnnotation, FormerQueuedAnnotation, ReleasedAnnotation, LeavingAnnotation,
	bmov1alpha1.PausedAnnotation, bmov1alpha1.DetachedAnnotation,
	infrav1.UnhealthyAnnotation, infrav1.UnhealthyAnnotationDeprecated,
}

func trimMeta(meta *metav1.ObjectMeta) {
	meta.ManagedFields = nil
	meta.Finalizers = nil
	kept := map[string]string{}
	for _, key := range keptAnnotations {
		if value, ok := meta.Annotations[key]; ok {
			kept[key] = value
		}
	}
	meta.Annotations = kept
	if len(kept) == 0 {
		meta.Annotations = nil
	}
}
