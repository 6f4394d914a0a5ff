package lifecycle

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func node(name string, change func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"name": name}},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
			{Type: corev1.NodeReady, Status: corev1.ConditionTrue},
		}},
	}
	if change != nil {
		change(n)
	}
	return n
}

func onlyOn(name string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{
				{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{name}},
			}}},
		},
	}}
}

func TestAPodGoesToANodeThatTakesIt(t *testing.T) {
	nodes := []*corev1.Node{
		node("full", nil),
		node("free", nil),
		node("cordoned", func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		node("tainted", func(n *corev1.Node) {
			n.Spec.Taints = []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}
		}),
		node("lost", func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }),
	}
	others := []*corev1.Pod{{Spec: corev1.PodSpec{NodeName: "full"}}}
	tolerant := []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	for name, row := range map[string]struct {
		spec corev1.PodSpec
		on   string
	}{
		"the one with the fewest pods":     {corev1.PodSpec{}, "free"},
		"a selector":                       {corev1.PodSpec{NodeSelector: map[string]string{"name": "full"}}, "full"},
		"a selector of none":               {corev1.PodSpec{NodeSelector: map[string]string{"name": "x"}}, ""},
		"a taint":                          {corev1.PodSpec{Affinity: onlyOn("tainted")}, ""},
		"a taint that is tolerated":        {corev1.PodSpec{Affinity: onlyOn("tainted"), Tolerations: tolerant}, "tainted"},
		"a cordoned Node":                  {corev1.PodSpec{Affinity: onlyOn("cordoned")}, ""},
		"a DaemonSet's on a cordoned Node": {corev1.PodSpec{Affinity: onlyOn("cordoned"), Tolerations: tolerant}, "cordoned"},
		"a Node that is not Ready":         {corev1.PodSpec{Affinity: onlyOn("lost"), Tolerations: tolerant}, ""},
		"a gate":                           {corev1.PodSpec{SchedulingGates: []corev1.PodSchedulingGate{{Name: "g"}}}, ""},
		"another scheduler":                {corev1.PodSpec{SchedulerName: "mine"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			pod := &corev1.Pod{Spec: row.spec}
			if pod.Spec.SchedulerName == "" {
				pod.Spec.SchedulerName = corev1.DefaultSchedulerName
			}
			schedule(t.Context(), pod, nodes, others)
			g.Expect(pod.Spec.NodeName).To(Equal(row.on))
			isOurs := len(pod.Spec.SchedulingGates) == 0 && pod.Spec.SchedulerName == corev1.DefaultSchedulerName
			if row.on == "" && isOurs {
				g.Expect(pod.Status.Conditions).To(HaveLen(1))
				g.Expect(pod.Status.Conditions[0].Reason).To(Equal(corev1.PodReasonUnschedulable))
			}
		})
	}
}
