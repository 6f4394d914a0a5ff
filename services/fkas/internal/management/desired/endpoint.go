package desired

import (
	"context"
	"fmt"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// Endpoint returns the declared control plane endpoint of a Cluster, and false when none is declared. Until Cluster API
// has copied the endpoint into the Cluster, only its Metal3Cluster declares it.
func Endpoint(ctx context.Context, c client.Reader, cluster *clusterv1.Cluster) (clusterv1.APIEndpoint, bool, error) {
	if cluster.Spec.ControlPlaneEndpoint.IsValid() {
		return cluster.Spec.ControlPlaneEndpoint, true, nil
	}
	ref := cluster.Spec.InfrastructureRef
	if ref.Kind != management.Metal3ClusterKind {
		return clusterv1.APIEndpoint{}, false, nil
	}
	var infra infrav1.Metal3Cluster
	err := c.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: ref.Name}, &infra)
	if apierrors.IsNotFound(err) {
		return clusterv1.APIEndpoint{}, false, nil
	}
	if err != nil {
		return clusterv1.APIEndpoint{}, false, fmt.Errorf(
			"get Metal3Cluster of cluster %s: %w", client.ObjectKeyFromObject(cluster), err)
	}
	endpoint := infra.Spec.ControlPlaneEndpoint
	declared := clusterv1.APIEndpoint{Host: endpoint.Host, Port: int32(endpoint.Port)}
	return declared, declared.IsValid(), nil
}
