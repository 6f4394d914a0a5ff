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

// maxBody is the longest body of a write to a fake cluster, in bytes. It is kube-apiserver's limit, 3 MiB; etcd's is
// 1.5 MiB. The in-memory handler reads a body as a whole.
const maxBody = 3 << 20

// connection holds what is known of one client connection: the collections that the client has listed on it.
type connection struct {
	mu     sync.Mutex
	listed map[string]bool
}

type connectionKey struct{}

// rootPaths is kube-apiserver's answer to GET /, with the paths that a fake cluster serves.
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

// handler answers for one cluster. gRPC requests go to its etcd, all others to its API, with the corrections of this
// package.
func (s *Server) handler(c *cluster) http.Handler {
	// The in-memory handlers find the cluster by the port in the Host header, and dial that host for a port-forward.
	// The loopback address in the header lets clients use any host and port that lead to the listener.
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
		// Four controllers of Cluster API request this from every cluster every 10 s. The in-memory handler would
		// search all of its routes each time.
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

// prepareWatch corrects a watch, because the resource versions of this server start again at 1 with each process. It
// says whether the request goes on to the in-memory handler.
//
// A client whose connection was closed by a restart of this process watches again, from the last resource version that
// it saw. The in-memory server would take the version for one of its own and send no events up to it, so the client's
// cache would keep objects that are gone. A real API server answers 410 to a version that it no longer knows, and the
// client lists again. Versions of two processes look alike, but connections can be told apart: clients list and watch
// on one HTTP/2 connection, so a watch with a version on a connection without a list began with an earlier process.
func (s *Server) prepareWatch(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	query.Set("watch", "true") // the in-memory handler takes "1" for a list
	conn, _ := r.Context().Value(connectionKey{}).(*connection)
	switch version := query.Get("resourceVersion"); {
	case query.Get("sendInitialEvents") == "true":
		// A streaming list must contain everything. The in-memory handler would leave out the objects up to the
		// version, and the client would take the rest for the whole.
		query.Del("resourceVersion")
		query.Del("resourceVersionMatch")
		noteList(r)
	case version == "" || version == "0":
		noteList(r)
	case r.ProtoMajor == 2 && conn != nil && !conn.knows(r.URL.Path):
		writeStatus(
			w,
			http.StatusGone,
			metav1.StatusReasonExpired,
			"too old resource version: this API server has been restarted",
		)
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

// version answers /version, which the in-memory handler does not, with the version of the cluster's oldest node.
func (s *Server) version(c *cluster, w http.ResponseWriter) {
	info := version.Info{
		Major:      "1",
		Minor:      "0",
		GitVersion: "v0.0.0",
		Platform:   "linux/amd64",
		GoVersion:  "fake",
		Compiler:   "gc",
	}
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
