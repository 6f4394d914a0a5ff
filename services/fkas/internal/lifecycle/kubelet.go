package lifecycle

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"metal3-scale-lab/fkas/internal/store"
)

// worktime is how long a Pod runs that is to end by itself.
const worktime = time.Second

// runPod does to a Pod what the kubelet of its Node would do, and says after how long more is to be done. Each
// container starts at once. A Pod that is not restarted for good has done its work after a second.
func runPod(pod *corev1.Pod, node *corev1.Node, cluster *store.Cluster, now time.Time) time.Duration {
	switch pod.Status.Phase {
	case "", corev1.PodPending:
		if !isReady(node) {
			return 0
		}
		start(pod, node, cluster, metav1.NewTime(now))
		if completes(pod) {
			return worktime
		}
	case corev1.PodRunning:
		if !completes(pod) || pod.Status.StartTime == nil || !isReady(node) {
			return 0
		}
		if left := pod.Status.StartTime.Add(worktime).Sub(now); left > 0 {
			return left
		}
		complete(pod, metav1.NewTime(now))
	}
	return 0
}

func completes(pod *corev1.Pod) bool { return pod.Spec.RestartPolicy != corev1.RestartPolicyAlways }

func start(pod *corev1.Pod, node *corev1.Node, cluster *store.Cluster, now metav1.Time) {
	status := &pod.Status
	status.Phase, status.StartTime = corev1.PodRunning, &now
	status.HostIP = addressOf(node)
	status.HostIPs = []corev1.HostIP{{IP: status.HostIP}}
	status.PodIP = status.HostIP
	if !pod.Spec.HostNetwork {
		status.PodIP = freeAddress(pod, cluster)
	}
	status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	status.InitContainerStatuses, status.ContainerStatuses = nil, nil
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		state := runs(pod, container, now)
		if container.RestartPolicy == nil || *container.RestartPolicy != corev1.ContainerRestartPolicyAlways {
			state = ends(state, now)
			state.Ready = true
		}
		status.InitContainerStatuses = append(status.InitContainerStatuses, state)
	}
	for i := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, runs(pod, &pod.Spec.Containers[i], now))
	}
	for _, kind := range conditionsOf(pod) {
		podutil.UpdatePodCondition(status, &corev1.PodCondition{
			Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now,
		})
	}
}

// conditionsOf are those of a Pod that runs. Nothing else would fulfil its readiness gates.
func conditionsOf(pod *corev1.Pod) []corev1.PodConditionType {
	kinds := []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady,
		corev1.PodScheduled,
	}
	for _, gate := range pod.Spec.ReadinessGates {
		kinds = append(kinds, gate.ConditionType)
	}
	return kinds
}

func runs(pod *corev1.Pod, container *corev1.Container, now metav1.Time) corev1.ContainerStatus {
	started := true
	return corev1.ContainerStatus{
		Name:        container.Name,
		Image:       container.Image,
		ImageID:     container.Image,
		ContainerID: fmt.Sprintf("fake://%s/%s", pod.UID, container.Name),
		Ready:       true,
		Started:     &started,
		State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
	}
}

func ends(state corev1.ContainerStatus, now metav1.Time) corev1.ContainerStatus {
	started, begin := false, now
	if state.State.Running != nil {
		begin = state.State.Running.StartedAt
	}
	state.Ready, state.Started = false, &started
	state.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: "Completed", StartedAt: begin, FinishedAt: now, ContainerID: state.ContainerID,
	}}
	return state
}

func complete(pod *corev1.Pod, now metav1.Time) {
	pod.Status.Phase = corev1.PodSucceeded
	for i := range pod.Status.ContainerStatuses {
		pod.Status.ContainerStatuses[i] = ends(pod.Status.ContainerStatuses[i], now)
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady} {
		podutil.UpdatePodCondition(&pod.Status, &corev1.PodCondition{
			Type: kind, Status: corev1.ConditionFalse, Reason: "PodCompleted", LastTransitionTime: now,
		})
	}
}

// addressOf is the address of a Node. One without an address has one of 198.18.0.0/15, which is for benchmarks, made of
// its name.
func addressOf(node *corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return number(198<<24|18<<16, hash(node.Name)%(1<<17-2)+1)
}

// freeAddress is an address of 10.244.0.0/16, kubeadm's usual range of Pods, that no other Pod has.
func freeAddress(pod *corev1.Pod, cluster *store.Cluster) string {
	var taken []string
	for _, other := range podsOf(cluster) {
		taken = append(taken, other.Status.PodIP)
	}
	const count = 1<<16 - 2
	first := hash(string(pod.UID)) % count
	for i := range uint32(count) {
		if address := number(10<<24|244<<16, (first+i)%count+1); !slices.Contains(taken, address) {
			return address
		}
	}
	return ""
}

func hash(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return h.Sum32()
}

func number(network, host uint32) string {
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], network+host)
	return netip.AddrFrom4(address).String()
}

func same(a, b *corev1.Pod) bool { return equality.Semantic.DeepEqual(a, b) }
