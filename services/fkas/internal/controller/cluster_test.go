package controller_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
	"metal3-scale-lab/fkas/internal/workload"
)

func TestAClusterIsServedBeforeItsFirstMachine(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(BeEmpty())
	_, err := l.Workload("c").CoreV1().ConfigMaps("kube-system").Get(l.Ctx, "kubeadm-config", metav1.GetOptions{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "the control plane must not look initialised")
}

func TestANodeAppearsWhenItsHostIsProvisioned(t *testing.T) {
	g := NewWithT(t)
	objects := append(
		lab.NewCluster("c", testkit.FreePort(t)),
		lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioning)...)
	l := lab.New(t, append(objects, lab.NewMachine("c", "w", false, bmov1alpha1.StateProvisioned)...)...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(BeEmpty())
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.WaitingNodes).To(Equal([]string{"w"}))

	l.SetHostState("cp-host", bmov1alpha1.StateProvisioned)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp", "w"))
	node, err := l.Workload("c").CoreV1().Nodes().Get(l.Ctx, "cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(node.Spec.ProviderID).To(Equal("metal3://metal3/cp-host/cp-m3m"))
	g.Expect(node.Labels).To(HaveKeyWithValue(workload.HostUIDLabel, "uid-cp-host"))
	g.Expect(node.Labels).To(HaveKey(clusterv1.MachineControlPlaneLabel))

	// The host has trouble later: the node stays, as a real one would.
	l.SetHostState("cp-host", bmov1alpha1.StatePreparing)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp", "w"))
}

func TestCAPM3IsTriggeredOnceForANewNode(t *testing.T) {
	g := NewWithT(t)
	objects := append(
		lab.NewCluster("c", testkit.FreePort(t)),
		lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioning)...)
	patches := 0
	l := lab.Failing(
		t,
		interceptor.Funcs{
			Patch: func(
				ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch,
				opts ...client.PatchOption,
			) error {
				patches++
				return c.Patch(ctx, obj, patch, opts...)
			},
		},
		append(objects, lab.NewMachine("c", "linked", true, bmov1alpha1.StateProvisioned)...)...)
	var m3m infrav1.Metal3Machine
	g.Expect(l.Management.Get(l.Ctx, lab.Key("linked-m3m"), &m3m)).To(Succeed())
	m3m.Spec.ProviderID = "metal3://metal3/linked-host/linked-m3m"
	g.Expect(l.Management.Update(l.Ctx, &m3m)).To(Succeed())

	l.MustRun("c")
	g.Expect(patches).To(BeZero(), "one has no Node yet, the other is linked")
	l.SetHostState("cp-host", bmov1alpha1.StateProvisioned)
	l.MustRun("c")
	l.MustRun("c")
	g.Expect(patches).To(Equal(1))
	g.Expect(l.Management.Get(l.Ctx, lab.Key("cp-m3m"), &m3m)).To(Succeed())
	g.Expect(m3m.Annotations).To(HaveKeyWithValue(management.NodeCreatedAnnotation, "uid-cp-host"))
	g.Expect(m3m.Spec.ProviderID).To(BeEmpty(), "the rest is CAPM3's")
}

func TestNodesFollowMachinesWhenAClusterIsScaled(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	machines := map[string][]client.Object{}
	for _, name := range []string{"cp1", "cp2", "cp3"} {
		machines[name] = lab.NewMachine("c", name, true, bmov1alpha1.StateProvisioned)
	}
	machines["w1"] = lab.NewMachine("c", "w1", false, bmov1alpha1.StateProvisioned)
	machines["w2"] = lab.NewMachine("c", "w2", false, bmov1alpha1.StateProvisioned)
	l.Create(machines["cp1"]...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp1"))
	for _, name := range []string{"cp2", "cp3", "w1", "w2"} {
		l.Create(machines[name]...)
	}
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp1", "cp2", "cp3", "w1", "w2"))
	pods, err := l.Workload("c").CoreV1().Pods("kube-system").List(l.Ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pods.Items).To(HaveLen(12))

	// A worker's Metal3Machine is being deleted: its host is switched off, so its Node goes, before the Machine does.
	var m3m infrav1.Metal3Machine
	g.Expect(l.Management.Get(l.Ctx, lab.Key("w1-m3m"), &m3m)).To(Succeed())
	m3m.Finalizers = []string{"metal3machine.infrastructure.cluster.x-k8s.io"}
	g.Expect(l.Management.Update(l.Ctx, &m3m)).To(Succeed())
	g.Expect(l.Management.Delete(l.Ctx, &m3m)).To(Succeed())
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp1", "cp2", "cp3", "w2"))

	l.Remove(machines["cp1"]...)
	l.Remove(machines["cp2"]...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp3", "w2"))
	pods, err = l.Workload("c").
		CoreV1().
		Pods("kube-system").
		List(l.Ctx, metav1.ListOptions{LabelSelector: "component=etcd"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pods.Items).To(HaveLen(1))
	g.Expect(pods.Items[0].Annotations).To(HaveKey(cloudv1.EtcdLeaderFromAnnotationName))
}

func TestARestartedProcessServesTheSameCluster(t *testing.T) {
	g := NewWithT(t)
	objects := append(
		lab.NewCluster("c", testkit.FreePort(t)),
		lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)...)
	l := lab.New(t, append(objects, lab.NewMachine("c", "w", false, bmov1alpha1.StateProvisioned)...)...)
	l.MustRun("c")
	before := l.Workload("c")
	pod, err := before.CoreV1().Pods("kube-system").Get(l.Ctx, "etcd-cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())

	again := l.Restarted()
	again.MustRun("c")
	// The client from before the restart goes on with its kubeconfig.
	nodes, err := before.CoreV1().Nodes().List(l.Ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(nodes.Items).To(HaveLen(2))
	rebuilt, err := before.CoreV1().Pods("kube-system").Get(l.Ctx, "etcd-cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	for _, annotation := range []string{cloudv1.EtcdClusterIDAnnotationName, cloudv1.EtcdMemberIDAnnotationName} {
		g.Expect(rebuilt.Annotations[annotation]).To(Equal(pod.Annotations[annotation]), annotation)
	}
	var after corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &after)).To(Succeed())
	g.Expect(after.Items).To(HaveLen(len(secrets.Items)))
}

func TestADeletedClusterLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	cluster, machine := lab.NewCluster("c", port), lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)
	l := lab.New(t)
	before := runtime.NumGoroutine()
	l.Create(append(cluster, machine...)...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"))

	l.Remove(append(cluster, machine...)...)
	l.MustRun("c")
	_, err := net.DialTimeout("tcp", "127.0.0.1:"+fmt.Sprint(port), time.Second)
	g.Expect(err).To(HaveOccurred())
	g.Expect(l.Statuses()).To(BeEmpty())
	g.Expect(l.Server.Names()).To(BeEmpty())
	testkit.NoMoreGoroutines(t, before)
}
