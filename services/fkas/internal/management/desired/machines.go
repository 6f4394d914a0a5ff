package desired

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/workload"
)

// Machine is a machine of the management cluster that is up, and what package triggers needs to know about it.
type Machine struct {
	workload.Node
	// Metal3Machine of the machine.
	Metal3Machine types.NamespacedName
	// Linked says that CAPM3 has found the Node already: the Metal3Machine has a providerID.
	Linked bool
	// NodeCreated is the present value of management.NodeCreatedAnnotation.
	NodeCreated string
}

// Machines returns the machines of a cluster that are up. nodeExists says whether the fake cluster has a Node of that
// name already, powerOf whether a host is on.
//
// A machine is up from the moment its BareMetalHost is provisioned for its Metal3Machine until the Metal3Machine is
// being deleted or gone, because that is when the host is switched off. A machine with a Node stays up when the host
// leaves the state for another reason, as a real node would survive an error of the management cluster. Whether its
// Node is Ready follows from the power of the host.
func Machines(
	ctx context.Context, c client.Reader, cluster types.NamespacedName, nodeExists func(name string) bool,
	powerOf func(*bmov1alpha1.BareMetalHost) workload.Power,
) ([]Machine, error) {
	var list clusterv1.MachineList
	ofCluster := client.MatchingFields{management.ClusterIndex: cluster.Name}
	if err := c.List(ctx, &list, client.InNamespace(cluster.Namespace), ofCluster); err != nil {
		return nil, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	var machines []Machine
	for i := range list.Items {
		machine := &list.Items[i]
		if machine.Spec.InfrastructureRef.Kind != management.Metal3MachineKind {
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
		host, err := management.HostOf(ctx, c, key)
		if err != nil {
			return nil, err
		}
		if host == nil {
			continue
		}
		if host.Status.Provisioning.State != bmov1alpha1.StateProvisioned && !nodeExists(machine.Name) {
			continue
		}
		machines = append(machines, newMachine(machine, &m3m, host, powerOf(host)))
	}
	return machines, nil
}

func newMachine(
	machine *clusterv1.Machine, m3m *infrav1.Metal3Machine, host *bmov1alpha1.BareMetalHost, power workload.Power,
) Machine {
	_, controlPlane := machine.Labels[clusterv1.MachineControlPlaneLabel]
	// The format is CAPM3's. A Node that has it from the start needs no patch by CAPM3.
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
			Power:        power,
		},
		Metal3Machine: client.ObjectKeyFromObject(m3m),
		Linked:        m3m.Spec.ProviderID != "",
		NodeCreated:   m3m.Annotations[management.NodeCreatedAnnotation],
	}
}
