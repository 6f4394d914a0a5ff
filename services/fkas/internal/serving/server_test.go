package serving_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/workload"
)

func TestEachClusterHasItsOwnContentAndAuthority(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	a, b := spec(t, "a"), spec(t, "b")
	g.Expect(server.Ensure(a)).To(Succeed())
	g.Expect(server.Ensure(b)).To(Succeed())
	fill(t, server, a, []string{"a-cp"}, nil)
	fill(t, server, b, []string{"b-cp"}, []string{"b-w"})

	nodes, err := clientset(t, a).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(nodes.Items).To(HaveLen(1))
	g.Expect(nodes.Items[0].Name).To(Equal("a-cp"))
	nodes, err = clientset(
		t,
		b,
	).CoreV1().
		Nodes().
		List(ctx, metav1.ListOptions{LabelSelector: workload.HostUIDLabel + "=host-b-w"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(nodes.Items).To(HaveLen(1))
	g.Expect(nodes.Items[0].Name).To(Equal("b-w"))

	// b's authority does not vouch for a.
	wrong := a
	wrong.CA = b.CA
	_, err = clientset(t, wrong).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	g.Expect(err).To(MatchError(ContainSubstring("certificate signed by unknown authority")))
}

func TestTheCertificateCoversTheDeclaredHost(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	for _, host := range []string{"192.0.2.9", "2001:db8::9", "api.lab.example"} {
		s := spec(t, "c")
		s.Host = host
		g.Expect(server.Ensure(s)).To(Succeed())
		pool := x509.NewCertPool()
		pool.AddCert(s.CA.Cert)
		for _, name := range []string{host, "198.51.100.7", "127.0.0.1", "localhost"} {
			conn, err := tls.Dial("tcp", address(s), &tls.Config{RootCAs: pool, ServerName: name})
			g.Expect(err).NotTo(HaveOccurred(), name)
			g.Expect(conn.ConnectionState().PeerCertificates[0].Subject.CommonName).
				To(Equal("kube-apiserver"), "KCP looks for this name")
			_ = conn.Close()
		}
	}
}

func TestAuthoritiesOfAllAlgorithmsSign(t *testing.T) {
	for _, algorithm := range []bootstrapv1.EncryptionAlgorithmType{
		bootstrapv1.EncryptionAlgorithmRSA2048, bootstrapv1.EncryptionAlgorithmECDSAP384,
	} {
		g := NewWithT(t)
		server := newServer(t)
		s := spec(t, "c")
		s.CA = testkit.Authority(t, secret.ClusterCA, algorithm)
		g.Expect(server.Ensure(s)).To(Succeed())
		_, err := clientset(t, s).CoreV1().Namespaces().List(testkit.Context(t), metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred(), string(algorithm))
	}
}

func TestEnsureReplacesAnEndpointAndRefusesATakenPort(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	a, b := spec(t, "a"), spec(t, "b")
	g.Expect(server.Ensure(a)).To(Succeed())
	g.Expect(server.Ensure(a)).To(Succeed(), "twice is as once")
	fill(t, server, a, []string{"cp"}, nil)

	b.Port = a.Port
	g.Expect(server.Ensure(b)).To(MatchError("port " + fmt.Sprint(a.Port) + " is already used by cluster ns/a"))

	// A new port keeps the content.
	moved := a
	moved.Port = testkit.FreePort(t)
	g.Expect(server.Ensure(moved)).To(Succeed())
	_, err := net.DialTimeout("tcp", address(a), time.Second)
	g.Expect(err).To(HaveOccurred(), "the old port is closed")
	_, err = clientset(t, moved).CoreV1().Nodes().Get(ctx, "cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(server.Ensure(b)).To(Succeed(), "the old port is free")

	// A new Cluster of the same name starts empty.
	again := moved
	again.Identity = "another-uid"
	g.Expect(server.Ensure(again)).To(Succeed())
	_, err = clientset(t, again).CoreV1().Nodes().Get(ctx, "cp", metav1.GetOptions{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), fmt.Sprint(err))

	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = occupied.Close() }()
	c := spec(t, "c")
	c.Port = int32(occupied.Addr().(*net.TCPAddr).Port)
	g.Expect(server.Ensure(c)).To(MatchError(ContainSubstring("address already in use")))
}

func TestRemovingAClusterClosesItsConnections(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	before := runtime.NumGoroutine()
	for round := range 3 {
		s := spec(t, fmt.Sprint("c", round))
		g.Expect(server.Ensure(s)).To(Succeed())
		fill(t, server, s, []string{"cp"}, []string{"w"})
		cs := clientset(t, s)
		watching, err := cs.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		etcd := etcdClient(t, s, "etcd-cp")
		_, err = etcd.MemberList(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(server.Connections(s.Name)).To(BeNumerically(">=", 2))

		g.Expect(server.Remove(s.Name)).To(BeTrue())
		g.Expect(server.Remove(s.Name)).To(BeFalse())
		_, ok := server.Client(s.Name)
		g.Expect(ok).To(BeFalse())
		_, err = net.DialTimeout("tcp", address(s), time.Second)
		g.Expect(err).To(HaveOccurred())
		testkit.Eventually(t, "the watch to end", func() error {
			select {
			case _, open := <-watching.ResultChan():
				if !open {
					return nil
				}
			default:
			}
			return fmt.Errorf("still open")
		})
		_ = etcd.Close()
	}
	testkit.NoMoreGoroutines(t, before)
}

func TestMetricsDoNotGrowWithClusters(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	series := func() (int, string) {
		families, err := ctrlmetrics.Registry.Gather()
		g.Expect(err).NotTo(HaveOccurred())
		count, names := 0, ""
		for _, family := range families {
			if strings.HasPrefix(family.GetName(), "inmemory_") ||
				strings.HasPrefix(family.GetName(), "fkas_workload_") {
				count += len(family.GetMetric())
				names += family.GetName() + " "
			}
		}
		return count, names
	}
	use := func(name string) {
		s := spec(t, name)
		g.Expect(server.Ensure(s)).To(Succeed())
		_, err := clientset(t, s).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
	}
	use("first")
	before, names := series()
	g.Expect(names).To(ContainSubstring("fkas_workload_requests_total"))
	g.Expect(names).NotTo(ContainSubstring("inmemory_"))
	for i := range 5 {
		use(fmt.Sprint("c", i))
	}
	after, _ := series()
	g.Expect(after).To(Equal(before))
}
