package workload

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ensureNode creates the Node of a machine, or makes the existing one follow the machine.
func ensureNode(ctx context.Context, c inmemoryclient.Client, n Node, now time.Time) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name}}
	err := c.Get(ctx, client.ObjectKeyFromObject(node), node)
	if apierrors.IsNotFound(err) {
		return createMissing(ctx, c, newNode(n, now))
	}
	if err != nil {
		return fmt.Errorf("get Node %s: %w", n.Name, err)
	}
	// The pods come first: the Node says that the change of power has been dealt with.
	switch changeOfPower(node.Annotations[PowerAnnotation], n, now) {
	case stopped:
		err = setPodsReady(ctx, c, n, corev1.ConditionFalse, now)
	case started:
		err = setPodsReady(ctx, c, n, corev1.ConditionTrue, now)
	case bootLearned, noChange:
	}
	if err != nil {
		return err
	}
	return update(ctx, c, node, func() bool { return mergeNode(node, n, now) })
}

// setPodsReady gives all pods of a Node a condition Ready: False as the node lifecycle controller does when the Node is
// lost, True as a kubelet does that has started its pods again.
func setPodsReady(
	ctx context.Context, c inmemoryclient.Client, n Node, status corev1.ConditionStatus, now time.Time,
) error {
	var pods corev1.PodList
	if err := c.List(ctx, &pods); err != nil {
		return fmt.Errorf("list the pods of Node %s: %w", n.Name, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Spec.NodeName != n.Name {
			continue
		}
		if err := update(ctx, c, pod, func() bool { return setPodReady(pod, status, now) }); err != nil {
			return fmt.Errorf("update pod %s: %w", client.ObjectKeyFromObject(pod), err)
		}
	}
	return nil
}

// setPodReady changes the condition Ready of a pod that has one, and says whether it was another.
func setPodReady(pod *corev1.Pod, status corev1.ConditionStatus, now time.Time) bool {
	for i := range pod.Status.Conditions {
		condition := &pod.Status.Conditions[i]
		if condition.Type == corev1.PodReady && condition.Status != status {
			condition.Status, condition.LastTransitionTime = status, metav1.NewTime(now)
			return true
		}
	}
	return false
}

// nextLoss is the time until the next Node becomes unknown; 0: none will.
func nextLoss(nodes []Node, now time.Time) time.Duration {
	var next time.Duration
	for _, n := range nodes {
		if n.Power.OffSince.IsZero() {
			continue
		}
		if left := untilLost(n, now); left > 0 && (next == 0 || left < next) {
			next = left
		}
	}
	return next
}
