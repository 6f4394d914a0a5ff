package triggers

import (
	"context"
	"errors"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// HostFreed makes CAPM3 choose a host again for all machines that found none, in the Cluster that a free host is
// assigned to. It returns the number of Metal3Machines that it triggered. An error with one machine does not keep it
// from triggering the others.
func HostFreed(ctx context.Context, c client.Client, name types.NamespacedName) (int, error) {
	var host bmov1alpha1.BareMetalHost
	if err := c.Get(ctx, name, &host); err != nil {
		return 0, client.IgnoreNotFound(err)
	}
	cluster, labelled := host.Labels[management.HostClusterLabel]
	if !labelled || !management.HostFree(&host) {
		return 0, nil
	}
	var machines clusterv1.MachineList
	ofCluster := client.MatchingFields{management.ClusterIndex: cluster}
	if err := c.List(ctx, &machines, client.InNamespace(host.Namespace), ofCluster); err != nil {
		return 0, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	count := 0
	var errs []error
	for i := range machines.Items {
		machine := &machines.Items[i]
		triggered, err := waitsForHost(ctx, c, machine)
		if triggered {
			m3m := metal3MachineOf(machine)
			triggered, err = TriggerReconcile(ctx, c, m3m, management.FreeHostAnnotation, host.Name)
		}
		if triggered {
			count++
		}
		errs = append(errs, err)
	}
	return count, errors.Join(errs...)
}

// waitsForHost says whether CAPM3 has looked for a host for the machine and found none. CAPM3 looks from the moment the
// bootstrap data exists.
func waitsForHost(ctx context.Context, c client.Reader, machine *clusterv1.Machine) (bool, error) {
	if machine.Spec.InfrastructureRef.Kind != management.Metal3MachineKind {
		return false, nil
	}
	if machine.Spec.Bootstrap.DataSecretName == nil {
		return false, nil
	}
	var m3m infrav1.Metal3Machine
	if err := c.Get(ctx, metal3MachineOf(machine), &m3m); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if !m3m.DeletionTimestamp.IsZero() || m3m.Spec.ProviderID != "" {
		return false, nil
	}
	host, err := management.HostOf(ctx, c, client.ObjectKeyFromObject(&m3m))
	return host == nil && err == nil, err
}

func metal3MachineOf(machine *clusterv1.Machine) types.NamespacedName {
	return types.NamespacedName{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}
}
