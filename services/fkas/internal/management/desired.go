package management

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/workload"
)

const (
	// ConsumerIndex finds BareMetalHosts by `namespace/name` of the Metal3Machine that consumes them.
	ConsumerIndex = "fkas.consumer"
	// ClusterIndex finds Machines by the name of their Cluster.
	ClusterIndex = "fkas.cluster"
	// HostClusterIndex finds BareMetalHosts by the name of the Cluster they are set aside for.
	HostClusterIndex = "fkas.host-cluster"

	metal3MachineKind = "Metal3Machine"
	metal3ClusterKind = "Metal3Cluster"
	machineKind       = "Machine"
)

// Machine is a machine of the management cluster that is up, with what is needed to tell CAPM3 about its Node.
type Machine struct {
	workload.Node
	// Metal3Machine of the machine.
	Metal3Machine types.NamespacedName
	// Linked says that CAPM3 has found the Node already: the Metal3Machine has a providerID.
	Linked bool
	// Annotation is the present value of NodeCreatedAnnotation.
	Annotation string
}

// Endpoint is the declared control plane endpoint of a Cluster: that of the Cluster, or, as long as Cluster API has
// not copied it there, that of its Metal3Cluster; false when neither declares one.
func Endpoint(ctx context.Context, c client.Reader, cluster *clusterv1.Cluster) (clusterv1.APIEndpoint, bool, error) {
	if cluster.Spec.ControlPlaneEndpoint.IsValid() {
		return cluster.Spec.ControlPlaneEndpoint, true, nil
	}
	if cluster.Spec.InfrastructureRef.Kind != metal3ClusterKind {
		return clusterv1.APIEndpoint{}, false, nil
	}
	var infra infrav1.Metal3Cluster
	err := c.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Spec.InfrastructureRef.Name}, &infra)
	if apierrors.IsNotFound(err) {
		return clusterv1.APIEndpoint{}, false, nil
	}
	if err != nil {
		return clusterv1.APIEndpoint{}, false, fmt.Errorf("get Metal3Cluster of cluster %s: %w", client.ObjectKeyFromObject(cluster), err)
	}
	declared := clusterv1.APIEndpoint{Host: infra.Spec.ControlPlaneEndpoint.Host, Port: int32(infra.Spec.ControlPlaneEndpoint.Port)}
	return declared, declared.IsValid(), nil
}

// Machines returns the machines of a cluster that are up. known says whether a Node of that name exists already.
//
// A machine is up from the moment its BareMetalHost is provisioned for its Metal3Machine, until the Metal3Machine is
// being deleted or gone: that is when the host is switched off. It stays up when the host leaves the state for another
// reason, as a real node would survive an error of the management cluster.
func Machines(ctx context.Context, c client.Reader, cluster types.NamespacedName, known func(name string) bool) ([]Machine, error) {
	var list clusterv1.MachineList
	if err := c.List(ctx, &list, client.InNamespace(cluster.Namespace), client.MatchingFields{ClusterIndex: cluster.Name}); err != nil {
		return nil, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	var machines []Machine
	for i := range list.Items {
		machine := &list.Items[i]
		if machine.Spec.InfrastructureRef.Kind != metal3MachineKind {
			continue
		}
		key := client.ObjectKey{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}
		var m3m infrav1.Metal3Machine
		err := c.Get(ctx, key, &m3m)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("get Metal3Machine %s: %w", key, err)
		}
		if !m3m.DeletionTimestamp.IsZero() {
			continue
		}
		host, err := hostOf(ctx, c, key)
		if err != nil {
			return nil, err
		}
		if host == nil || (host.Status.Provisioning.State != bmov1alpha1.StateProvisioned && !known(machine.Name)) {
			continue
		}
		machines = append(machines, newMachine(machine, &m3m, host))
	}
	return machines, nil
}

func newMachine(machine *clusterv1.Machine, m3m *infrav1.Metal3Machine, host *bmov1alpha1.BareMetalHost) Machine {
	_, controlPlane := machine.Labels[clusterv1.MachineControlPlaneLabel]
	// The format CAPM3 sets and looks for. With it on the Node from the start, CAPM3 has nothing to patch there.
	providerID := fmt.Sprintf("metal3://%s/%s/%s", m3m.Namespace, host.Name, m3m.Name)
	if m3m.Spec.ProviderID != "" {
		providerID = m3m.Spec.ProviderID
	}
	return Machine{
		Node: workload.Node{
			Name:         machine.Name,
			Identity:     string(machine.UID),
			ControlPlane: controlPlane,
			Version:      machine.Spec.Version,
			ProviderID:   providerID,
			HostUID:      string(host.UID),
			Labels:       machine.Labels,
			Created:      machine.CreationTimestamp,
		},
		Metal3Machine: client.ObjectKeyFromObject(m3m),
		Linked:        m3m.Spec.ProviderID != "",
		Annotation:    m3m.Annotations[NodeCreatedAnnotation],
	}
}

func hostOf(ctx context.Context, c client.Reader, m3m types.NamespacedName) (*bmov1alpha1.BareMetalHost, error) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := c.List(ctx, &hosts, client.MatchingFields{ConsumerIndex: m3m.String()}); err != nil {
		return nil, fmt.Errorf("list BareMetalHosts of Metal3Machine %s: %w", m3m, err)
	}
	for i := range hosts.Items {
		if hosts.Items[i].DeletionTimestamp.IsZero() {
			return &hosts.Items[i], nil
		}
	}
	return nil, nil
}

// Consumer is the Metal3Machine that a host serves; false when it serves none.
func Consumer(host *bmov1alpha1.BareMetalHost) (types.NamespacedName, bool) {
	ref := host.Spec.ConsumerRef
	if ref == nil || ref.Kind != metal3MachineKind || ref.Name == "" {
		return types.NamespacedName{}, false
	}
	namespace := ref.Namespace
	if namespace == "" {
		namespace = host.Namespace
	}
	return types.NamespacedName{Namespace: namespace, Name: ref.Name}, true
}

// AddIndexes registers the indexes that Machines and Queue use.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	if err := indexer.IndexField(ctx, &clusterv1.Machine{}, ClusterIndex, func(obj client.Object) []string {
		return []string{obj.(*clusterv1.Machine).Spec.ClusterName}
	}); err != nil {
		return fmt.Errorf("index Machines: %w", err)
	}
	if err := indexer.IndexField(ctx, &bmov1alpha1.BareMetalHost{}, ConsumerIndex, func(obj client.Object) []string {
		if consumer, ok := Consumer(obj.(*bmov1alpha1.BareMetalHost)); ok {
			return []string{consumer.String()}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("index BareMetalHosts: %w", err)
	}
	if err := indexer.IndexField(ctx, &bmov1alpha1.BareMetalHost{}, HostClusterIndex, func(obj client.Object) []string {
		if name, ok := obj.GetLabels()[HostClusterLabel]; ok {
			return []string{name}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("index BareMetalHosts by label: %w", err)
	}
	return nil
}
