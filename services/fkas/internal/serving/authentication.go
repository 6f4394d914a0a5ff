package serving

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	x509request "k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/endpoints/request"

	"metal3-scale-lab/fkas/internal/apiserver"
	"metal3-scale-lab/fkas/internal/store"
)

// publicPaths are those that Kubernetes answers to anybody: the rules of its role system:public-info-viewer.
var publicPaths = []string{"/healthz", "/livez", "/readyz", "/version"}

// errUnknown says that a request has no credentials, or none of this cluster.
var errUnknown = errors.New("no valid credentials")

// clientCertificates authenticates by certificates of an authority, as kube-apiserver does with --client-ca-file: the
// common name is the user, the organisations are the groups.
func clientCertificates(ca *x509.Certificate) authenticator.Request {
	options := x509request.DefaultVerifyOptions()
	options.Roots = x509.NewCertPool()
	options.Roots.AddCert(ca)
	return group.NewAuthenticatedGroupAdder(x509request.New(options, x509request.CommonNameUserConversion))
}

// accounts authenticates by tokens of the cluster's ServiceAccounts, if there is a key for them.
func (s *Server) accounts(objects *store.Cluster, spec Spec) *apiserver.Accounts {
	if spec.ServiceAccounts == nil {
		return nil
	}
	accounts, err := apiserver.NewAccounts(objects, spec.ServiceAccounts)
	if err != nil {
		s.options.Log.Error(err, "The cluster has no ServiceAccount tokens", "cluster", spec.Name)
		return nil
	}
	return accounts
}

func sameKey(a, b crypto.Signer) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	comparable, ok := a.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b.Public())
}

// connection holds what is known of one client connection: who the client is by its certificate, until that ends, for
// each authority. A certificate is verified once, because four controllers ask each cluster every 10 s over connections
// that stay open, and a verification costs more than such a request.
type connection struct {
	mu    sync.Mutex
	known map[authenticator.Request]identity
}

type identity struct {
	client *authenticator.Response
	until  time.Time
}

type connectionKey struct{}

func withConnection(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

// byCertificate is who the client of a request is, if an authority says so.
func byCertificate(authority authenticator.Request, r *http.Request) (*authenticator.Response, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, errUnknown
	}
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		c = &connection{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.known[authority]; ok && time.Now().Before(found.until) {
		return found.client, nil
	}
	client, ok, err := authority.AuthenticateRequest(r)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errUnknown
	}
	if c.known == nil {
		c.known = map[authenticator.Request]identity{}
	}
	c.known[authority] = identity{client: client, until: r.TLS.PeerCertificates[0].NotAfter}
	return client, nil
}

// authenticated answers 401 to requests without valid credentials, and hands on all others with their user.
func (s *Server) authenticated(c *cluster, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && slices.Contains(publicPaths, r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		response, err := c.user(r)
		if err != nil {
			s.options.Log.V(1).Info("Refused a request", "cluster", c.spec.Name, "path", r.URL.Path, "reason", err.Error())
			writeError(w, apierrors.NewUnauthorized("Unauthorized"))
			return
		}
		// The credentials end here, as in kube-apiserver.
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r.WithContext(request.WithUser(r.Context(), response.User)))
	})
}

// user is who sends a request, by certificate or token.
func (c *cluster) user(r *http.Request) (*authenticator.Response, error) {
	client, err := byCertificate(c.clients, r)
	if err == nil || c.accounts == nil || r.Header.Get("Authorization") == "" {
		return client, err
	}
	client, ok, err := group.NewAuthenticatedGroupAdder(c.accounts).AuthenticateRequest(r)
	if err == nil && !ok {
		err = errUnknown
	}
	return client, err
}

// mayUseEtcd says whether the client has a certificate of the authority of etcd, as etcd demands with
// --client-cert-auth.
func (c *cluster) mayUseEtcd(r *http.Request) bool {
	_, err := byCertificate(c.etcdClients, r)
	return err == nil
}

// refuseEtcd answers a gRPC request with the code UNAUTHENTICATED.
func refuseEtcd(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", "16")
	w.Header().Set("Grpc-Message", "a client certificate of the authority of etcd is required")
	w.WriteHeader(http.StatusOK)
}
