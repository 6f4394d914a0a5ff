package lab

import (
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// Key is the name of an object of the lab.
func Key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: Namespace, Name: name}
}

func meta(name, cluster string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: Namespace, Name: name, UID: types.UID("uid-" + name),
		Labels: map[string]string{clusterv1.ClusterNameLabel: cluster},
	}
}

// NewCluster is a Cluster with its Metal3Cluster, which declares the endpoint, as with a ClusterClass.
func NewCluster(name string, port int32) []client.Object {
	cluster := &clusterv1.Cluster{ObjectMeta: meta(name, name)}
	cluster.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: infrav1.GroupName, Kind: "Metal3Cluster", Name: name + "-infra",
	}
	infra := &infrav1.Metal3Cluster{ObjectMeta: meta(name+"-infra", name)}
	infra.Spec.ControlPlaneEndpoint = infrav1.APIEndpoint{Host: "127.0.0.1", Port: port}
	return []client.Object{cluster, infra}
}

// NewMachine is a Machine with its Metal3Machine and a host in the given state.
func NewMachine(cluster, name string, controlPlane bool, state bmov1alpha1.ProvisioningState) []client.Object {
	machine := &clusterv1.Machine{ObjectMeta: meta(name, cluster)}
	if controlPlane {
		machine.Labels[clusterv1.MachineControlPlaneLabel] = ""
	}
	machine.Spec.ClusterName = cluster
	machine.Spec.Version = "v1.35.4"
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: infrav1.GroupName, Kind: "Metal3Machine", Name: name + "-m3m",
	}
	m3m := &infrav1.Metal3Machine{ObjectMeta: meta(name+"-m3m", cluster)}
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{
		Namespace: Namespace, Name: name + "-host", UID: types.UID("uid-" + name + "-host"),
	}}
	ConsumedBy(name + "-m3m")(host)
	host.Status.Provisioning.State, host.Status.PoweredOn = state, true
	return []client.Object{machine, m3m, host}
}

// NewHost is a host that is assigned to a cluster, in the given state and without a consumer.
func NewHost(
	name, cluster string, state bmov1alpha1.ProvisioningState, change ...func(*bmov1alpha1.BareMetalHost),
) *bmov1alpha1.BareMetalHost {
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{
		Namespace: Namespace, Name: name, Labels: map[string]string{management.HostClusterLabel: cluster},
	}}
	host.Status.Provisioning.State = state
	for _, f := range change {
		f(host)
	}
	return host
}

// ConsumedBy makes a Metal3Machine the consumer of a host.
func ConsumedBy(m3m string) func(*bmov1alpha1.BareMetalHost) {
	return func(host *bmov1alpha1.BareMetalHost) {
		host.Spec.ConsumerRef = &corev1.ObjectReference{
			Kind: "Metal3Machine", APIVersion: infrav1.GroupVersion.String(), Namespace: Namespace, Name: m3m,
		}
	}
}

// Queued marks a host as queued and paused, beside an annotation of somebody else.
func Queued(host *bmov1alpha1.BareMetalHost) {
	host.Annotations = map[string]string{
		management.QueuedAnnotation: "", bmov1alpha1.PausedAnnotation: "", clusterv1.PausedAnnotation: "", "other": "stays",
	}
}

// Ago is the time that long ago, in whole seconds as the API server stores it.
func Ago(age time.Duration) metav1.Time {
	return metav1.NewTime(time.Now().Add(-age).Truncate(time.Second))
}
