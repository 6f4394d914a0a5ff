package serving_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/store"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/workload"
)

const ecdsa = bootstrapv1.EncryptionAlgorithmECDSAP256

func newServer(t *testing.T) *serving.Server {
	t.Helper()
	manager, err := store.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	server, err := serving.New(serving.Options{Manager: manager, BindAddress: "127.0.0.1", ExtraSANs: []string{"198.51.100.7"}, Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func spec(t *testing.T, name string) serving.Spec {
	t.Helper()
	return serving.Spec{
		Name: types.NamespacedName{Namespace: "ns", Name: name}, Identity: "uid-" + name, Host: "127.0.0.1", Port: testkit.FreePort(t),
		CA: testkit.Authority(t, secret.ClusterCA, ecdsa), EtcdCA: testkit.Authority(t, secret.EtcdCA, ecdsa),
	}
}

func address(s serving.Spec) string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port)) }

func clientset(t *testing.T, s serving.Spec) *kubernetes.Clientset {
	t.Helper()
	c, err := kubernetes.NewForConfig(testkit.RESTConfig(s.CA, address(s)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill gives a cluster control-plane machines and workers of the given names.
func fill(t *testing.T, server *serving.Server, s serving.Spec, controlPlane, workers []string) {
	t.Helper()
	c, ok := server.Client(s.Name)
	if !ok {
		t.Fatalf("%s is not served", s.Name)
	}
	wanted := workload.Cluster{Name: s.Name, Identity: s.Identity, Host: s.Host, Port: s.Port}
	for i, name := range append(append([]string{}, controlPlane...), workers...) {
		wanted.Nodes = append(wanted.Nodes, workload.Node{
			Name: name, Identity: "uid-" + name, ControlPlane: i < len(controlPlane), Version: "v1.35.4", HostUID: "host-" + name,
			ProviderID: "metal3://ns/host/" + name, Created: metav1.NewTime(time.Unix(int64(i), 0)),
		})
	}
	if _, err := workload.Sync(context.Background(), c, wanted); err != nil {
		t.Fatal(err)
	}
}

func TestClustersAreServedApart(t *testing.T) {
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
	nodes, err = clientset(t, b).CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: workload.HostUIDLabel + "=host-b-w"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(nodes.Items).To(HaveLen(1))
	g.Expect(nodes.Items[0].Name).To(Equal("b-w"))

	// b's authority does not vouch for a.
	wrong := a
	wrong.CA = b.CA
	_, err = clientset(t, wrong).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	g.Expect(err).To(MatchError(ContainSubstring("certificate signed by unknown authority")))
}

func TestCertificateCoversTheDeclaredHostWhateverItIs(t *testing.T) {
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
			g.Expect(conn.ConnectionState().PeerCertificates[0].Subject.CommonName).To(Equal("kube-apiserver"), "KCP looks for this name")
			_ = conn.Close()
		}
	}
}

func TestAuthoritiesOfAllKindsSign(t *testing.T) {
	for _, algorithm := range []bootstrapv1.EncryptionAlgorithmType{bootstrapv1.EncryptionAlgorithmRSA2048, bootstrapv1.EncryptionAlgorithmECDSAP384} {
		g := NewWithT(t)
		server := newServer(t)
		s := spec(t, "c")
		s.CA = testkit.Authority(t, secret.ClusterCA, algorithm)
		g.Expect(server.Ensure(s)).To(Succeed())
		_, err := clientset(t, s).CoreV1().Namespaces().List(testkit.Context(t), metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred(), string(algorithm))
	}
}

func TestAnyHostAndPortThatLeadHereWork(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	pool := x509.NewCertPool()
	pool.AddCert(s.CA.Cert)
	request, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, "https://"+address(s)+"/api/v1/nodes/cp", nil)
	g.Expect(err).NotTo(HaveOccurred())
	request.Host = "a-service-with-another-port:6443"
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK), string(body))
}

func TestEnsureReplacesAndRefuses(t *testing.T) {
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

func TestRemoveEndsEverything(t *testing.T) {
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

func TestSilentPeersAreBounded(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	// Peers that connect and say nothing, or something that is not TLS, keep nobody else out.
	for i := range 50 {
		conn, err := net.Dial("tcp", address(s))
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = conn.Close() }()
		if i%2 == 0 {
			_, _ = conn.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		}
	}
	_, err := clientset(t, s).CoreV1().Nodes().List(testkit.Context(t), metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())

	// A body without end is cut off, not read into memory.
	huge := io.LimitReader(zeros{}, 64<<20)
	err = clientset(t, s).CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/default/configmaps").
		SetHeader("Content-Type", "application/json").Body(huge).Do(testkit.Context(t)).Error()
	g.Expect(err).To(HaveOccurred())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, strings.Repeat("0", len(p))), nil }

// TestWatchAfterRestart is what a client-go reflector does when this process was replaced: it watches on, on a new
// connection, from a version that the new process never gave out.
func TestWatchAfterRestart(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)

	stranger := clientset(t, s)
	_, err := stranger.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
	g.Expect(apierrors.IsResourceExpired(err)).To(BeTrue(), fmt.Sprint(err))

	list, err := stranger.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	watching, err := stranger.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	g.Expect(err).NotTo(HaveOccurred(), "after a list on the same connection")
	fill(t, server, s, []string{"cp", "cp2"}, nil)
	g.Expect(nextNode(t, watching)).To(Equal("ADDED cp2"))
	watching.Stop()

	// A streaming list gets everything, even with a version.
	yes := true
	streaming, err := clientset(t, s).CoreV1().Nodes().Watch(ctx, metav1.ListOptions{
		ResourceVersion: "999", SendInitialEvents: &yes, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true,
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect([]string{nextNode(t, streaming), nextNode(t, streaming)}).To(ConsistOf("ADDED cp", "ADDED cp2"))
	streaming.Stop()
}

func nextNode(t *testing.T, w watch.Interface) string {
	t.Helper()
	for {
		select {
		case event, ok := <-w.ResultChan():
			if !ok {
				t.Fatal("watch ended")
			}
			if event.Type == watch.Bookmark {
				continue
			}
			return fmt.Sprintf("%s %s", event.Type, event.Object.(*corev1.Node).Name)
		case <-time.After(10 * time.Second):
			t.Fatal("no event within 10 s")
		}
	}
}

func TestMetricsDoNotGrowWithClusters(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	series := func() (int, string) {
		families, err := ctrlmetrics.Registry.Gather()
		g.Expect(err).NotTo(HaveOccurred())
		count, names := 0, ""
		for _, family := range families {
			if strings.HasPrefix(family.GetName(), "inmemory_") || strings.HasPrefix(family.GetName(), "fkas_workload_") {
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
