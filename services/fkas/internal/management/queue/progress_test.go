package queue_test

import (
	"slices"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// withTopology is a Cluster whose topology has that many machines.
func withTopology(name string, controlPlane, workers int32, change ...func(*clusterv1.Cluster)) clusterv1.Cluster {
	cluster := clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: name}}
	cluster.Spec.Topology.ClassRef.Name = "class"
	cluster.Spec.Topology.ControlPlane.Replicas = ptr.To(controlPlane)
	cluster.Spec.Topology.Workers.MachineDeployments = []clusterv1.MachineDeploymentTopology{
		{Replicas: ptr.To(workers)},
	}
	for _, f := range change {
		f(&cluster)
	}
	return cluster
}

// host is a host of cluster c in a state, created that long ago.
func host(
	state bmov1alpha1.ProvisioningState, age time.Duration, change ...func(*bmov1alpha1.BareMetalHost),
) bmov1alpha1.BareMetalHost {
	return *lab.NewHost("h", "c", state, append(change, func(h *bmov1alpha1.BareMetalHost) {
		h.CreationTimestamp = lab.Ago(age)
	})...)
}

// releasedAgo gives a host the annotation of a release that long ago.
func releasedAgo(age time.Duration) func(*bmov1alpha1.BareMetalHost) {
	return releasedAt(time.Now().Add(-age).UTC().Format(time.RFC3339))
}

func releasedAt(text string) func(*bmov1alpha1.BareMetalHost) {
	return func(h *bmov1alpha1.BareMetalHost) {
		h.Annotations = map[string]string{management.ReleasedAnnotation: text}
	}
}

func TestHostsInProgressAreCounted(t *testing.T) {
	const none, registering = bmov1alpha1.StateNone, bmov1alpha1.StateRegistering
	const young, old = 14 * time.Minute, 16 * time.Minute
	taken := lab.ConsumedBy("m")
	type hosts []bmov1alpha1.BareMetalHost
	free := host(available, young)
	one := withTopology("c", 1, 0)
	deleted := withTopology("c", 1, 0, func(c *clusterv1.Cluster) { c.DeletionTimestamp = ptr.To(metav1.Now()) })
	elsewhere := withTopology("c", 1, 0, func(c *clusterv1.Cluster) { c.Namespace = "elsewhere" })
	without := withTopology("c", 1, 0, func(c *clusterv1.Cluster) { c.Spec.Topology = clusterv1.Topology{} })
	var nobody clusterv1.Cluster
	for name, row := range map[string]struct {
		hosts   hosts
		cluster clusterv1.Cluster
		want    int
	}{
		"No host is in progress where there is none": {nil, nobody, 0},
		"A host that BMO has not seen yet counts":    {hosts{host(none, young)}, nobody, 1},
		"Hosts count until they are available": {
			hosts{host(registering, young), host(inspecting, young)}, nobody, 2},
		"A host that is being provisioned counts":             {hosts{host(provisioning, young, taken)}, one, 1},
		"A provisioned host does not count":                   {hosts{host(provisioned, young, taken)}, one, 0},
		"A queued host does not count":                        {hosts{host(none, young, lab.Queued)}, one, 0},
		"A free host without a cluster does not count":        {hosts{free}, nobody, 0},
		"A free host counts when its cluster needs a machine": {hosts{free}, one, 1},
		"An available host that a machine has taken counts":   {hosts{host(available, young, taken)}, one, 1},
		"A cluster of the same name elsewhere needs no host":  {hosts{free}, elsewhere, 0},
		"A cluster that is being deleted needs no host":       {hosts{free}, deleted, 0},
		"A cluster without a topology needs no host":          {hosts{free}, without, 0},
		"A free host beyond what its cluster needs does not count": {
			hosts{free, host(provisioned, old, taken)}, one, 0},
		"Free hosts count for control plane and workers": {
			hosts{free, free, free, free}, withTopology("c", 1, 2), 3},
		"A host that is stuck for too long does not count": {hosts{host(registering, old)}, nobody, 0},
		"A host that was created long ago and released just now counts": {
			hosts{host(registering, old, releasedAgo(young))}, nobody, 1},
		"A host that was released too long ago does not count": {
			hosts{host(registering, old, releasedAgo(old))}, nobody, 0},
		"The time of creation replaces a malformed time of release": {
			hosts{host(registering, young, releasedAt("soon"))}, nobody, 1},
		"A host that was taken long ago still serves its cluster": {
			hosts{host(available, old, taken), free}, one, 0},
	} {
		t.Run(name, func(t *testing.T) {
			clusters := []clusterv1.Cluster{row.cluster}
			stages := queue.Stages(row.hosts, clusters, time.Now())
			g := NewWithT(t)
			g.Expect(stages).To(HaveLen(len(row.hosts)))
			g.Expect(stages).NotTo(ContainElement(queue.Gone))
			others := slices.DeleteFunc(stages, func(stage queue.Stage) bool { return stage == queue.Underway })
			g.Expect(len(row.hosts) - len(others)).To(Equal(row.want))
		})
	}
}
