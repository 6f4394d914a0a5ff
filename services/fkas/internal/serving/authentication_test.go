package serving_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/cluster-api/util/certs"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
)

// ask sends a GET request with the given credentials and returns code and body.
func ask(t *testing.T, config *rest.Config, path string) (int, string) {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(config.Host + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

const unauthorized = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",` +
	`"message":"Unauthorized","reason":"Unauthorized","code":401}`

func TestOnlyCertificatesOfTheClusterLetIn(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s, other := spec(t, "c"), spec(t, "other")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	with := func(authority serving.KeyPair) *rest.Config {
		config := testkit.RESTConfig(t, authority, address(s))
		config.CAData = certs.EncodeCertPEM(s.CA.Cert)
		return config
	}
	nobody := rest.AnonymousClientConfig(with(s.CA))

	for _, path := range []string{
		"/api/v1/nodes", "/api", "/apis", "/", "/nothing", "/api/v1/nodes?watch=true&timeoutSeconds=1",
	} {
		for name, config := range map[string]*rest.Config{
			"no certificate": nobody, "of another cluster": with(other.CA), "of etcd": with(s.EtcdCA),
		} {
			code, body := ask(t, config, path)
			g.Expect(code).To(Equal(http.StatusUnauthorized), name+" "+path)
			g.Expect(body).To(Equal(unauthorized), name+" "+path)
		}
		code, _ := ask(t, with(s.CA), path)
		g.Expect(code).NotTo(Equal(http.StatusUnauthorized), path)
	}
	_, err := kubernetes.NewForConfigOrDie(nobody).CoreV1().Nodes().List(testkit.Context(t), metav1.ListOptions{})
	g.Expect(apierrors.IsUnauthorized(err)).To(BeTrue())
	err = kubernetes.NewForConfigOrDie(nobody).CoreV1().Nodes().
		Delete(testkit.Context(t), "cp", metav1.DeleteOptions{})
	g.Expect(apierrors.IsUnauthorized(err)).To(BeTrue())
	g.Expect(apierrors.IsUnauthorized(forwardAs(t, nobody, "etcd-cp"))).To(BeTrue())

	for _, path := range []string{"/healthz", "/livez", "/readyz", "/version"} {
		code, _ := ask(t, nobody, path)
		g.Expect(code).To(Equal(http.StatusOK), path)
	}
}

func TestAnExpiredCertificateNoLongerLetsIn(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	config := testkit.RESTConfig(t, s.CA, address(s))
	config.CertData, config.KeyData = testkit.ClientCertificateUntil(t, s.CA, time.Now().Add(2*time.Second), "brief")
	// The connection stays open beyond the certificate's end.
	client, err := rest.HTTPClientFor(config)
	g.Expect(err).NotTo(HaveOccurred())
	get := func() int {
		response, err := client.Get(config.Host + "/api")
		g.Expect(err).NotTo(HaveOccurred())
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.StatusCode
	}
	g.Expect(get()).To(Equal(http.StatusOK))
	g.Expect(server.Connections(s.Name)).To(Equal(1))
	g.Eventually(get, "5s", "200ms").Should(Equal(http.StatusUnauthorized))
	g.Expect(server.Connections(s.Name)).To(Equal(1), "it was the same connection")
}

func TestEtcdWantsACertificateOfItsAuthority(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	_, err := etcdClientOf(t, s, s.CA, "etcd-cp").MemberList(ctx)
	g.Expect(status.Code(err)).To(Equal(codes.Unauthenticated))
	g.Expect(err).To(MatchError(ContainSubstring("certificate of the authority of etcd")))
	g.Expect(memberNames(t, ctx, etcdClient(t, s, "etcd-cp"))).To(Equal([]string{"cp"}))
}
