package serving_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/workload"
)

const ecdsa = bootstrapv1.EncryptionAlgorithmECDSAP256

func newServer(t *testing.T) *serving.Server {
	t.Helper()
	server, err := serving.New(
		serving.Options{
			BindAddress: "127.0.0.1",
			ExtraSANs:   []string{"198.51.100.7"},
			Log:         logr.Discard(),
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func spec(t *testing.T, name string) serving.Spec {
	t.Helper()
	return serving.Spec{
		Name: types.NamespacedName{
			Namespace: "ns",
			Name:      name,
		}, Identity: "uid-" + name, Host: "127.0.0.1", Port: testkit.FreePort(t),
		CA: testkit.Authority(t, secret.ClusterCA, ecdsa), EtcdCA: testkit.Authority(t, secret.EtcdCA, ecdsa),
		ServiceAccounts: testkit.Signer(t),
	}
}

func address(s serving.Spec) string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port)) }

func clientset(t *testing.T, s serving.Spec) *kubernetes.Clientset {
	t.Helper()
	c, err := kubernetes.NewForConfig(testkit.RESTConfig(t, s.CA, address(s)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill gives a cluster control-plane machines and workers of the given names.
func fill(t *testing.T, server *serving.Server, s serving.Spec, controlPlane, workers []string) {
	t.Helper()
	c, ok := server.Client(s.Name)
	if !ok {
		t.Fatalf("%s is not served", s.Name)
	}
	wanted := workload.Cluster{Name: s.Name, Identity: s.Identity, Host: s.Host, Port: s.Port}
	for i, name := range append(append([]string{}, controlPlane...), workers...) {
		wanted.Nodes = append(wanted.Nodes, workload.Node{
			Name: name, Identity: "uid-" + name, ControlPlane: i < len(controlPlane), Version: "v1.35.4",
			HostUID:    "host-" + name,
			ProviderID: "metal3://ns/host/" + name, Created: metav1.NewTime(time.Unix(int64(i), 0)),
		})
	}
	if _, err := workload.Sync(context.Background(), c, wanted); err != nil {
		t.Fatal(err)
	}
}
