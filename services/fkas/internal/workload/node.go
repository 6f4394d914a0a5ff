package workload

import (
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
)

// staticPods are the control-plane components besides etcd, in the order in which they are created.
var staticPods = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"}

const etcdComponent = "etcd"

// podName is the name that the kubelet gives to the mirror pod of a control-plane component on a node. The in-memory
// etcd server expects such a name as the SNI and authority of a connection.
func podName(component, node string) string { return component + "-" + node }

// newNode is the Node as a kubelet would have registered it, all conditions healthy, and lost if the machine is off.
func newNode(n Node, now time.Time) *corev1.Node {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: nodeLabels(n)},
		Spec:       corev1.NodeSpec{ProviderID: n.ProviderID},
		Status: corev1.NodeStatus{
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: n.Name}},
			Conditions: healthyConditions(metav1.NewTime(now)),
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion: n.Version,
				//lint:ignore SA1019 kubelets before 1.33 report it, and Nodes may have such a version
				KubeProxyVersion:        n.Version,
				OperatingSystem:         "linux",
				Architecture:            "amd64",
				SystemUUID:              n.HostUID,
				MachineID:               strings.ReplaceAll(n.HostUID, "-", ""),
				OSImage:                 "fake",
				ContainerRuntimeVersion: "fake://0",
			},
		},
	}
	if n.ControlPlane {
		// Without this taint and the label, KCP reports the labels and taints of the node as not set.
		node.Spec.Taints = []corev1.Taint{{Key: ControlPlaneLabel, Effect: corev1.TaintEffectNoSchedule}}
	}
	followPower(node, n, changeOfPower("", n, now), now)
	return node
}

// nodeLabels are the labels that this package sets and keeps. Cluster API may add others.
func nodeLabels(n Node) map[string]string {
	labels := maps.Clone(n.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[corev1.LabelHostname] = n.Name
	labels[corev1.LabelOSStable] = "linux"
	labels[corev1.LabelArchStable] = "amd64"
	if n.HostUID != "" {
		labels[HostUIDLabel] = n.HostUID
	}
	if n.ControlPlane {
		labels[ControlPlaneLabel] = ""
	}
	return labels
}

// mergeNode updates the fields of an existing Node that this package owns, and says whether anything changed. It leaves
// other labels alone, and without a change of power also taints and conditions, because Cluster API cordons, drains and
// labels Nodes, and people make them sick.
func mergeNode(node *corev1.Node, n Node, now time.Time) bool {
	changed := false
	if change := changeOfPower(node.Annotations[PowerAnnotation], n, now); change != noChange {
		followPower(node, n, change, now)
		changed = true
	}
	if node.Labels == nil {
		node.Labels = map[string]string{}
	}
	for key, value := range nodeLabels(n) {
		if old, ok := node.Labels[key]; !ok || old != value {
			node.Labels[key] = value
			changed = true
		}
	}
	if n.ProviderID != "" && node.Spec.ProviderID != n.ProviderID {
		node.Spec.ProviderID = n.ProviderID
		changed = true
	}
	if n.Version != "" && node.Status.NodeInfo.KubeletVersion != n.Version {
		node.Status.NodeInfo.KubeletVersion = n.Version
		//lint:ignore SA1019 kubelets before 1.33 report it, and Nodes may have such a version
		node.Status.NodeInfo.KubeProxyVersion = n.Version
		changed = true
	}
	return changed
}

// newStaticPod is the mirror pod of a control-plane component, running and ready. Because of the kubelet's mirror
// annotation, Cluster API's drain leaves the pod alone.
func newStaticPod(component string, n Node, at time.Time) *corev1.Pod {
	now := metav1.NewTime(at)
	condition := func(t corev1.PodConditionType) corev1.PodCondition {
		return corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now}
	}
	image := "registry.k8s.io/" + component + ":" + n.Version
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceSystem,
			Name:      podName(component, n.Name),
			Labels:    map[string]string{"component": component, "tier": "control-plane"},
			Annotations: map[string]string{
				corev1.MirrorPodAnnotationKey: strconv.FormatUint(EtcdID(component+n.Identity), 16),
			},
		},
		Spec: corev1.PodSpec{NodeName: n.Name, Containers: []corev1.Container{{Name: component, Image: image}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{
				condition(
					corev1.PodScheduled,
				), condition(corev1.PodInitialized), condition(corev1.ContainersReady), condition(corev1.PodReady),
			},
			StartTime: &now,
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: component, Image: image, Ready: true,
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
			}},
		},
	}
	if lost(n, at) {
		setPodReady(pod, corev1.ConditionFalse, at)
	}
	return pod
}

// newEtcdPod is the mirror pod of an etcd member. The in-memory etcd server derives members, ids and leader from the
// annotations of these pods alone.
func newEtcdPod(cluster Cluster, n Node, at time.Time) *corev1.Pod {
	pod := newStaticPod(etcdComponent, n, at)
	pod.Spec.Containers[0].Image = "registry.k8s.io/etcd:3.6.6-0"
	pod.Status.ContainerStatuses[0].Image = pod.Spec.Containers[0].Image
	pod.Annotations[cloudv1.EtcdClusterIDAnnotationName] = strconv.FormatUint(EtcdID(cluster.Identity), 10)
	pod.Annotations[cloudv1.EtcdMemberIDAnnotationName] = strconv.FormatUint(EtcdID(n.Identity), 10)
	return pod
}

func hostPort(host string, port int32) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
