package serving

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
)

// maxBody bounds the body of a write to a fake cluster, in bytes: etcd's own limit for a request is 1.5 MiB, and
// kube-apiserver's 3 MiB. The in-memory handler reads bodies whole.
const maxBody = 3 << 20

// connection is what is remembered about one client connection: the collections it has listed.
type connection struct {
	mu     sync.Mutex
	listed map[string]bool
}

type connectionKey struct{}

// rootPaths is what kube-apiserver answers at /, as far as it is there.
var rootPaths = []byte(`{"paths":["/api","/api/v1","/apis","/healthz","/livez","/readyz","/version"]}`)

func withConnection(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

func (c *connection) note(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listed == nil {
		c.listed = map[string]bool{}
	}
	c.listed[path] = true
}

func (c *connection) knows(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listed[path]
}

// handler answers for one cluster: gRPC goes to its etcd, the rest to its API, with the corrections below.
func (s *Server) handler(c *cluster) http.Handler {
	// The in-memory handlers find the cluster by the port in the Host header and dial that host for a port-forward.
	// With the loopback address here, clients may use any host and port that lead to the listener.
	host := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.spec.Port)))
	if s.options.BindAddress != "" {
		host = net.JoinHostPort(s.options.BindAddress, strconv.Itoa(int(c.spec.Port)))
	}
	return measured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			s.etcd.ServeHTTP(w, r)
			return
		}
		r.Host = host
		if pod, ok := forwardedPod(r.URL.Path); ok {
			s.portForward(c, pod, w, r)
			return
		}
		switch r.Method {
		case http.MethodGet:
			s.get(c, w, r)
		case http.MethodPatch:
			s.patch(c, w, r)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			s.api.ServeHTTP(w, r)
		}
	}))
}

func watches(r *http.Request) bool {
	watch := r.URL.Query().Get("watch")
	return watch == "true" || watch == "1"
}

func (s *Server) get(c *cluster, w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		// Cluster API asks this of every cluster every 10 s, from four controllers: the in-memory handler would look through all its routes.
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(rootPaths)
		return
	case "/healthz", "/livez", "/readyz":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok"))
		return
	case "/version":
		s.version(c, w)
		return
	}
	watch := watches(r)
	if watch && !s.prepareWatch(w, r) {
		return
	}
	if !watch {
		noteList(r)
		if wantsTable(r) {
			s.table(w, r)
			return
		}
	}
	s.api.ServeHTTP(w, r)
}

// prepareWatch corrects a watch for a server whose resource versions start anew with each process. It says whether
// the request goes on to the in-memory handler.
//
// A client that lost its connection, because this process was restarted, watches on from the resource version it
// saw last. The in-memory server would take it for one of its own and stay silent about everything up to it, so that
// the client's cache kept what is gone. A real API server answers 410 to a version it no longer knows, and clients
// list again. Versions cannot be told apart, but connections can: clients list and watch on one HTTP/2 connection,
// so a watch with a version on a connection that listed nothing comes from another life.
func (s *Server) prepareWatch(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	query.Set("watch", "true") // the in-memory handler takes "1" for a list
	conn, _ := r.Context().Value(connectionKey{}).(*connection)
	switch version := query.Get("resourceVersion"); {
	case query.Get("sendInitialEvents") == "true":
		// Streaming lists want everything; the in-memory handler would leave out all up to the version, and the
		// client would take the rest for the whole.
		query.Del("resourceVersion")
		query.Del("resourceVersionMatch")
		noteList(r)
	case version == "" || version == "0":
		noteList(r)
	case r.ProtoMajor == 2 && conn != nil && !conn.knows(r.URL.Path):
		writeStatus(w, http.StatusGone, metav1.StatusReasonExpired, "too old resource version: this API server has been restarted")
		return false
	}
	r.URL.RawQuery = query.Encode()
	return true
}

func noteList(r *http.Request) {
	if conn, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		conn.note(r.URL.Path)
	}
}

// version answers /version, which the in-memory handler lacks, with the version of the cluster's oldest node.
func (s *Server) version(c *cluster, w http.ResponseWriter) {
	info := version.Info{Major: "1", Minor: "0", GitVersion: "v0.0.0", Platform: "linux/amd64", GoVersion: "fake", Compiler: "gc"}
	if v := oldestNodeVersion(s.client(c)); v != "" {
		info.GitVersion = v
		if parts := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3); len(parts) == 3 {
			info.Major, info.Minor = parts[0], parts[1]
		}
	}
	writeJSON(w, http.StatusOK, info)
}

func writeStatus(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	writeJSON(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}
