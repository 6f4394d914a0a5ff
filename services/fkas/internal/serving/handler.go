package serving

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"metal3-scale-lab/fkas/internal/apiserver"
	"metal3-scale-lab/fkas/internal/store"
)

// rootPaths is kube-apiserver's answer to GET /.
func rootPaths(api *apiserver.Handler) ([]byte, error) {
	paths := slices.Concat(api.ListedPaths(), publicPaths)
	slices.Sort(paths)
	return json.Marshal(metav1.RootPaths{Paths: slices.Compact(paths)})
}

// handler answers for one cluster. gRPC requests go to its etcd, all others to its API.
func (s *Server) handler(c *cluster) http.Handler {
	api := s.authenticated(c, s.apiHandler(c))
	return measured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.ProtoMajor != 2 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
			api.ServeHTTP(w, r)
		case c.mayUseEtcd(r):
			s.etcd.ServeHTTP(w, r)
		default:
			refuseEtcd(w)
		}
	}))
}

func (s *Server) apiHandler(c *cluster) http.Handler {
	// A port-forward goes to the cluster's own listener.
	host := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.spec.Port)))
	if s.options.BindAddress != "" {
		host = net.JoinHostPort(s.options.BindAddress, strconv.Itoa(int(c.spec.Port)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pod, ok := forwardedPod(r.URL.Path); ok {
			s.portForward(c, pod, host, w, r)
			return
		}
		if r.Method == http.MethodGet && s.getPlain(c, w, r.URL.Path) {
			return
		}
		ctx := apiserver.WithAccounts(store.With(r.Context(), c.objects), c.accounts)
		s.api.ServeHTTP(w, r.WithContext(ctx))
	})
}

// getPlain answers GET requests for paths outside of the API, and returns false for all others.
func (s *Server) getPlain(c *cluster, w http.ResponseWriter, path string) bool {
	switch path {
	case "/":
		// Four controllers of Cluster API request this from every cluster every 10 s.
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.root)
	case "/healthz", "/livez", "/readyz":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok"))
	case "/version":
		writeJSON(w, http.StatusOK, s.version(c))
	default:
		return false
	}
	return true
}

func watches(r *http.Request) bool {
	watch := r.URL.Query().Get("watch")
	return watch == "true" || watch == "1"
}

// writeError answers with the Status of an error.
func writeError(w http.ResponseWriter, err error) {
	answer := apierrors.NewInternalError(err).ErrStatus
	if reason, ok := err.(apierrors.APIStatus); ok {
		answer = reason.Status()
	}
	answer.APIVersion, answer.Kind = "v1", "Status"
	writeJSON(w, int(answer.Code), answer)
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client is gone if this fails.
	_ = json.NewEncoder(w).Encode(value)
}
