package management

import (
	"context"
	"fmt"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// ConsumerIndex finds BareMetalHosts by `namespace/name` of the Metal3Machine that consumes them.
	ConsumerIndex = "fkas.consumer"
	// SystemIndex finds BareMetalHosts by the id by which their BMC knows them.
	SystemIndex = "fkas.system"
	// ClusterIndex finds Machines by the name of their Cluster.
	ClusterIndex = "fkas.cluster"
	// HostClusterIndex finds BareMetalHosts by the name of the Cluster that they are assigned to; empty: to none.
	HostClusterIndex = "fkas.host-cluster"
)

// AddIndexes registers the indexes of the watch cache.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for _, index := range []struct {
		object  client.Object
		name    string
		extract client.IndexerFunc
	}{
		{&clusterv1.Machine{}, ClusterIndex, func(obj client.Object) []string {
			return []string{obj.(*clusterv1.Machine).Spec.ClusterName}
		}},
		{&bmov1alpha1.BareMetalHost{}, ConsumerIndex, func(obj client.Object) []string {
			if consumer, ok := Consumer(obj.(*bmov1alpha1.BareMetalHost)); ok {
				return []string{consumer.String()}
			}
			return nil
		}},
		{&bmov1alpha1.BareMetalHost{}, SystemIndex, func(obj client.Object) []string {
			if id := SystemID(obj.(*bmov1alpha1.BareMetalHost)); id != "" {
				return []string{id}
			}
			return nil
		}},
		{&bmov1alpha1.BareMetalHost{}, HostClusterIndex, func(obj client.Object) []string {
			return []string{obj.GetLabels()[HostClusterLabel]}
		}},
	} {
		if err := indexer.IndexField(ctx, index.object, index.name, index.extract); err != nil {
			return fmt.Errorf("add index %s: %w", index.name, err)
		}
	}
	return nil
}
