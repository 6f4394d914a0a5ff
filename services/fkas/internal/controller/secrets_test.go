package controller_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/certs"
	"sigs.k8s.io/cluster-api/util/kubeconfig"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestKCPAdoptsThePrecreatedSecrets(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewCluster("c", testkit.FreePort(t))...)
	l.MustRun("c")
	for _, purpose := range []secret.Purpose{
		secret.ClusterCA, secret.EtcdCA, secret.ServiceAccount, secret.FrontProxyCA, secret.Kubeconfig,
	} {
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

func TestAnAuthorityThatKCPCreatedFirstIsUsed(t *testing.T) {
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

func TestAnAuthorityThatKCPCreatesInBetweenIsUsed(t *testing.T) {
	g := NewWithT(t)
	var winner *corev1.Secret
	l := lab.Failing(
		t,
		interceptor.Funcs{
			Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
				if s, ok := obj.(*corev1.Secret); ok && s.Name == "c-ca" && winner == nil {
					certificate := &secret.Certificate{
						Purpose:                secret.ClusterCA,
						KeyEncryptionAlgorithm: bootstrapv1.EncryptionAlgorithmECDSAP256,
					}
					if err := certificate.Generate(); err != nil {
						return err
					}
					winner = certificate.AsSecret(
						lab.Key("c"),
						metav1.OwnerReference{Kind: "KubeadmControlPlane", Name: "kcp", UID: "uid-kcp"},
					)
					if err := c.Create(ctx, winner.DeepCopy()); err != nil {
						return err
					}
				}
				return c.Create(ctx, obj, opts...)
			},
		},
		lab.NewCluster("c", testkit.FreePort(t))...)
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

func TestWithoutPrecreationAClusterWaitsForKCPsAuthorities(t *testing.T) {
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

func TestNoSecretIsCreatedForAClusterThatIsBeingDeleted(t *testing.T) {
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

// TestNoSecretIsCreatedForAClusterThatIsInitialized holds FKAS to KCP's own rule: an authority that is missing once the
// control plane is initialized must not be replaced by another, which no certificate of the cluster was signed with.
func TestNoSecretIsCreatedForAClusterThatIsInitialized(t *testing.T) {
	g := NewWithT(t)
	objects := lab.NewCluster("c", testkit.FreePort(t))
	yes := true
	objects[0].(*clusterv1.Cluster).Status.Initialization.ControlPlaneInitialized = &yes
	l := lab.New(t, objects...)
	l.MustRun("c")
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Served).To(BeFalse())
	g.Expect(status.Waiting).To(ContainSubstring("certificate authority Secrets do not exist yet"))
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())
	g.Expect(secrets.Items).To(BeEmpty())
}
