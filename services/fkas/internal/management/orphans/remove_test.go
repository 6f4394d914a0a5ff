package orphans_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// deleting is an orphan whose deletion began that long ago and waits for a pre-terminate hook.
func deleting(since time.Duration, change ...func(*clusterv1.Machine)) *clusterv1.Machine {
	m := orphan("m", time.Hour)
	began := lab.Ago(since)
	m.DeletionTimestamp = &began
	m.Status.Conditions = []metav1.Condition{{
		Type: clusterv1.MachineDeletingCondition, Status: metav1.ConditionTrue,
		Reason: clusterv1.MachineDeletingWaitingForPreTerminateHookReason,
	}}
	for _, f := range change {
		f(m)
	}
	return m
}

func TestKCPsHookIsRemovedWhereKCPNeverWould(t *testing.T) {
	yes := true
	initialized := func(c *clusterv1.Cluster) { c.Status.Initialization.ControlPlaneInitialized = &yes }
	const otherHook = clusterv1.PreTerminateDeleteHookAnnotationPrefix + "/someone"
	for name, row := range map[string]struct {
		cluster func(*clusterv1.Cluster)
		machine *clusterv1.Machine
		removed bool
	}{
		"It is removed where the cluster has no control plane": {machine: deleting(old), removed: true},
		"It stays while KCP still has time":                    {machine: deleting(young)},
		"It stays where the cluster has a control plane":       {machine: deleting(old), cluster: initialized},
		"It stays while the deletion waits for another hook": {machine: deleting(old, func(m *clusterv1.Machine) {
			m.Annotations[otherHook] = ""
		})},
		"It stays while the deletion waits for something else": {machine: deleting(old, func(m *clusterv1.Machine) {
			m.Status.Conditions[0].Reason = clusterv1.MachineDeletingReason
		})},
		"It stays where the Machine has a Node": {machine: deleting(old, func(m *clusterv1.Machine) {
			m.Status.NodeRef.Name = "m"
		})},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, with(row.cluster, row.machine)...)
			result, err := repair(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(BeNumerically(">", 0))
			left := machine(l, "m")
			_, hooked := left.Annotations[controlplanev1.PreTerminateHookCleanupAnnotation]
			g.Expect(hooked).To(Equal(!row.removed))
			g.Expect(left.Finalizers).To(Equal([]string{clusterv1.MachineFinalizer}))
		})
	}
}
