package controller_test

import (
	"context"
	"errors"
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
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	"sigs.k8s.io/cluster-api/util/certs"
	"sigs.k8s.io/cluster-api/util/kubeconfig"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
	"metal3-scale-lab/fkas/internal/workload"
)

func TestClusterIsServedBeforeItsFirstMachine(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(BeEmpty())
	_, err := l.Workload("c").CoreV1().ConfigMaps("kube-system").Get(l.Ctx, "kubeadm-config", metav1.GetOptions{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "the control plane must not look initialised")
}

func TestSecretsAreWhatKCPTakesOver(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	l.MustRun("c")
	for _, purpose := range []secret.Purpose{secret.ClusterCA, secret.EtcdCA, secret.ServiceAccount, secret.FrontProxyCA, secret.Kubeconfig} {
		found, err := secret.GetFromNamespacedName(l.Ctx, l.Management, lab.Key("c"), purpose)
		g.Expect(err).NotTo(HaveOccurred(), string(purpose))
		// KCP adopts Secrets of this type only, and its secret cache selects by this label.
		g.Expect(found.Type).To(Equal(clusterv1.ClusterSecretType), string(purpose))
		g.Expect(found.Labels).To(HaveKeyWithValue(clusterv1.ClusterNameLabel, "c"), string(purpose))
		g.Expect(found.OwnerReferences).To(Equal([]metav1.OwnerReference{
			{APIVersion: clusterv1.GroupVersion.String(), Kind: "Cluster", Name: "c", UID: "uid-c"}}), string(purpose))
		g.Expect(metav1.GetControllerOf(found)).To(BeNil(), "KCP makes itself the controller")
	}
	// What KCP does with them: look up, generate nothing, and rotate the client certificate when it is time.
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	owner := metav1.OwnerReference{Kind: "KubeadmControlPlane", Name: "kcp", UID: "uid-kcp"}
	g.Expect(certificates.LookupOrGenerate(l.Ctx, l.Management, lab.Key("c"), owner)).To(Succeed())
	for _, certificate := range certificates {
		g.Expect(certificate.Generated).To(BeFalse(), string(certificate.Purpose))
	}
	g.Expect(certificates.EnsureAllExist()).To(Succeed())
	config, err := secret.GetFromNamespacedName(l.Ctx, l.Management, lab.Key("c"), secret.Kubeconfig)
	g.Expect(err).NotTo(HaveOccurred())
	due, err := kubeconfig.NeedsClientCertRotation(config, 24*time.Hour)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(due).To(BeFalse())
	g.Expect(kubeconfig.RegenerateSecret(l.Ctx, l.Management, config)).To(Succeed())
	g.Expect(l.Nodes("c")).To(BeEmpty(), "the rotated kubeconfig works")
}

func TestAuthoritiesThatKCPMadeFirstAreUsed(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	// KCP is half-way: its cluster CA is there, the others are not.
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	ca := certificates.GetByPurpose(secret.ClusterCA)
	ca.KeyEncryptionAlgorithm = bootstrapv1.EncryptionAlgorithmRSA2048
	g.Expect(ca.Generate()).To(Succeed())
	l.Create(ca.AsSecret(lab.Key("c"), metav1.OwnerReference{Kind: "KubeadmControlPlane", Name: "kcp", UID: "uid-kcp"}))
	l.MustRun("c")
	g.Expect(l.Nodes("c")).To(BeEmpty())
	found, err := secret.GetFromNamespacedName(l.Ctx, l.Management, lab.Key("c"), secret.ClusterCA)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Data[secret.TLSCrtDataName]).To(Equal(ca.KeyPair.Cert))
	g.Expect(found.OwnerReferences[0].Kind).To(Equal("KubeadmControlPlane"))
}

func TestRaceForAnAuthorityIsLostGracefully(t *testing.T) {
	g := NewWithT(t)
	var winner *corev1.Secret
	l := lab.Failing(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
		if s, ok := obj.(*corev1.Secret); ok && s.Name == "c-ca" && winner == nil {
			certificate := &secret.Certificate{Purpose: secret.ClusterCA, KeyEncryptionAlgorithm: bootstrapv1.EncryptionAlgorithmECDSAP256}
			if err := certificate.Generate(); err != nil {
				return err
			}
			winner = certificate.AsSecret(lab.Key("c"), metav1.OwnerReference{Kind: "KubeadmControlPlane", Name: "kcp", UID: "uid-kcp"})
			if err := c.Create(ctx, winner.DeepCopy()); err != nil {
				return err
			}
		}
		return c.Create(ctx, obj, opts...)
	}}, lab.NewCluster("c", testkit.FreePort(t))...)
	l.MustRun("c")
	g.Expect(winner).NotTo(BeNil())
	served, ok := l.Server.Get(lab.Key("c"))
	g.Expect(ok).To(BeTrue())
	found, err := secret.GetFromNamespacedName(l.Ctx, l.Management, lab.Key("c"), secret.ClusterCA)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Data).To(Equal(winner.Data))
	decoded, err := certs.DecodeCertPEM(winner.Data[secret.TLSCrtDataName])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(served.CA.Cert.Equal(decoded)).To(BeTrue())
	g.Expect(l.Nodes("c")).To(BeEmpty(), "kubeconfig and server agree on the winner's authority")
}

func TestWithoutPrecreationItWaitsForKCP(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	l.Precreate = false
	l.MustRun("c")
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Served).To(BeFalse())
	g.Expect(status.Waiting).To(ContainSubstring("certificate authority Secrets do not exist yet"))
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())
	g.Expect(secrets.Items).To(BeEmpty())

	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	for _, certificate := range certificates {
		certificate.KeyEncryptionAlgorithm = bootstrapv1.EncryptionAlgorithmECDSAP256
	}
	g.Expect(certificates.LookupOrGenerate(l.Ctx, l.Management, lab.Key("c"), metav1.OwnerReference{})).To(Succeed())
	l.MustRun("c")
	status, _ = l.Status(lab.Key("c"))
	g.Expect(status.Served).To(BeTrue())
}

func TestNodeAppearsWhenTheHostIsProvisioned(t *testing.T) {
	g := NewWithT(t)
	objects := append(lab.NewCluster("c", testkit.FreePort(t)), lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioning)...)
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

func TestCAPM3IsToldOfTheNodeOnce(t *testing.T) {
	g := NewWithT(t)
	objects := append(lab.NewCluster("c", testkit.FreePort(t)), lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioning)...)
	patches := 0
	l := lab.Failing(t, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		patches++
		return c.Patch(ctx, obj, patch, opts...)
	}}, append(objects, lab.NewMachine("c", "linked", true, bmov1alpha1.StateProvisioned)...)...)
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

func TestMachinesGoAndComeWhileScaling(t *testing.T) {
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
	pods, err = l.Workload("c").CoreV1().Pods("kube-system").List(l.Ctx, metav1.ListOptions{LabelSelector: "component=etcd"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pods.Items).To(HaveLen(1))
	g.Expect(pods.Items[0].Annotations).To(HaveKey(cloudv1.EtcdLeaderFromAnnotationName))
}

func TestRestartRebuildsTheSameCluster(t *testing.T) {
	g := NewWithT(t)
	objects := append(lab.NewCluster("c", testkit.FreePort(t)), lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)...)
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

func TestDeletedClusterLeavesNothing(t *testing.T) {
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

func TestNothingIsCreatedForAClusterBeingDeleted(t *testing.T) {
	g := NewWithT(t)
	objects := lab.NewCluster("c", testkit.FreePort(t))
	objects[0].SetFinalizers([]string{"cluster.cluster.x-k8s.io"})
	l := lab.New(t, objects...)
	g.Expect(l.Management.Delete(l.Ctx, objects[0])).To(Succeed())
	l.MustRun("c")
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())
	g.Expect(secrets.Items).To(BeEmpty())
}

func TestTwoClustersOnOnePort(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	first := lab.NewCluster("first", port)
	l := lab.New(t, append(first, lab.NewCluster("second", port)...)...)
	l.MustRun("first")
	err := l.Run(l.Ctx, lab.Key("second"))
	g.Expect(err).To(MatchError(ContainSubstring("already used by cluster metal3/first")))
	status, _ := l.Status(lab.Key("second"))
	g.Expect(status.Served).To(BeFalse())
	g.Expect(status.Error).To(ContainSubstring("already used"))

	l.Remove(first...)
	l.MustRun("first")
	l.MustRun("second")
	g.Expect(l.Nodes("second")).To(BeEmpty())
}

func TestReadinessWaitsForDeclaredClustersOnly(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	undeclared := lab.NewCluster("undeclared", 0)
	objects := append(lab.NewCluster("a", port), lab.NewCluster("b", port)...)
	l := lab.New(t, append(objects, undeclared...)...)
	pending, err := l.Pending(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pending).To(ConsistOf(lab.Key("a"), lab.Key("b")))
	l.MustRun("a")
	l.MustRun("undeclared")
	for range controller.TriesBeforeReady {
		pending, err = l.Pending(l.Ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pending).To(ConsistOf(lab.Key("b")))
		g.Expect(l.Run(l.Ctx, lab.Key("b"))).NotTo(Succeed())
	}
	pending, err = l.Pending(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pending).To(BeEmpty(), "one that cannot be served does not hold up the others")
	counts := l.Counts()
	g.Expect([]int{counts.Served, counts.Waiting, counts.Failed}).To(Equal([]int{1, 1, 1}))
}

func TestFailureOfTheManagementClusterIsReported(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(t, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*clusterv1.MachineList); ok {
			return broken
		}
		return c.List(ctx, list, opts...)
	}}, lab.NewCluster("c", testkit.FreePort(t))...)
	g.Expect(l.Run(l.Ctx, lab.Key("c"))).To(MatchError(broken))
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Served).To(BeTrue(), "the API server is up all the same")
	g.Expect(status.Error).To(ContainSubstring("etcd is on fire"))
}
