package workload

import (
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

var ctx = context.Background()

func newStore(t *testing.T) inmemoryclient.Client {
	t.Helper()
	objects := store.New(clientgoscheme.Scheme)
	objects.AddResourceGroup("ns/c")
	return objects.GetResourceGroup("ns/c").GetClient()
}

func cluster(nodes ...Node) Cluster {
	return Cluster{
		Name:     types.NamespacedName{Namespace: "ns", Name: "c"},
		Identity: "cluster-uid",
		Host:     "192.0.2.1",
		Port:     20000,
		Nodes:    nodes,
	}
}

func machine(name string, controlPlane bool, minute int) Node {
	return Node{
		Name: name, Identity: "uid-" + name, ControlPlane: controlPlane, Version: "v1.35.4",
		ProviderID: "metal3://ns/host-" + name + "/" + name,
		HostUID:    "host-uid-" + name, Labels: map[string]string{"cluster.x-k8s.io/cluster-name": "c"},
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

func TestAWorkerWaitsForTheControlPlane(t *testing.T) {
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

func TestAControlPlaneLooksAsIfKubeadmHadBuiltIt(t *testing.T) {
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

	g.Expect(podNames(g, c)).
		To(Equal([]string{"etcd-cp", "kube-apiserver-cp", "kube-controller-manager-cp", "kube-scheduler-cp"}))
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
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "coredns"}, &appsv1.Deployment{})).
		To(Succeed())
}

func TestASecondSyncWritesNothing(t *testing.T) {
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
