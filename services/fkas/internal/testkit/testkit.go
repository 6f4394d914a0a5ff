package testkit

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"runtime"
	"runtime/pprof"
	"strconv"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/certs"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"metal3-scale-lab/fkas/internal/serving"
)

// Authority makes a certificate authority as KCP would, with keys of the given algorithm.
func Authority(t *testing.T, purpose secret.Purpose, algorithm bootstrapv1.EncryptionAlgorithmType) serving.KeyPair {
	t.Helper()
	certificate := &secret.Certificate{Purpose: purpose, KeyEncryptionAlgorithm: algorithm}
	if err := certificate.Generate(); err != nil {
		t.Fatal(err)
	}
	cert, err := certs.DecodeCertPEM(certificate.KeyPair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := certs.DecodePrivateKeyPEM(certificate.KeyPair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return serving.KeyPair{Cert: cert, Key: key}
}

// StartAPIServer starts a real kube-apiserver with etcd, which end with the test. It returns the access of their
// administrator.
func StartAPIServer(t *testing.T, environment *envtest.Environment) *rest.Config {
	t.Helper()
	environment.ControlPlaneStartTimeout, environment.ControlPlaneStopTimeout = 2*time.Minute, time.Minute
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Log(err)
		}
	})
	return config
}

// FreePort is a TCP port that was free a moment ago, as was the next one.
func FreePort(t *testing.T) int32 {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
		_ = l.Close()
		if err == nil {
			_ = next.Close()
			return int32(port)
		}
	}
	t.Fatal("no two free ports in a row in 100 tries")
	return 0
}

// RESTConfig is the configuration of an administrator. It trusts the cluster's authority and nothing else.
func RESTConfig(t *testing.T, ca serving.KeyPair, address string) *rest.Config {
	t.Helper()
	cert, key := ClientCertificate(t, ca, "kubernetes-admin", "system:masters")
	return &rest.Config{
		Host: "https://" + address, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: certs.EncodeCertPEM(ca.Cert), CertData: cert, KeyData: key},
	}
}

// Signer is a private key, as that with which a cluster signs the tokens of its ServiceAccounts.
func Signer(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := certs.NewSigner(bootstrapv1.EncryptionAlgorithmECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ClientCertificate is a certificate of an authority for a user of the given groups, and its key, both as PEM.
func ClientCertificate(t *testing.T, ca serving.KeyPair, user string, groups ...string) (cert, key []byte) {
	t.Helper()
	return ClientCertificateUntil(t, ca, time.Now().Add(time.Hour), user, groups...)
}

// ClientCertificateUntil is a ClientCertificate that ends at the given time.
func ClientCertificateUntil(
	t *testing.T,
	ca serving.KeyPair,
	end time.Time,
	user string,
	groups ...string,
) (cert, key []byte) {
	t.Helper()
	private := Signer(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: user, Organization: groups},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Cert, private.Public(), ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err = keyutil.MarshalPrivateKeyToPEM(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key
}

// Eventually polls until check is nil, at most 15 s, and then fails with its last error.
func Eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited 15 s for %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// NoMoreGoroutines fails when, after 15 s, there are more goroutines than before.
func NoMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Context ends with the test, after a minute at the latest.
func Context(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
