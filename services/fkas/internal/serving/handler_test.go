package serving_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"metal3-scale-lab/fkas/internal/testkit"
)

func TestClientsMayUseAnyHostAndPortThatLeadToTheListener(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	request, err := http.NewRequestWithContext(
		testkit.Context(t),
		http.MethodGet,
		"https://"+address(s)+"/api/v1/nodes/cp",
		nil,
	)
	g.Expect(err).NotTo(HaveOccurred())
	request.Host = "a-service-with-another-port:6443"
	client, err := rest.HTTPClientFor(testkit.RESTConfig(t, s.CA, address(s)))
	g.Expect(err).NotTo(HaveOccurred())
	response, err := client.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.StatusCode).To(Equal(http.StatusOK), string(body))
}

func TestPeersThatSendNothingDoNotKeepOthersOut(t *testing.T) {
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

// TestAWatchFromBeforeARestartListsAgain does what a client-go reflector does after a restart of this process: on a new
// connection it watches from a version that only the earlier process gave out.
func TestAWatchFromBeforeARestartListsAgain(t *testing.T) {
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
		ResourceVersion: "999", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		SendInitialEvents: &yes, AllowWatchBookmarks: true,
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
