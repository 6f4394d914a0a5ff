package serving

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"

	"sigs.k8s.io/cluster-api/util/certs"
)

// KeyPair is a certificate authority of a workload cluster.
type KeyPair struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// newServingKey makes the private key that all serving certificates of this process share. The key is the expensive
// part of a certificate. A P-256 handshake costs a fraction of an RSA one, and KCP needs several to check an etcd
// member.
func newServingKey() (crypto.Signer, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// apiServerCertificate signs the certificate of a cluster's API server. KCP finds the certificate by its common name
// when it reads the date of expiry.
func apiServerCertificate(key crypto.Signer, ca KeyPair, hosts []string) (*tls.Certificate, error) {
	return sign(key, ca, "kube-apiserver", hosts, x509.ExtKeyUsageServerAuth)
}

// etcdCertificate signs the certificate of an etcd member, whose name is that of its pod.
func etcdCertificate(key crypto.Signer, ca KeyPair, member string) (*tls.Certificate, error) {
	return sign(
		key,
		ca,
		member,
		[]string{member, "localhost", "127.0.0.1", "::1"},
		x509.ExtKeyUsageServerAuth,
		x509.ExtKeyUsageClientAuth,
	)
}

func sign(
	key crypto.Signer,
	ca KeyPair,
	name string,
	hosts []string,
	usages ...x509.ExtKeyUsage,
) (*tls.Certificate, error) {
	config := certs.Config{CommonName: name, Usages: usages}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			config.AltNames.IPs = append(config.AltNames.IPs, ip)
		} else if host != "" {
			config.AltNames.DNSNames = append(config.AltNames.DNSNames, host)
		}
	}
	cert, err := config.NewSignedCert(key, ca.Cert, ca.Key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", name, err)
	}
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, ca.Cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}
