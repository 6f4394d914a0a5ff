package workload

import (
	"strings"
	"time"

	"github.com/blang/semver/v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// PowerAnnotation on a Node is the power of its machine that the Node's status follows: powerOff, or powerOn with the
// id of the boot. FKAS changes conditions and taints only when this changes, so that those which a person has set stay.
const PowerAnnotation = "metal3-scale-lab/power"

const (
	powerOff = "off"
	powerOn  = "on"
)

// Power is what is known of the power of a machine. Its kubelet posts the Node's status while the machine is on.
type Power struct {
	// OffSince is the time at which the machine was switched off. It is zero if the machine is on.
	OffSince time.Time
	// BootID is the id of the machine's present boot. It is empty if it is not known.
	BootID string
}

// gracePeriod is the default of kube-controller-manager's --node-monitor-grace-period: the time without news of a
// kubelet after which its Node is unknown. It was 40 s before Kubernetes 1.32.
func gracePeriod(version string) time.Duration {
	if v, err := semver.ParseTolerant(version); err == nil && v.LT(semver.MustParse("1.32.0-0")) {
		return 40 * time.Second
	}
	return 50 * time.Second
}

// untilLost is the time until the Node of a machine that is off is unknown, and 0 or less once it is.
func untilLost(n Node, now time.Time) time.Duration {
	return n.Power.OffSince.Add(gracePeriod(n.Version)).Sub(now)
}

// lost says whether the machine has been off for longer than the grace period.
func lost(n Node, now time.Time) bool { return !n.Power.OffSince.IsZero() && untilLost(n, now) <= 0 }

// powerChange is how the power of a machine differs from what its Node follows.
type powerChange int

const (
	noChange powerChange = iota
	// bootLearned: the boot that the Node follows is known now.
	bootLearned
	started
	stopped
)

// changeOfPower compares the power of a machine with what the Node's annotation says that the Node follows.
func changeOfPower(annotation string, n Node, now time.Time) powerChange {
	followed, boot, _ := strings.Cut(annotation, " ")
	switch {
	case lost(n, now):
		if followed == powerOff {
			return noChange
		}
		return stopped
	case !n.Power.OffSince.IsZero():
		// The kubelet is silent, and nobody minds yet.
		return noChange
	case followed == powerOff:
		return started
	case n.Power.BootID == "" || n.Power.BootID == boot:
		return noChange
	case boot == "":
		return bootLearned
	default:
		return started
	}
}

// followPower makes the status and taints of a Node those that follow from a change of power.
func followPower(node *corev1.Node, n Node, change powerChange, now time.Time) {
	if node.Annotations == nil {
		node.Annotations = map[string]string{}
	}
	boot := n.Power.BootID
	switch change {
	case stopped:
		node.Annotations[PowerAnnotation] = powerOff
		loseNode(node, n)
		return
	case started:
		if boot == "" {
			boot = string(uuid.NewUUID())
		}
		recoverNode(node, metav1.NewTime(now))
	case bootLearned, noChange:
	}
	node.Annotations[PowerAnnotation] = strings.TrimSpace(powerOn + " " + boot)
	node.Status.NodeInfo.BootID = boot
}

// loseNode does what the node lifecycle controller does to the Node of a kubelet that is silent.
func loseNode(node *corev1.Node, n Node) {
	last, when := metav1.NewTime(n.Power.OffSince), metav1.NewTime(n.Power.OffSince.Add(gracePeriod(n.Version)))
	for i := range node.Status.Conditions {
		condition := &node.Status.Conditions[i]
		if !kubeletCondition(condition.Type) || condition.Status == corev1.ConditionUnknown {
			continue
		}
		condition.Status, condition.LastTransitionTime = corev1.ConditionUnknown, when
		condition.Reason, condition.Message = "NodeStatusUnknown", "Kubelet stopped posting node status."
		if last.Before(&condition.LastHeartbeatTime) {
			condition.LastHeartbeatTime = last
		}
	}
	node.Spec.Taints = withoutHealthTaints(node.Spec.Taints)
	for _, effect := range []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute} {
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{
			Key: corev1.TaintNodeUnreachable, Effect: effect, TimeAdded: &when,
		})
	}
}

// recoverNode does what a kubelet that has started does to its Node, and the node lifecycle controller after it.
func recoverNode(node *corev1.Node, now metav1.Time) {
	healthy := healthyConditions(now)
	for _, condition := range node.Status.Conditions {
		at := -1
		for i := range healthy {
			if healthy[i].Type == condition.Type {
				at = i
			}
		}
		switch {
		case at < 0:
			// A condition of somebody else.
			healthy = append(healthy, condition)
		case healthy[at].Status == condition.Status:
			healthy[at].LastTransitionTime = condition.LastTransitionTime
		}
	}
	node.Status.Conditions = healthy
	node.Spec.Taints = withoutHealthTaints(node.Spec.Taints)
}

// withoutHealthTaints is a copy of taints without those that follow from the condition Ready.
func withoutHealthTaints(taints []corev1.Taint) []corev1.Taint {
	var rest []corev1.Taint
	for _, taint := range taints {
		if taint.Key != corev1.TaintNodeUnreachable && taint.Key != corev1.TaintNodeNotReady {
			rest = append(rest, taint)
		}
	}
	return rest
}

// kubeletCondition says whether a kubelet posts conditions of this type.
func kubeletCondition(t corev1.NodeConditionType) bool {
	for _, condition := range healthyConditions(metav1.Time{}) {
		if condition.Type == t {
			return true
		}
	}
	return false
}

// healthyConditions are the conditions that a kubelet in good health posts.
func healthyConditions(now metav1.Time) []corev1.NodeCondition {
	rows := []struct {
		kind            corev1.NodeConditionType
		status          corev1.ConditionStatus
		reason, message string
	}{
		{corev1.NodeMemoryPressure, corev1.ConditionFalse,
			"KubeletHasSufficientMemory", "kubelet has sufficient memory available"},
		{corev1.NodeDiskPressure, corev1.ConditionFalse,
			"KubeletHasNoDiskPressure", "kubelet has no disk pressure"},
		{corev1.NodePIDPressure, corev1.ConditionFalse,
			"KubeletHasSufficientPID", "kubelet has sufficient PID available"},
		{corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"},
	}
	var conditions []corev1.NodeCondition
	for _, row := range rows {
		conditions = append(conditions, corev1.NodeCondition{
			Type: row.kind, Status: row.status, Reason: row.reason, Message: row.message,
			LastHeartbeatTime: now, LastTransitionTime: now,
		})
	}
	return conditions
}
