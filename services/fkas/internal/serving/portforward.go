package serving

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/tools/portforward"
)

// KCP opens a port-forward each time it checks an etcd member or the API server's certificate. The in-memory handler
// leaves about one in fifty of them open for ever, a connection and ten goroutines each: when the tunnel has ended,
// nobody reads what the client still sends, and the SPDY connection cannot be closed. So this file handles
// port-forwards. It resets each stream at its end, which unblocks the goroutine that delivers to the stream.

const (
	portForwardSuffix = "/portforward"
	// streamTimeout limits the wait for the second stream of a pair. The kubelet has the same limit.
	streamTimeout = 30 * time.Second
	// forwardIdle is the time after which a connection without streams is closed.
	forwardIdle = 10 * time.Minute
	// drainTimeout limits the wait for the client's last data after the server has ended a tunnel.
	drainTimeout = 2 * time.Second
)

// forwardedPod returns the pod that a port-forward request names, and false for any other request.
func forwardedPod(path string) (types.NamespacedName, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(path, portForwardSuffix), "/api/v1/namespaces/")
	parts := strings.Split(rest, "/")
	if !ok || !strings.HasSuffix(path, portForwardSuffix) || len(parts) != 3 || parts[1] != "pods" {
		return types.NamespacedName{}, false
	}
	return types.NamespacedName{Namespace: parts[0], Name: parts[2]}, true
}

func (s *Server) portForward(
	c *cluster, pod types.NamespacedName, host string, w http.ResponseWriter, r *http.Request,
) {
	if err := s.client(c).Get(r.Context(), pod, &corev1.Pod{}); err != nil {
		writeError(w, err)
		return
	}
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		// Handshake has answered.
		return
	}
	f := &forwarder{target: host, pairs: map[string]*streamPair{}}
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, f.accept)
	if conn == nil {
		// UpgradeResponse has answered.
		return
	}
	f.mu.Lock()
	f.conn = conn
	f.mu.Unlock()
	conn.SetIdleTimeout(forwardIdle)
	<-conn.CloseChan()
	f.close()
}

// forwarder connects the streams of one client connection with the cluster's own listener. API server and etcd share
// that listener, so the requested port does not matter.
type forwarder struct {
	target string

	mu     sync.Mutex
	conn   httpstream.Connection
	closed bool
	pairs  map[string]*streamPair
	wg     sync.WaitGroup
}

type streamPair struct {
	data, errors httpstream.Stream
	timer        *time.Timer
}

func (p *streamPair) reset() {
	for _, stream := range []httpstream.Stream{p.data, p.errors} {
		if stream != nil {
			_ = stream.Reset()
		}
	}
}

// accept takes a stream; the two with one request id make a pair.
func (f *forwarder) accept(stream httpstream.Stream, replied <-chan struct{}) error {
	kind := stream.Headers().Get(corev1.StreamType)
	id := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
	if id == "" {
		return fmt.Errorf("header %s is required", corev1.PortForwardRequestIDHeader)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("the connection is closing")
	}
	pair, ok := f.pairs[id]
	if !ok {
		pair = &streamPair{}
		pair.timer = time.AfterFunc(streamTimeout, func() { f.expire(id, pair) })
		f.pairs[id] = pair
	}
	switch {
	case kind == corev1.StreamTypeData && pair.data == nil:
		pair.data = stream
	case kind == corev1.StreamTypeError && pair.errors == nil:
		pair.errors = stream
	default:
		return fmt.Errorf("stream type %q is unknown, or there twice for request %q", kind, id)
	}
	if pair.data != nil && pair.errors != nil {
		pair.timer.Stop()
		f.wg.Go(func() {
			// Nothing may be written to a stream before the client has its reply.
			<-replied
			f.tunnel(id, pair)
		})
	}
	return nil
}

// expire drops a pair of which only one stream was opened.
func (f *forwarder) expire(id string, pair *streamPair) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pairs[id] == pair && (pair.data == nil || pair.errors == nil) {
		delete(f.pairs, id)
		pair.reset()
	}
}

func (f *forwarder) tunnel(id string, pair *streamPair) {
	defer func() {
		pair.reset()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pairs, id)
		if f.conn != nil {
			f.conn.RemoveStreams(pair.data, pair.errors)
		}
	}()
	upstream, err := net.DialTimeout("tcp", f.target, 10*time.Second)
	if err != nil {
		_, _ = fmt.Fprintf(pair.errors, "forward to %s: %s", f.target, err)
		return
	}
	defer func() { _ = upstream.Close() }()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(upstream, pair.data)
		// The client has closed the stream or is gone, which ends the tunnel.
		_ = upstream.Close()
	}()
	_, _ = io.Copy(pair.data, upstream)
	_ = pair.data.Close()
	_ = pair.errors.Close()
	select {
	case <-sent:
	case <-time.After(drainTimeout):
		pair.reset()
		<-sent
	}
}

// close ends all tunnels of a connection, waits for them and closes the connection.
func (f *forwarder) close() {
	f.mu.Lock()
	f.closed = true
	for _, pair := range f.pairs {
		pair.timer.Stop()
		pair.reset()
	}
	f.mu.Unlock()
	f.wg.Wait()
	_ = f.conn.Close()
}
