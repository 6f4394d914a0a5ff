package orphans

import (
	"context"
	"errors"
	"fmt"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/annotations"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// confirm reads everything again past the cache. It returns the Machine, with its Cluster, if the Machine is an orphan
// that may be touched, and nil otherwise.
//
// The Machine is read before the objects that it refers to, so that a write conditional on its resourceVersion holds
// for everything that was read.
func (r *Repairer) confirm(
	ctx context.Context, cached *clusterv1.Machine,
) (*clusterv1.Cluster, *clusterv1.Machine, error) {
	key := client.ObjectKeyFromObject(cached)
	var cluster clusterv1.Cluster
	var machine clusterv1.Machine
	err := errors.Join(
		r.Direct.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: cached.Spec.ClusterName}, &cluster),
		r.Direct.Get(ctx, key, &machine),
	)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read Machine %s and its Cluster again: %w", key, err)
	}
	if machine.UID != cached.UID || !mayBeTouched(&cluster, &machine) {
		return nil, nil, nil
	}
	bootstrap := machine.Spec.Bootstrap.ConfigRef
	for _, object := range []struct {
		kind schema.GroupVersionKind
		name string
	}{
		{infrav1.GroupVersion.WithKind(management.Metal3MachineKind), machine.Spec.InfrastructureRef.Name},
		{bootstrapv1.GroupVersion.WithKind(bootstrap.Kind), bootstrap.Name},
	} {
		missing, err := r.missing(ctx, object.kind, client.ObjectKey{Namespace: key.Namespace, Name: object.name})
		if err != nil {
			return nil, nil, fmt.Errorf("look for %s of Machine %s: %w", object.kind.Kind, key, err)
		}
		if !missing {
			return nil, nil, nil
		}
	}
	return &cluster, &machine, nil
}

// mayBeTouched says whether a Machine, whose objects may be missing, is one that its owner gave up on while creating
// it.
func mayBeTouched(cluster *clusterv1.Cluster, machine *clusterv1.Machine) bool {
	bootstrap := machine.Spec.Bootstrap.ConfigRef
	provisioned := machine.Status.Initialization.InfrastructureProvisioned
	switch {
	case !candidate(machine):
		return false
	case !cluster.DeletionTimestamp.IsZero(), annotations.IsPaused(cluster, machine), annotations.HasPaused(cluster):
		return false
	// A Machine that had its infrastructure was complete once: whatever became of the objects, its owner did not give
	// up on it while creating it.
	case machine.Status.NodeRef.IsDefined(), machine.Spec.ProviderID != "", provisioned != nil && *provisioned:
		return false
	}
	return bootstrap.APIGroup == bootstrapv1.GroupVersion.Group && bootstrap.Kind == "KubeadmConfig"
}

func (r *Repairer) missing(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) (bool, error) {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	err := r.Direct.Get(ctx, key, object)
	// An API server that does not serve the kind answers 404 as well. Its answer is then not a Status of Kubernetes.
	if apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
		return true, nil
	}
	return false, err
}
