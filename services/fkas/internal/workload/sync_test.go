package workload

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	inmemorymanager "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/manager"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var ctx = context.Background()

func newStore(t *testing.T) inmemoryclient.Client {
	t.Helper()
	manager := inmemorymanager.New(clientgoscheme.Scheme)
	manager.AddResourceGroup("ns/c")
	return manager.GetResourceGroup("ns/c").GetClient()
}

func cluster(nodes ...Node) Cluster {
	return Cluster{Name: types.NamespacedName{Namespace: "ns", Name: "c"}, Identity: "cluster-uid", Host: "192.0.2.1", Port: 20000, Nodes: nodes}
}

func machine(name string, controlPlane bool, minute int) Node {
	return Node{
		Name: name, Identity: "uid-" + name, ControlPlane: controlPlane, Version: "v1.35.4", ProviderID: "metal3://ns/host-" + name + "/" + name,
		HostUID: "host-uid-" + name, Labels: map[string]string{"cluster.x-k8s.io/cluster-name": "c"},
		Created: metav1.NewTime(time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)),
	}
}

func podNames(g *WithT, c inmemoryclient.Client) []string {
	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods, client.InNamespace("kube-system"))).To(Succeed())
	var names []string
	for _, pod := range pods.Items {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	return names
}

// leader is the member that the in-memory etcd would report, and the number of pods that claim the lead.
func leader(g *WithT, c inmemoryclient.Client) (string, int) {
	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods, client.MatchingLabels{"component": "etcd"})).To(Succeed())
	name, claims := "", 0
	for _, pod := range pods.Items {
		if _, removed := pod.Annotations[cloudv1.EtcdMemberRemoved]; removed {
			continue
		}
		if pod.Annotations[cloudv1.EtcdLeaderFromAnnotationName] != "" {
			name, claims = pod.Name, claims+1
		}
	}
	return name, claims
}

func TestWorkerWaitsForTheControlPlane(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	result, err := Sync(ctx, c, cluster(machine("w1", false, 0)))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result).To(Equal(Result{Waiting: []string{"w1"}}))
	err = c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "kubeadm-config"}, &corev1.ConfigMap{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "KCP takes kubeadm-config for an initialised control plane")

	result, err = Sync(ctx, c, cluster(machine("w1", false, 0), machine("cp", true, 1)))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.Nodes).To(ConsistOf("cp", "w1"))
	g.Expect(result.Waiting).To(BeEmpty())

	// The control plane's machine is replaced: workers stay, and no longer wait.
	result, err = Sync(ctx, c, cluster(machine("w1", false, 0), machine("w2", false, 2)))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.Nodes).To(ConsistOf("w1", "w2"))
}

func TestControlPlaneIsWhatKubeadmAndCAPM3Expect(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, err := Sync(ctx, c, cluster(machine("cp", true, 0), machine("w", false, 1)))
	g.Expect(err).NotTo(HaveOccurred())

	var node corev1.Node
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "cp"}, &node)).To(Succeed())
	g.Expect(node.Labels).To(HaveKeyWithValue(HostUIDLabel, "host-uid-cp"))
	g.Expect(node.Labels).To(HaveKeyWithValue(ControlPlaneLabel, ""))
	g.Expect(node.Labels).To(HaveKeyWithValue("cluster.x-k8s.io/cluster-name", "c"))
	g.Expect(node.Spec.ProviderID).To(Equal("metal3://ns/host-cp/cp"))
	g.Expect(node.Spec.Taints).To(Equal([]corev1.Taint{{Key: ControlPlaneLabel, Effect: corev1.TaintEffectNoSchedule}}))
	g.Expect(node.Status.NodeInfo.KubeletVersion).To(Equal("v1.35.4"))
	for _, condition := range node.Status.Conditions {
		want := corev1.ConditionFalse
		if condition.Type == corev1.NodeReady {
			want = corev1.ConditionTrue
		}
		g.Expect(condition.Status).To(Equal(want), string(condition.Type))
	}
	g.Expect(node.Status.Conditions).To(HaveLen(4))

	var worker corev1.Node
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "w"}, &worker)).To(Succeed())
	g.Expect(worker.Spec.Taints).To(BeEmpty())
	g.Expect(worker.Labels).NotTo(HaveKey(ControlPlaneLabel))

	g.Expect(podNames(g, c)).To(Equal([]string{"etcd-cp", "kube-apiserver-cp", "kube-controller-manager-cp", "kube-scheduler-cp"}))
	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods)).To(Succeed())
	for _, pod := range pods.Items {
		g.Expect(pod.Annotations).To(HaveKey(corev1.MirrorPodAnnotationKey), "drain would evict "+pod.Name)
		g.Expect(pod.Status.Phase).To(Equal(corev1.PodRunning))
		g.Expect(pod.Status.Conditions).To(ContainElement(And(
			HaveField("Type", corev1.PodReady), HaveField("Status", corev1.ConditionTrue))))
	}

	var config corev1.ConfigMap
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "kubeadm-config"}, &config)).To(Succeed())
	g.Expect(config.Data["ClusterConfiguration"]).To(Equal(`apiVersion: kubeadm.k8s.io/v1beta4
clusterName: c
controlPlaneEndpoint: "192.0.2.1:20000"
kind: ClusterConfiguration
kubernetesVersion: v1.35.4
`))
	for _, name := range []string{"kubelet-config", "coredns"} {
		g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: name}, &corev1.ConfigMap{})).To(Succeed())
	}
	var proxy appsv1.DaemonSet
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "kube-proxy"}, &proxy)).To(Succeed())
	g.Expect(proxy.Spec.Template.Spec.Containers[0].Image).To(Equal("registry.k8s.io/kube-proxy:v1.35.4"))
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "coredns"}, &appsv1.Deployment{})).To(Succeed())
}

func TestSyncAgainChangesNothing(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	wanted := cluster(machine("cp", true, 0), machine("w", false, 1))
	_, err := Sync(ctx, c, wanted)
	g.Expect(err).NotTo(HaveOccurred())
	before := &corev1.NodeList{}
	g.Expect(c.List(ctx, before)).To(Succeed())
	for range 3 {
		_, err = Sync(ctx, c, wanted)
		g.Expect(err).NotTo(HaveOccurred())
	}
	after := &corev1.NodeList{}
	g.Expect(c.List(ctx, after)).To(Succeed())
	g.Expect(after.ResourceVersion).To(Equal(before.ResourceVersion), "nothing may have been written")
}

func TestSyncKeepsWhatClusterAPIWrote(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	_, err := Sync(ctx, c, cluster(machine("cp", true, 0)))
	g.Expect(err).NotTo(HaveOccurred())
	node := &corev1.Node{}
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "cp"}, node)).To(Succeed())
	node = node.DeepCopy()
	node.Labels["node.cluster.x-k8s.io/x"] = "y"
	node.Spec.Unschedulable = true
	node.Spec.Taints = nil
	g.Expect(c.Update(ctx, node)).To(Succeed())

	changed := machine("cp", true, 0)
	changed.Labels = map[string]string{"new": "label"}
	_, err = Sync(ctx, c, cluster(changed))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Get(ctx, client.ObjectKey{Name: "cp"}, node)).To(Succeed())
	g.Expect(node.Labels).To(And(HaveKeyWithValue("node.cluster.x-k8s.io/x", "y"), HaveKeyWithValue("new", "label")))
	g.Expect(node.Spec.Unschedulable).To(BeTrue())
	g.Expect(node.Spec.Taints).To(BeEmpty())
}

func TestEtcdScalesAndKeepsALeader(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	a, b, d := machine("a", true, 0), machine("b", true, 1), machine("d", true, 2)
	_, err := Sync(ctx, c, cluster(d, b, a))
	g.Expect(err).NotTo(HaveOccurred())
	name, claims := leader(g, c)
	g.Expect(name).To(Equal("etcd-a"), "the oldest machine leads")
	g.Expect(claims).To(Equal(1))

	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods, client.MatchingLabels{"component": "etcd"})).To(Succeed())
	members := map[string]bool{}
	for _, pod := range pods.Items {
		g.Expect(pod.Annotations[cloudv1.EtcdClusterIDAnnotationName]).To(Equal(strconv.FormatUint(EtcdID("cluster-uid"), 10)))
		members[pod.Annotations[cloudv1.EtcdMemberIDAnnotationName]] = true
	}
	g.Expect(members).To(HaveLen(3))

	// The leader's machine vanishes without KCP having moved the lead.
	_, err = Sync(ctx, c, cluster(b, d))
	g.Expect(err).NotTo(HaveOccurred())
	name, claims = leader(g, c)
	g.Expect(name).To(Equal("etcd-b"))
	g.Expect(claims).To(Equal(1))
	g.Expect(podNames(g, c)).To(HaveLen(8))

	// KCP removed b from etcd, its machine is still there: b must not be elected.
	pod := &corev1.Pod{}
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "etcd-b"}, pod)).To(Succeed())
	pod = pod.DeepCopy()
	pod.Annotations[cloudv1.EtcdMemberRemoved] = ""
	g.Expect(c.Update(ctx, pod)).To(Succeed())
	_, err = Sync(ctx, c, cluster(b, d))
	g.Expect(err).NotTo(HaveOccurred())
	name, _ = leader(g, c)
	g.Expect(name).To(Equal("etcd-d"))
}

func TestEtcdIDIsStableAndUsable(t *testing.T) {
	g := NewWithT(t)
	g.Expect(EtcdID("9c1f7a0e-1d3b-4c57-8f0e-2f1f6f8f3a11")).To(Equal(EtcdID("9c1f7a0e-1d3b-4c57-8f0e-2f1f6f8f3a11")))
	seen := map[uint64]bool{}
	for i := range 10000 {
		id := EtcdID("uid-" + strconv.Itoa(i))
		_, err := strconv.Atoi(strconv.FormatUint(id, 10))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(id).NotTo(BeZero())
		seen[id] = true
	}
	g.Expect(seen).To(HaveLen(10000))
}
