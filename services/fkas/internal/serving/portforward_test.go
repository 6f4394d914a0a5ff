package serving_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
)

// TestPortForwardsLeaveNothingBehind opens and closes etcd clients as KCP does, all day long. The in-memory server's
// own port-forward left one connection in fifty behind.
func TestPortForwardsLeaveNothingBehind(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp1", "cp2", "cp3"}, nil)
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	failures := make(chan error, 200)
	for worker := range 4 {
		wg.Go(func() {
			for range 30 {
				ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
				pod := fmt.Sprintf("etcd-cp%d", worker%3+1)
				c := etcdClient(t, s, pod)
				if _, err := c.Status(ctx, pod); err != nil {
					failures <- err
				} else if _, err := c.MemberList(ctx); err != nil {
					failures <- err
				}
				_ = c.Close()
				cancel()
			}
		})
	}
	wg.Wait()
	g.Expect(failures).To(BeEmpty())
	testkit.Eventually(t, "the connections to end", func() error {
		if open := server.Connections(s.Name); open > 0 {
			return fmt.Errorf("%d are open", open)
		}
		return nil
	})
	testkit.NoMoreGoroutines(t, before)
}

func forward(t *testing.T, s serving.Spec, pod string) error {
	t.Helper()
	return forwardAs(t, testkit.RESTConfig(t, s.CA, address(s)), pod)
}

func forwardAs(t *testing.T, config *rest.Config, pod string) error {
	t.Helper()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		t.Fatal(err)
	}
	url := kubernetes.NewForConfigOrDie(config).CoreV1().RESTClient().Post().Resource("pods").Namespace("kube-system").
		Name(pod).SubResource("portforward").URL()
	conn, _, err := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url).
		Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	headers := http.Header{}
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, "unknown")
	if _, err := conn.CreateStream(headers); err == nil {
		return fmt.Errorf("a stream of an unknown type was accepted")
	}
	// One stream of the two, and never the other.
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	_, err = conn.CreateStream(headers)
	return err
}

func TestMalformedPortForwardsLeaveNothingBehind(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	before := runtime.NumGoroutine()
	g.Expect(apierrors.IsNotFound(forward(t, s, "etcd-nobody"))).To(BeTrue())
	g.Expect(forward(t, s, "etcd-cp")).To(Succeed())

	// Not an upgrade at all.
	err := clientset(
		t,
		s,
	).CoreV1().
		RESTClient().
		Post().
		AbsPath("/api/v1/namespaces/kube-system/pods/etcd-cp/portforward").
		Do(testkit.Context(t)).
		Error()
	g.Expect(err).To(HaveOccurred())

	// A peer that talks nonsense after the upgrade, and one that vanishes.
	conn, err := net.Dial("tcp", address(s))
	g.Expect(err).NotTo(HaveOccurred())
	_ = conn.Close()
	testkit.Eventually(t, "the connections to end", func() error {
		if open := server.Connections(s.Name); open > 2 {
			return fmt.Errorf("%d are open", open)
		}
		return nil
	})
	server.Remove(s.Name)
	testkit.NoMoreGoroutines(t, before)
}
