package serving

import (
	"crypto"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	inmemoryetcd "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/etcd"
	"sigs.k8s.io/cluster-api/util/certs"

	"metal3-scale-lab/fkas/internal/apiserver"
	"metal3-scale-lab/fkas/internal/lifecycle"
	"metal3-scale-lab/fkas/internal/store"
)

// Spec describes a cluster's endpoint.
type Spec struct {
	// Name is the Cluster's namespace and name.
	Name types.NamespacedName
	// Identity tells a Cluster from a later one of the same name; the store is emptied when it changes.
	Identity string
	// Host is the address clients use; it goes into the certificate.
	Host string
	// Port is where to listen, 1-65535.
	Port int32
	// CA signs the API server's certificate, EtcdCA those of etcd members.
	CA, EtcdCA KeyPair
	// ServiceAccounts signs the tokens of ServiceAccounts. Without it, the cluster has none.
	ServiceAccounts crypto.Signer
}

// Options of a Server.
type Options struct {
	// BindAddress is the local address to listen on; empty for all.
	BindAddress string
	// ExtraSANs are further host names and IPs for every API server certificate.
	ExtraSANs []string
	Log       logr.Logger
}

// PortTakenError says that another cluster of this process has the port.
type PortTakenError struct {
	Port int32
	By   types.NamespacedName
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d is already used by cluster %s", e.Port, e.By)
}

// Server serves any number of fake workload clusters.
type Server struct {
	options Options
	key     crypto.Signer
	objects *store.Store
	api     *apiserver.Handler
	etcd    http.Handler
	// life runs the controllers of clusters.
	life *lifecycle.Runner
	// stopExpiry ends the search for old Events.
	stopExpiry func()
	// root is the answer to GET /.
	root []byte

	mu       sync.RWMutex
	clusters map[types.NamespacedName]*cluster
	byPort   map[int32]*cluster
}

type cluster struct {
	spec     Spec
	group    string
	server   *http.Server
	listener *trackingListener
	done     chan struct{}

	objects *store.Cluster
	apiCert *tls.Certificate
	// clients knows the users of the API, etcdClients those of etcd.
	clients, etcdClients authenticator.Request
	// accounts knows the ServiceAccounts, and is nil without their key.
	accounts *apiserver.Accounts

	mu      sync.Mutex
	members map[string]*tls.Certificate
}

// New makes a Server without clusters.
func New(options Options) (*Server, error) {
	key, err := newServingKey()
	if err != nil {
		return nil, fmt.Errorf("make serving key: %w", err)
	}
	api, err := apiserver.New()
	if err != nil {
		return nil, fmt.Errorf("make the API: %w", err)
	}
	root, err := rootPaths(api)
	if err != nil {
		return nil, fmt.Errorf("list the paths of the API: %w", err)
	}
	s := &Server{
		options:  options,
		key:      key,
		objects:  apiserver.NewStore(),
		api:      api,
		life:     lifecycle.NewRunner(api, options.Log),
		root:     root,
		clusters: map[types.NamespacedName]*cluster{},
		byPort:   map[int32]*cluster{},
	}
	s.objects.OnWrite(s.life.Written)
	s.stopExpiry = expireEvents(s.objects)
	s.etcd = inmemoryetcd.NewEtcdServerHandler(s.objects, options.Log, s.resolve)
	return s, nil
}

// resolve finds the store of the cluster that listens at the port of host.
func (s *Server) resolve(host string) (string, error) {
	_, portText, err := net.SplitHostPort(host)
	if err != nil {
		return "", err
	}
	port, err := strconv.ParseInt(portText, 10, 32)
	if err != nil {
		return "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.byPort[int32(port)]
	if !ok {
		return "", fmt.Errorf("no cluster is served at port %d", port)
	}
	return c.group, nil
}

// Ensure serves the cluster as spec says, and does nothing if it already does. When it returns without an error the
// port is open: the kernel queues connections from the moment of listening. A change of port, host or authority
// replaces the listener and keeps the content. A change of identity drops the content as well.
func (s *Server) Ensure(spec Spec) error {
	s.mu.Lock()
	old, ok := s.clusters[spec.Name]
	if ok && sameEndpoint(old.spec, spec) {
		s.mu.Unlock()
		return nil
	}
	if other, taken := s.byPort[spec.Port]; taken && other.spec.Name != spec.Name {
		s.mu.Unlock()
		return &PortTakenError{Port: spec.Port, By: other.spec.Name}
	}
	s.mu.Unlock()

	cert, err := apiServerCertificate(s.key, spec.CA, s.hosts(spec.Host))
	if err != nil {
		return err
	}
	if ok {
		s.stop(spec.Name, old.spec.Identity != spec.Identity)
	}
	address := net.JoinHostPort(s.options.BindAddress, strconv.Itoa(int(spec.Port)))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for cluster %s: %w", spec.Name, err)
	}
	c := &cluster{
		spec: spec, group: spec.Name.String(), listener: newTrackingListener(l), done: make(chan struct{}),
		apiCert: cert, members: map[string]*tls.Certificate{},
		clients: clientCertificates(spec.CA.Cert), etcdClients: clientCertificates(spec.EtcdCA.Cert),
	}
	s.mu.Lock()
	if other, taken := s.byPort[spec.Port]; taken {
		s.mu.Unlock()
		_ = l.Close()
		return &PortTakenError{Port: spec.Port, By: other.spec.Name}
	}
	s.objects.AddResourceGroup(c.group)
	c.objects = s.objects.Cluster(c.group)
	c.objects.SetAuthority(string(certs.EncodeCertPEM(spec.CA.Cert)))
	c.accounts = s.accounts(c.objects, spec)
	s.clusters[spec.Name] = c
	s.byPort[spec.Port] = c
	s.mu.Unlock()
	s.start(c)
	s.options.Log.Info("Serving cluster", "cluster", spec.Name, "host", spec.Host, "port", spec.Port)
	return nil
}

func (s *Server) hosts(host string) []string {
	hosts := append(
		[]string{host, "localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		s.options.ExtraSANs...)
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func (s *Server) client(c *cluster) inmemoryclient.Client {
	return s.objects.GetResourceGroup(c.group).GetClient()
}

// Remove stops serving a cluster and deletes its content. It returns once the listener is closed, and says whether the
// cluster was served.
func (s *Server) Remove(name types.NamespacedName) bool { return s.stop(name, true) }

func (s *Server) stop(name types.NamespacedName, forget bool) bool {
	s.mu.Lock()
	c, ok := s.clusters[name]
	if ok {
		delete(s.clusters, name)
		delete(s.byPort, c.spec.Port)
	}
	s.mu.Unlock()
	if !ok {
		return false
	}
	_ = c.server.Close()
	_ = c.listener.Close()
	c.listener.closeConnections()
	<-c.done
	if forget {
		s.objects.DeleteResourceGroup(c.group)
		s.life.Forget(c.objects)
		forgetMetrics(c.group)
	}
	s.options.Log.Info("Stopped serving cluster", "cluster", name, "port", c.spec.Port, "forgotten", forget)
	return true
}

// Close stops serving all clusters.
func (s *Server) Close() {
	for _, name := range s.Names() {
		s.stop(name, true)
	}
	s.life.Close()
	s.stopExpiry()
}

func sameEndpoint(a, b Spec) bool {
	return a.Identity == b.Identity && a.Host == b.Host && a.Port == b.Port && a.CA.Cert.Equal(b.CA.Cert) &&
		a.EtcdCA.Cert.Equal(b.EtcdCA.Cert) && sameKey(a.ServiceAccounts, b.ServiceAccounts)
}
