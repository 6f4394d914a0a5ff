package management

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/annotations"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// makers are the owners that leave orphans, as of Cluster API v1.13.4. Both create infrastructure object and bootstrap
// config before the Machine, so those of a Machine that exists are never late: where they are missing, they were deleted.
//
//   - KubeadmControlPlane (controlplane/kubeadm/internal/controllers/helpers.go: cloneConfigsAndGenerateMachine,
//     createMachine) deletes both again when the Machine, although created, is not in its own cache within 10 s, or when
//     the answer to its creation was lost. It counts the Machine as a replica all the same and makes no other.
//   - MachineSet (internal/controllers/machineset/machineset_controller.go: createMachines) deletes both only when the
//     answer was lost; its wait for the cache cleans nothing up. From then on its syncMachines fails at that Machine.
var makers = map[schema.GroupKind]bool{
	controlplanev1.GroupVersion.WithKind("KubeadmControlPlane").GroupKind(): true,
	clusterv1.GroupVersion.WithKind("MachineSet").GroupKind():               true,
}

// afterConflict is how soon a Machine is looked at again that changed while it was.
const afterConflict = time.Second

// Orphans repairs Machines whose owner gave up on them while it made them: the Machine is there, its infrastructure
// object and bootstrap config are deleted, and nobody makes new ones.
//
// Deleting the Machine is enough for its owner to make another. The Machine controller takes absent objects for deleted
// ones once the Machine is being deleted (internal/controllers/machine: reconcileBootstrap, reconcileInfrastructure,
// reconcileDelete), and the bootstrap provider releases an init lock whose Machine is gone. KCP's own pre-terminate hook
// is removed by KCP where the Machine is its only one, or where another has a healthy control plane
// (controlplane/kubeadm/internal/controllers/controller.go: reconcilePreTerminateHook). Neither need ever become true
// when KCP's cache was late more than once and the cluster has several Machines but no control plane: then the hook is
// removed here. It guards an etcd member, which such a Machine never had.
type Orphans struct {
	// Cache finds the candidates.
	Cache client.Reader
	// Direct reads and writes past the cache. Only what it shows is acted on.
	Direct client.Client
	// Grace is how old a Machine must be before it is deleted, and how long its deletion may wait for KCP; 0: never.
	Grace time.Duration
}

// Repairs are what a call of Repair did.
type Repairs struct {
	// Deleted counts the Machines that were deleted.
	Deleted int
	// Again is when to look again, as no event will tell; 0: not at all.
	Again time.Duration
}

func (r *Repairs) again(after time.Duration) {
	if r.Again == 0 || after < r.Again {
		r.Again = after
	}
}

// Repair repairs the Machines of one cluster. Machines that could not be judged or deleted are an error, the others
// are repaired all the same.
func (o *Orphans) Repair(ctx context.Context, cluster types.NamespacedName) (Repairs, error) {
	var repairs Repairs
	if o.Grace == 0 {
		return repairs, nil
	}
	var found clusterv1.Cluster
	if err := o.Cache.Get(ctx, cluster, &found); err != nil || !found.DeletionTimestamp.IsZero() {
		return repairs, client.IgnoreNotFound(err)
	}
	var list clusterv1.MachineList
	if err := o.Cache.List(ctx, &list, client.InNamespace(cluster.Namespace), client.MatchingFields{ClusterIndex: cluster.Name}); err != nil {
		return repairs, fmt.Errorf("list Machines of cluster %s: %w", cluster, err)
	}
	var errs []error
	for i := range list.Items {
		machine := &list.Items[i]
		if !o.candidate(machine) {
			continue
		}
		err := o.Cache.Get(ctx, client.ObjectKey{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}, &infrav1.Metal3Machine{})
		switch {
		case err == nil:
		case !apierrors.IsNotFound(err):
			errs = append(errs, fmt.Errorf("get Metal3Machine of Machine %s: %w", client.ObjectKeyFromObject(machine), err))
		default:
			errs = append(errs, o.repair(ctx, machine, &repairs))
		}
	}
	return repairs, errors.Join(errs...)
}

// candidate says whether a Machine can be an orphan at all, from what the cache holds of it.
func (o *Orphans) candidate(machine *clusterv1.Machine) bool {
	owner := metav1.GetControllerOf(machine)
	ref := machine.Spec.InfrastructureRef
	return owner != nil && makers[schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()] &&
		ref.APIGroup == infrav1.GroupVersion.Group && ref.Kind == metal3MachineKind
}

// repair judges one Machine whose Metal3Machine the cache does not hold.
func (o *Orphans) repair(ctx context.Context, cached *clusterv1.Machine, repairs *Repairs) error {
	since := cached.CreationTimestamp
	if !cached.DeletionTimestamp.IsZero() {
		since = *cached.DeletionTimestamp
	}
	if rest := o.Grace - time.Since(since.Time); rest > 0 {
		repairs.again(rest)
		return nil
	}
	cluster, machine, err := o.confirm(ctx, cached)
	if err != nil {
		return err
	}
	switch {
	case machine == nil:
	case machine.DeletionTimestamp.IsZero():
		if err = o.remove(ctx, machine); err == nil {
			repairs.Deleted++
		}
	case stuck(cluster, machine):
		err = o.removeHook(ctx, machine)
	}
	if apierrors.IsConflict(err) {
		// It changed since it was read: perhaps it is no orphan any more.
		repairs.again(afterConflict)
		return nil
	}
	// Not (yet) one to touch, or one whose deletion KCP may hold up: neither ends with an event that is sure to be seen.
	repairs.again(o.Grace)
	return client.IgnoreNotFound(err)
}

// confirm reads everything anew past the cache. It returns the Machine if it is an orphan that may be touched.
//
// The Machine is read before the objects it refers to, so that its resourceVersion vouches for all that was seen.
func (o *Orphans) confirm(ctx context.Context, cached *clusterv1.Machine) (*clusterv1.Cluster, *clusterv1.Machine, error) {
	key := client.ObjectKeyFromObject(cached)
	var cluster clusterv1.Cluster
	var machine clusterv1.Machine
	err := errors.Join(
		o.Direct.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: cached.Spec.ClusterName}, &cluster),
		o.Direct.Get(ctx, key, &machine),
	)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look again at Machine %s: %w", key, err)
	}
	bootstrap := machine.Spec.Bootstrap.ConfigRef
	provisioned := machine.Status.Initialization.InfrastructureProvisioned
	switch {
	case machine.UID != cached.UID, !o.candidate(&machine):
		return nil, nil, nil
	case !cluster.DeletionTimestamp.IsZero(), annotations.IsPaused(&cluster, &machine), annotations.HasPaused(&cluster):
		return nil, nil, nil
	// It once had its infrastructure: whatever became of that, its owner did not give up on it while making it.
	case machine.Status.NodeRef.IsDefined(), machine.Spec.ProviderID != "", provisioned != nil && *provisioned:
		return nil, nil, nil
	case bootstrap.APIGroup != bootstrapv1.GroupVersion.Group, bootstrap.Kind != "KubeadmConfig":
		return nil, nil, nil
	}
	for _, object := range []struct {
		kind schema.GroupVersionKind
		name string
	}{
		{infrav1.GroupVersion.WithKind(metal3MachineKind), machine.Spec.InfrastructureRef.Name},
		{bootstrapv1.GroupVersion.WithKind(bootstrap.Kind), bootstrap.Name},
	} {
		missing, err := o.missing(ctx, object.kind, client.ObjectKey{Namespace: key.Namespace, Name: object.name})
		if err != nil {
			return nil, nil, fmt.Errorf("look for %s of Machine %s: %w", object.kind.Kind, key, err)
		}
		if !missing {
			return nil, nil, nil
		}
	}
	return &cluster, &machine, nil
}

func (o *Orphans) missing(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) (bool, error) {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	err := o.Direct.Get(ctx, key, object)
	// An API server that does not serve the kind (any more) answers 404 as well, but in words that are not Kubernetes's.
	if apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
		return true, nil
	}
	return false, err
}

func (o *Orphans) remove(ctx context.Context, machine *clusterv1.Machine) error {
	if err := o.Direct.Delete(ctx, machine, client.Preconditions{UID: &machine.UID, ResourceVersion: &machine.ResourceVersion}); err != nil {
		return fmt.Errorf("delete orphaned Machine %s: %w", client.ObjectKeyFromObject(machine), err)
	}
	owner := metav1.GetControllerOf(machine)
	log.FromContext(ctx).Info("Deleted an orphaned Machine, so that its owner makes another: its infrastructure object and its bootstrap config do not exist, the owner deleted them when it took the Machine's creation for failed",
		"machine", client.ObjectKeyFromObject(machine).String(), "owner", owner.Kind+"/"+owner.Name, "age", time.Since(machine.CreationTimestamp.Time).Round(time.Second).String(),
		"metal3Machine", machine.Spec.InfrastructureRef.Name, "kubeadmConfig", machine.Spec.Bootstrap.ConfigRef.Name)
	return nil
}

// stuck says whether the deletion of an orphan waits for nothing but KCP's hook, in a cluster without a control plane.
func stuck(cluster *clusterv1.Cluster, machine *clusterv1.Machine) bool {
	if initialized := cluster.Status.Initialization.ControlPlaneInitialized; initialized != nil && *initialized {
		return false
	}
	for key := range machine.Annotations {
		if strings.HasPrefix(key, clusterv1.PreTerminateDeleteHookAnnotationPrefix) && key != controlplanev1.PreTerminateHookCleanupAnnotation {
			return false
		}
	}
	_, hooked := machine.Annotations[controlplanev1.PreTerminateHookCleanupAnnotation]
	deleting := meta.FindStatusCondition(machine.Status.Conditions, clusterv1.MachineDeletingCondition)
	return hooked && deleting != nil && deleting.Status == metav1.ConditionTrue && deleting.Reason == clusterv1.MachineDeletingWaitingForPreTerminateHookReason
}

func (o *Orphans) removeHook(ctx context.Context, machine *clusterv1.Machine) error {
	before := machine.DeepCopy()
	delete(machine.Annotations, controlplanev1.PreTerminateHookCleanupAnnotation)
	if err := o.Direct.Patch(ctx, machine, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("remove KCP's hook from orphaned Machine %s: %w", client.ObjectKeyFromObject(machine), err)
	}
	log.FromContext(ctx).Info("Removed KCP's pre-terminate hook from an orphaned Machine: KCP waits for another machine's control plane, which the cluster does not have",
		"machine", client.ObjectKeyFromObject(machine).String(), "annotation", controlplanev1.PreTerminateHookCleanupAnnotation)
	return nil
}
