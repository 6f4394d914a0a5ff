package workload

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// powered is a control-plane machine with a worker, of which the worker has this power.
func powered(power Power) Cluster {
	worker := machine("w", false, 1)
	worker.Power = power
	return cluster(machine("cp", true, 0), worker)
}

func mustSync(g *WithT, c inmemoryclient.Client, wanted Cluster) (Result, *corev1.Node) {
	result, err := Sync(ctx, c, wanted)
	g.Expect(err).NotTo(HaveOccurred())
	node := &corev1.Node{}
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "w"}, node)).To(Succeed())
	return result, node.DeepCopy()
}

func statuses(node *corev1.Node) map[corev1.NodeConditionType]corev1.ConditionStatus {
	out := map[corev1.NodeConditionType]corev1.ConditionStatus{}
	for _, condition := range node.Status.Conditions {
		out[condition.Type] = condition.Status
	}
	return out
}

func healthTaints(node *corev1.Node) []string {
	out := []string{}
	for _, taint := range node.Spec.Taints {
		if strings.HasPrefix(taint.Key, "node.kubernetes.io/") {
			out = append(out, taint.Key+":"+string(taint.Effect))
		}
	}
	return out
}

var (
	healthy = map[corev1.NodeConditionType]corev1.ConditionStatus{
		"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False",
	}
	unknown = map[corev1.NodeConditionType]corev1.ConditionStatus{
		"Ready": "Unknown", "MemoryPressure": "Unknown", "DiskPressure": "Unknown", "PIDPressure": "Unknown",
	}
)

func TestANodeIsLostAfterTheGracePeriodAndComesBackWithAnotherBoot(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, node := mustSync(g, c, powered(Power{BootID: "first"}))
	g.Expect(statuses(node)).To(Equal(healthy))
	g.Expect(node.Status.NodeInfo.BootID).To(Equal("first"))

	off := time.Now().Add(-45 * time.Second)
	result, node := mustSync(g, c, powered(Power{OffSince: off, BootID: "first"}))
	g.Expect(statuses(node)).To(Equal(healthy), "nobody misses a kubelet after 45 s")
	g.Expect(result.RequeueAfter).To(BeNumerically("~", 5*time.Second, time.Second))

	off = time.Now().Add(-51 * time.Second)
	result, node = mustSync(g, c, powered(Power{OffSince: off, BootID: "first"}))
	g.Expect(result.RequeueAfter).To(BeZero())
	g.Expect(statuses(node)).To(Equal(unknown))
	for _, condition := range node.Status.Conditions {
		g.Expect(condition.Reason).To(Equal("NodeStatusUnknown"))
		g.Expect(condition.Message).To(Equal("Kubelet stopped posting node status."))
		g.Expect(condition.LastTransitionTime.Time).To(BeTemporally("~", off.Add(50*time.Second), time.Second))
	}
	g.Expect(healthTaints(node)).To(Equal([]string{
		"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute",
	}))
	g.Expect(node.Spec.Taints[0].TimeAdded).NotTo(BeNil())

	_, node = mustSync(g, c, powered(Power{BootID: "second"}))
	g.Expect(statuses(node)).To(Equal(healthy))
	g.Expect(healthTaints(node)).To(BeEmpty())
	g.Expect(node.Status.NodeInfo.BootID).To(Equal("second"))
}

func TestAnOldKubernetesMissesAKubeletSooner(t *testing.T) {
	g := NewWithT(t)
	g.Expect(gracePeriod("v1.31.9")).To(Equal(40 * time.Second))
	g.Expect(gracePeriod("v1.32.0")).To(Equal(50 * time.Second))
	g.Expect(gracePeriod("v1.35.4")).To(Equal(50 * time.Second))
}

func TestARebootWithinTheGracePeriodChangesTheBootAlone(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, before := mustSync(g, c, powered(Power{BootID: "first"}))
	_, after := mustSync(g, c, powered(Power{BootID: "second"}))
	g.Expect(after.Status.NodeInfo.BootID).To(Equal("second"))
	g.Expect(statuses(after)).To(Equal(healthy))
	for i := range after.Status.Conditions {
		g.Expect(after.Status.Conditions[i].LastTransitionTime).
			To(Equal(before.Status.Conditions[i].LastTransitionTime), "it has been Ready all the time")
	}
}

func TestABootThatBecomesKnownIsNoReboot(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, node := mustSync(g, c, powered(Power{}))
	g.Expect(node.Status.NodeInfo.BootID).To(BeEmpty())
	node.Status.Conditions[3].Status = corev1.ConditionUnknown
	g.Expect(c.Update(ctx, node)).To(Succeed())

	_, node = mustSync(g, c, powered(Power{BootID: "first"}))
	g.Expect(node.Status.NodeInfo.BootID).To(Equal("first"))
	g.Expect(statuses(node)["Ready"]).To(Equal(corev1.ConditionUnknown), "the condition is a person's")
	_, node = mustSync(g, c, powered(Power{}))
	g.Expect(node.Status.NodeInfo.BootID).To(Equal("first"), "what is known stays")
}

func TestAMachineWhoseBootIsNotKnownGetsANewOneWhenItIsBack(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	mustSync(g, c, powered(Power{}))
	_, node := mustSync(g, c, powered(Power{OffSince: time.Now().Add(-time.Minute)}))
	g.Expect(statuses(node)).To(Equal(unknown))
	_, node = mustSync(g, c, powered(Power{}))
	g.Expect(statuses(node)).To(Equal(healthy))
	first := node.Status.NodeInfo.BootID
	g.Expect(first).To(HaveLen(36))
	_, node = mustSync(g, c, powered(Power{}))
	g.Expect(node.Status.NodeInfo.BootID).To(Equal(first))
}

func TestAStatusThatAPersonHasSetStaysUntilThePowerChanges(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, node := mustSync(g, c, powered(Power{BootID: "first"}))
	node.Status.Conditions[3].Status, node.Status.Conditions[3].Reason = corev1.ConditionUnknown, "test"
	node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: "Mine", Status: "True"})
	node.Spec.Taints = []corev1.Taint{{Key: "mine", Effect: corev1.TaintEffectNoSchedule}}
	g.Expect(c.Update(ctx, node)).To(Succeed())

	_, node = mustSync(g, c, powered(Power{BootID: "first"}))
	g.Expect(statuses(node)["Ready"]).To(Equal(corev1.ConditionUnknown))
	off := Power{OffSince: time.Now().Add(-time.Minute), BootID: "first"}
	_, node = mustSync(g, c, powered(off))
	g.Expect(node.Status.Conditions[3].Reason).To(Equal("test"), "it was unknown already")
	g.Expect(statuses(node)["Mine"]).To(Equal(corev1.ConditionTrue), "no kubelet posts it")

	_, node = mustSync(g, c, powered(Power{BootID: "second"}))
	g.Expect(statuses(node)).To(HaveKeyWithValue(corev1.NodeReady, corev1.ConditionTrue))
	g.Expect(statuses(node)["Mine"]).To(Equal(corev1.ConditionTrue))
	g.Expect(node.Spec.Taints).To(HaveLen(1), "the taint of another stays")
}

func TestThePodsOfALostNodeAreNotReady(t *testing.T) {
	g := NewWithT(t)
	ready := func(c inmemoryclient.Client) map[corev1.ConditionStatus]int {
		var pods corev1.PodList
		g.Expect(c.List(ctx, &pods, client.InNamespace("kube-system"))).To(Succeed())
		counts := map[corev1.ConditionStatus]int{}
		for _, pod := range pods.Items {
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodReady {
					counts[condition.Status]++
				}
			}
		}
		return counts
	}
	on, off := machine("cp", true, 0), machine("cp", true, 0)
	off.Power.OffSince = time.Now().Add(-time.Minute)
	c := newStore(t)
	for _, row := range []struct {
		n    Node
		want corev1.ConditionStatus
	}{{on, "True"}, {off, "False"}, {on, "True"}} {
		_, err := Sync(ctx, c, cluster(row.n))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ready(c)).To(Equal(map[corev1.ConditionStatus]int{row.want: 4}))
	}

	// A process that has been restarted finds the machine off.
	c = newStore(t)
	_, err := Sync(ctx, c, cluster(off))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready(c)).To(Equal(map[corev1.ConditionStatus]int{"False": 4}))
	node := &corev1.Node{}
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "cp"}, node)).To(Succeed())
	g.Expect(statuses(node)).To(Equal(unknown))
	g.Expect(healthTaints(node)).To(HaveLen(2))
}
