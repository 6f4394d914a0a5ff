package orphans

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func (r *Repairer) remove(ctx context.Context, machine *clusterv1.Machine) error {
	asRead := client.Preconditions{UID: &machine.UID, ResourceVersion: &machine.ResourceVersion}
	if err := r.Direct.Delete(ctx, machine, asRead); err != nil {
		return fmt.Errorf("delete orphaned Machine %s: %w", client.ObjectKeyFromObject(machine), err)
	}
	owner := metav1.GetControllerOf(machine)
	log.FromContext(ctx).Info("Deleted an orphaned Machine, so that its owner creates another: the owner took the "+
		"Machine's creation for failed and deleted its infrastructure object and its bootstrap config",
		"machine", client.ObjectKeyFromObject(machine).String(),
		"owner", owner.Kind+"/"+owner.Name,
		"age", time.Since(machine.CreationTimestamp.Time).Round(time.Second).String(),
		"metal3Machine", machine.Spec.InfrastructureRef.Name,
		"kubeadmConfig", machine.Spec.Bootstrap.ConfigRef.Name)
	return nil
}

// waitsForHookOnly says whether KCP's hook is the only thing that the deletion of an orphan waits for, in a cluster
// without a control plane.
func waitsForHookOnly(cluster *clusterv1.Cluster, machine *clusterv1.Machine) bool {
	if initialized := cluster.Status.Initialization.ControlPlaneInitialized; initialized != nil && *initialized {
		return false
	}
	const kcpHook = controlplanev1.PreTerminateHookCleanupAnnotation
	for key := range machine.Annotations {
		if strings.HasPrefix(key, clusterv1.PreTerminateDeleteHookAnnotationPrefix) && key != kcpHook {
			return false
		}
	}
	_, hooked := machine.Annotations[kcpHook]
	deleting := meta.FindStatusCondition(machine.Status.Conditions, clusterv1.MachineDeletingCondition)
	return hooked && deleting != nil && deleting.Status == metav1.ConditionTrue &&
		deleting.Reason == clusterv1.MachineDeletingWaitingForPreTerminateHookReason
}

func (r *Repairer) removeHook(ctx context.Context, machine *clusterv1.Machine) error {
	before := machine.DeepCopy()
	delete(machine.Annotations, controlplanev1.PreTerminateHookCleanupAnnotation)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Direct.Patch(ctx, machine, patch); err != nil {
		return fmt.Errorf("remove KCP's hook from orphaned Machine %s: %w", client.ObjectKeyFromObject(machine), err)
	}
	log.FromContext(ctx).Info("Removed KCP's pre-terminate hook from an orphaned Machine: KCP waits for the control "+
		"plane of another machine, and the cluster has none",
		"machine", client.ObjectKeyFromObject(machine).String(),
		"annotation", controlplanev1.PreTerminateHookCleanupAnnotation)
	return nil
}
