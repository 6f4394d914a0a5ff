package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// etcdPrefix begins the names of the pods of etcd members.
const etcdPrefix = "etcd-"

// start answers the connections of a cluster's listener until the server is closed.
func (s *Server) start(c *cluster) {
	log := s.options.Log.WithValues("cluster", c.spec.Name)
	c.server = &http.Server{
		Handler: s.handler(c),
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			// The handlers verify it: a client with a foreign certificate is answered 401, not cut off.
			ClientAuth: tls.RequestClientCert,
			GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				return s.certificate(c, hello.ServerName)
			},
		},
		ConnContext: withConnection,
		// Limits a peer that connects and sends nothing. Bodies and answers have no time limit: watches and
		// port-forwards stay open for as long as the client wants.
		ReadHeaderTimeout: 15 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// Port scans and cancelled dials break off handshakes. That is worth a line only in a verbose log.
		ErrorLog: slog.NewLogLogger(logr.ToSlogHandler(log.V(1)), slog.LevelInfo),
	}
	go func() {
		defer close(c.done)
		if err := c.server.ServeTLS(c.listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) &&
			!errors.Is(err, net.ErrClosed) {
			log.Error(err, "Listener failed")
		}
	}()
}

// certificate chooses a certificate by SNI. KCP reaches an etcd member through a port-forward and names the member's
// pod; any other name means the API server.
func (s *Server) certificate(c *cluster, serverName string) (*tls.Certificate, error) {
	if !strings.HasPrefix(serverName, etcdPrefix) {
		return c.apiCert, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := types.NamespacedName{Namespace: "kube-system", Name: serverName}
	if err := s.client(c).Get(context.Background(), key, &corev1.Pod{}); err != nil {
		delete(c.members, serverName)
		return c.apiCert, nil
	}
	if cert, ok := c.members[serverName]; ok {
		return cert, nil
	}
	cert, err := etcdCertificate(s.key, c.spec.EtcdCA, serverName)
	if err != nil {
		return nil, err
	}
	c.members[serverName] = cert
	return cert, nil
}
