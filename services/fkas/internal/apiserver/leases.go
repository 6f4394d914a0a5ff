package apiserver

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// renewal is how often a kubelet renews its Lease.
const renewal = 10 * time.Second

// renewed is the Lease of a Node as its kubelet would have renewed it by now, and any other object as it is. Renewing
// the Leases of a thousand clusters when nobody reads them would be most of the work of this process. The Lease of a
// Node that is not ready was last renewed when it ceased to be.
func renewed(cluster *store.Cluster, obj client.Object) client.Object {
	lease, ok := obj.(*coordinationv1.Lease)
	if !ok || lease.Namespace != corev1.NamespaceNodeLease {
		return obj
	}
	found, ok := cluster.Get(corev1.SchemeGroupVersion.WithKind("Node"), types.NamespacedName{Name: lease.Name})
	if !ok {
		return obj
	}
	at := metav1.NewMicroTime(time.Now().Truncate(renewal))
	for _, condition := range found.(*corev1.Node).Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			at = metav1.NewMicroTime(condition.LastTransitionTime.Time)
		}
	}
	if lease.Spec.RenewTime != nil && !at.After(lease.Spec.RenewTime.Time) {
		return obj
	}
	lease = lease.DeepCopy()
	lease.Spec.RenewTime = &at
	return lease
}
