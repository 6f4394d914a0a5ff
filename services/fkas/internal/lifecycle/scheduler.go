package lifecycle

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

// schedule gives a Pod the Ready Node with the fewest Pods of those that it may run on. It knows selectors, affinity to
// Nodes, taints and tolerations. It knows nothing of resources, ports, volumes, and of affinity between Pods.
func schedule(ctx context.Context, pod *corev1.Pod, nodes []*corev1.Node, pods []*corev1.Pod) {
	if pod.Spec.SchedulerName != corev1.DefaultSchedulerName || len(pod.Spec.SchedulingGates) > 0 {
		return
	}
	count := map[string]int{}
	for _, each := range pods {
		count[each.Spec.NodeName]++
	}
	var best *corev1.Node
	for _, node := range nodes {
		if fits(ctx, pod, node) && (best == nil || count[node.Name] < count[best.Name]) {
			best = node
		}
	}
	condition := corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
	}
	if best == nil {
		condition.Status, condition.Reason = corev1.ConditionFalse, corev1.PodReasonUnschedulable
		condition.Message = fmt.Sprintf("0/%d nodes are available.", len(nodes))
	} else {
		pod.Spec.NodeName = best.Name
	}
	podutil.UpdatePodCondition(&pod.Status, &condition)
}

func fits(ctx context.Context, pod *corev1.Pod, node *corev1.Node) bool {
	matches, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node)
	if err != nil || !matches || !isReady(node) {
		return false
	}
	taints := slices.Clone(node.Spec.Taints)
	if node.Spec.Unschedulable {
		taints = append(taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	_, keepsOff := scheduling.FindMatchingUntoleratedTaint(klog.FromContext(ctx), taints, pod.Spec.Tolerations,
		func(taint *corev1.Taint) bool { return taint.Effect != corev1.TaintEffectPreferNoSchedule }, false)
	return !keepsOff
}

func isReady(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}
