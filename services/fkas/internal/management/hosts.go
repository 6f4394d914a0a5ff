package management

import (
	"context"
	"fmt"
	"strings"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Queued returns the value of an object's QueuedAnnotation, and false when the object is not in the queue.
func Queued(obj client.Object) (value string, queued bool) {
	for _, name := range []string{QueuedAnnotation, FormerQueuedAnnotation} {
		if value, queued = obj.GetAnnotations()[name]; queued {
			return value, true
		}
	}
	return "", false
}

// ClusterQueued says whether a Cluster is in the queue.
func ClusterQueued(cluster *clusterv1.Cluster) bool {
	_, queued := Queued(cluster)
	return queued
}

// HostQueued says whether a host is in the queue.
func HostQueued(host *bmov1alpha1.BareMetalHost) bool {
	_, queued := Queued(host)
	return queued
}

// HostLeaving says whether a host is about to leave the lab.
func HostLeaving(host *bmov1alpha1.BareMetalHost) bool {
	_, leaving := host.Annotations[LeavingAnnotation]
	return leaving
}

// HostFree says whether a Metal3Machine could take the host at once.
func HostFree(host *bmov1alpha1.BareMetalHost) bool {
	state := host.Status.Provisioning.State
	return host.Spec.ConsumerRef == nil && host.DeletionTimestamp.IsZero() && !HostQueued(host) && !HostLeaving(host) &&
		(state == bmov1alpha1.StateAvailable || state == bmov1alpha1.StateReady)
}

// Consumer returns the Metal3Machine that a host serves, and false when the host serves none.
func Consumer(host *bmov1alpha1.BareMetalHost) (types.NamespacedName, bool) {
	ref := host.Spec.ConsumerRef
	if ref == nil || ref.Kind != Metal3MachineKind || ref.Name == "" {
		return types.NamespacedName{}, false
	}
	namespace := ref.Namespace
	if namespace == "" {
		namespace = host.Namespace
	}
	return types.NamespacedName{Namespace: namespace, Name: ref.Name}, true
}

// SystemID returns the id by which a host's BMC knows it: the last part of its address, as in
// redfish+http://192.0.2.1:8000/redfish/v1/Systems/ID. It is empty where the address has none.
func SystemID(host *bmov1alpha1.BareMetalHost) string {
	_, id, _ := strings.Cut(host.Spec.BMC.Address, "/redfish/v1/Systems/")
	return strings.Trim(id, "/")
}

// HostOf returns the host that a Metal3Machine consumes, and nil when it consumes none.
func HostOf(ctx context.Context, c client.Reader, m3m types.NamespacedName) (*bmov1alpha1.BareMetalHost, error) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := c.List(ctx, &hosts, client.MatchingFields{ConsumerIndex: m3m.String()}); err != nil {
		return nil, fmt.Errorf("list BareMetalHosts of Metal3Machine %s: %w", m3m, err)
	}
	for i := range hosts.Items {
		if hosts.Items[i].DeletionTimestamp.IsZero() {
			return &hosts.Items[i], nil
		}
	}
	return nil, nil
}
