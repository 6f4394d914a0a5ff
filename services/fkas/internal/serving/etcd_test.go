package serving_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/proxy"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/workload"
)

// etcdClient reaches a member as KCP does: gRPC over TLS over a port-forward to the member's pod, certificates checked
// on both sides.
func etcdClient(t *testing.T, s serving.Spec, pod string) *clientv3.Client {
	t.Helper()
	return etcdClientOf(t, s, s.EtcdCA, pod)
}

// etcdClientOf has a certificate of the given authority.
func etcdClientOf(t *testing.T, s serving.Spec, authority serving.KeyPair, pod string) *clientv3.Client {
	t.Helper()
	pair, err := tls.X509KeyPair(testkit.ClientCertificate(t, authority, "kcp"))
	if err != nil {
		t.Fatal(err)
	}
	dialer, err := proxy.NewDialer(
		proxy.Proxy{
			Kind:       "pods",
			Namespace:  "kube-system",
			KubeConfig: testkit.RESTConfig(t, s.CA, address(s)),
			Port:       2379,
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.EtcdCA.Cert)
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{pod}, DialTimeout: 10 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(dialer.DialContextWithAddr)},
		TLS:         &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func memberNames(t *testing.T, ctx context.Context, c *clientv3.Client) []string {
	t.Helper()
	response, err := c.MemberList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, member := range response.Members {
		names = append(names, member.Name)
	}
	slices.Sort(names)
	return names
}

func TestKCPCanScaleEtcdDown(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp1", "cp2", "cp3"}, []string{"w"})

	first := etcdClient(t, s, "etcd-cp1")
	g.Expect(memberNames(t, ctx, first)).To(Equal([]string{"cp1", "cp2", "cp3"}))
	status, err := first.Status(ctx, "etcd-cp1")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(status.Leader).To(Equal(workload.EtcdID("uid-cp1")))
	alarms, err := first.AlarmList(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(alarms.Alarms).To(BeEmpty())

	// KCP scales down: it moves the lead away, removes the member, then the machine goes.
	_, err = first.MoveLeader(ctx, workload.EtcdID("uid-cp2"))
	g.Expect(err).NotTo(HaveOccurred())
	second := etcdClient(t, s, "etcd-cp2")
	status, err = second.Status(ctx, "etcd-cp2")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(status.Leader).To(Equal(workload.EtcdID("uid-cp2")))
	_, err = second.MemberRemove(ctx, workload.EtcdID("uid-cp1"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(memberNames(t, ctx, second)).To(Equal([]string{"cp2", "cp3"}))
	fill(t, server, s, []string{"cp2", "cp3"}, []string{"w"})
	g.Expect(memberNames(t, ctx, second)).To(Equal([]string{"cp2", "cp3"}))
	status, err = second.Status(ctx, "etcd-cp2")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(status.Leader).To(Equal(workload.EtcdID("uid-cp2")), "the lead stays where KCP moved it")
}

func TestAnUnknownEtcdMemberHasNoCertificate(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	pool := x509.NewCertPool()
	pool.AddCert(s.EtcdCA.Cert)
	conn, err := tls.Dial("tcp", address(s), &tls.Config{RootCAs: pool, ServerName: "etcd-cp"})
	g.Expect(err).NotTo(HaveOccurred())
	_ = conn.Close()
	_, err = tls.Dial("tcp", address(s), &tls.Config{RootCAs: pool, ServerName: "etcd-nobody"})
	g.Expect(err).To(HaveOccurred())
}
