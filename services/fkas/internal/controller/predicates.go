package controller

import (
	"maps"
	"reflect"
	"strings"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/assignment"
)

// A predicate passes the events that can make a difference. Most events are changes of a status, which make none.

// changed passes changes of an object's spec, labels and owners, and its deletion.
var changed = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, after := e.ObjectOld, e.ObjectNew
	return before.GetGeneration() != after.GetGeneration() ||
		replacedOrDeleted(before, after) ||
		!maps.Equal(before.GetLabels(), after.GetLabels()) ||
		!reflect.DeepEqual(before.GetOwnerReferences(), after.GetOwnerReferences())
}}

// serviceChanged passes the same, and changes of the addresses at which a Service is reached.
var serviceChanged = predicate.Or(changed, predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*corev1.Service), e.ObjectNew.(*corev1.Service)
	return before.Spec.Type != after.Spec.Type ||
		!reflect.DeepEqual(before.Status.LoadBalancer.Ingress, after.Status.LoadBalancer.Ingress)
}})

// clusterChanged passes the same as `changed`, and that a Cluster is queued or no longer is.
var clusterChanged = predicate.Or(changed, predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, wasQueued := management.Queued(e.ObjectOld)
	after, isQueued := management.Queued(e.ObjectNew)
	return wasQueued != isQueued || before != after
}})

// hostChanged passes changes of the fields of a host that FKAS reads: its state, consumer and cluster, and its power
// while it is provisioned. Before that a host is switched on and off several times, and has no Node.
var hostChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*bmov1alpha1.BareMetalHost), e.ObjectNew.(*bmov1alpha1.BareMetalHost)
	return before.Status.Provisioning.State != after.Status.Provisioning.State ||
		!reflect.DeepEqual(before.Spec.ConsumerRef, after.Spec.ConsumerRef) ||
		before.Labels[management.HostClusterLabel] != after.Labels[management.HostClusterLabel] ||
		(before.Status.PoweredOn != after.Status.PoweredOn &&
			after.Status.Provisioning.State == bmov1alpha1.StateProvisioned) ||
		replacedOrDeleted(before, after)
}}

// hostQueueChanged passes that a host is queued or no longer is, and that it is to leave the lab or no longer is.
var hostQueueChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*bmov1alpha1.BareMetalHost), e.ObjectNew.(*bmov1alpha1.BareMetalHost)
	return management.HostQueued(before) != management.HostQueued(after) ||
		management.HostLeaving(before) != management.HostLeaving(after)
}}

// assignmentChanged passes changes of the fields of a host that the assignment of hosts reads.
var assignmentChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*bmov1alpha1.BareMetalHost), e.ObjectNew.(*bmov1alpha1.BareMetalHost)
	return assignment.HostOf(before) != assignment.HostOf(after) ||
		!reflect.DeepEqual(before.Spec.ConsumerRef, after.Spec.ConsumerRef) ||
		replacedOrDeleted(before, after)
}}

// topologyChanged passes changes of a Cluster's spec, and its deletion.
var topologyChanged = predicate.TypedFuncs[*clusterv1.Cluster]{
	UpdateFunc: func(e event.TypedUpdateEvent[*clusterv1.Cluster]) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || replacedOrDeleted(e.ObjectOld, e.ObjectNew)
	},
}

// routeChanged passes changes of a Cluster's spec and label, and its deletion.
var routeChanged = predicate.TypedFuncs[*clusterv1.Cluster]{
	UpdateFunc: func(e event.TypedUpdateEvent[*clusterv1.Cluster]) bool {
		return topologyChanged.Update(e) ||
			e.ObjectOld.Labels[management.IndexLabel] != e.ObjectNew.Labels[management.IndexLabel]
	},
}

// becameFree passes only the event with which a host becomes free for machines of a Cluster: it becomes available, or
// is assigned to the Cluster while it is. A machine that looks for a host later finds it without FKAS.
var becameFree = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*bmov1alpha1.BareMetalHost), e.ObjectNew.(*bmov1alpha1.BareMetalHost)
		assigned := before.Labels[management.HostClusterLabel] != after.Labels[management.HostClusterLabel]
		return management.HostFree(after) && (assigned || !management.HostFree(before))
	},
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}

// authorityCreated passes the creation of the two Secrets that FKAS signs with.
var authorityCreated = predicate.Funcs{
	CreateFunc: func(e event.CreateEvent) bool {
		return strings.HasSuffix(e.Object.GetName(), "-ca") || strings.HasSuffix(e.Object.GetName(), "-etcd")
	},
	UpdateFunc:  func(event.UpdateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}

func replacedOrDeleted(before, after client.Object) bool {
	return before.GetUID() != after.GetUID() ||
		before.GetDeletionTimestamp().IsZero() != after.GetDeletionTimestamp().IsZero()
}
