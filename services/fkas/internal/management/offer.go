package management

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FreeHostAnnotation on a Metal3Machine names the BareMetalHost that became free while it had none.
const FreeHostAnnotation = "metal3-scale-lab/free-host"

// Free says whether a Metal3Machine could take the host at once.
func Free(host *bmov1alpha1.BareMetalHost) bool {
	state := host.Status.Provisioning.State
	return host.Spec.ConsumerRef == nil && host.DeletionTimestamp.IsZero() && !HostQueued(host) &&
		(state == bmov1alpha1.StateAvailable || state == bmov1alpha1.StateReady)
}

// Offer makes CAPM3 look for a host again, for the machines that found none of the cluster that a free host is set aside for. It returns for how many.
//
// A Metal3Machine that finds no host looks again after 30 s (CAPM3 v1.13.2, baremetal.requeueAfter). CAPM3 does not watch hosts that no machine has taken,
// but it watches Metal3Machines, so any change of one makes it look at once.
func Offer(ctx context.Context, c client.Client, name types.NamespacedName) (int, error) {
	var host bmov1alpha1.BareMetalHost
	if err := c.Get(ctx, name, &host); err != nil {
		return 0, client.IgnoreNotFound(err)
	}
	cluster, labelled := host.Labels[HostClusterLabel]
	if !labelled || !Free(&host) {
		return 0, nil
	}
	var machines clusterv1.MachineList
	if err := c.List(ctx, &machines, client.InNamespace(host.Namespace), client.MatchingFields{ClusterIndex: cluster}); err != nil {
		return 0, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	offered := 0
	var errs []error
	for i := range machines.Items {
		told, err := waitsForHost(ctx, c, &machines.Items[i])
		if told {
			told, err = annotate(ctx, c, infrastructureOf(&machines.Items[i]), FreeHostAnnotation, host.Name)
		}
		if told {
			offered++
		}
		errs = append(errs, err)
	}
	return offered, errors.Join(errs...)
}

// waitsForHost says whether CAPM3 has looked for a host for the machine, which it does from when the bootstrap data is there, and found none.
func waitsForHost(ctx context.Context, c client.Reader, machine *clusterv1.Machine) (bool, error) {
	if machine.Spec.InfrastructureRef.Kind != metal3MachineKind || machine.Spec.Bootstrap.DataSecretName == nil {
		return false, nil
	}
	var m3m infrav1.Metal3Machine
	if err := c.Get(ctx, infrastructureOf(machine), &m3m); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if !m3m.DeletionTimestamp.IsZero() || m3m.Spec.ProviderID != "" {
		return false, nil
	}
	host, err := hostOf(ctx, c, client.ObjectKeyFromObject(&m3m))
	return host == nil && err == nil, err
}

func infrastructureOf(machine *clusterv1.Machine) types.NamespacedName {
	return types.NamespacedName{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}
}

// annotate changes one annotation of a Metal3Machine, which makes CAPM3 look at it; false where it is gone.
func annotate(ctx context.Context, c client.Writer, name types.NamespacedName, key, value string) (bool, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}})
	if err != nil {
		return false, err
	}
	target := &infrav1.Metal3Machine{}
	target.Namespace, target.Name = name.Namespace, name.Name
	err = c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("annotate Metal3Machine %s: %w", name, err)
	}
	return true, nil
}
