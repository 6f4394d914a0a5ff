package app

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit"
)

// TestTheFlagsWorkWithTheRightsThatTheyDeclare covers the two rights that only these flags need: to watch Secrets, and to
// patch BareMetalHosts.
func TestTheFlagsWorkWithTheRightsThatTheyDeclare(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	cluster := newCluster("c", "0", testkit.FreePort(t))
	g.Expect(c.Create(ctx, cluster)).To(Succeed())
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "queued", Annotations: map[string]string{management.QueuedAnnotation: ""},
	}}
	g.Expect(c.Create(ctx, host)).To(Succeed())
	start(t, kube, "--index=0", "--precreate-secrets=false", "--hosts-at-once=1")
	testkit.Eventually(t, "the release of the host", func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(host), host); err != nil {
			return err
		}
		if management.HostQueued(host) {
			return errors.New("it is still queued")
		}
		return nil
	})

	// The test plays KCP, which creates the authorities.
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	for _, certificate := range certificates {
		certificate.KeyEncryptionAlgorithm = bootstrapv1.EncryptionAlgorithmECDSAP256
	}
	key := client.ObjectKeyFromObject(cluster)
	g.Expect(certificates.LookupOrGenerate(ctx, c, key, metav1.OwnerReference{
		APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: "uid",
	})).To(Succeed())
	testkit.Eventually(t, "the cluster to be served", func() error {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(cluster.Spec.ControlPlaneEndpoint.Port)))
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return connection.Close()
	})
}
