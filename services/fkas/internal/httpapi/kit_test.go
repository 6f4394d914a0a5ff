package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/util/certs"
	"sigs.k8s.io/cluster-api/util/secret"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/httpapi"
	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

const controlPlane = `"labels":{"cluster.x-k8s.io/control-plane":""},`

// serve starts the HTTP API of an FKAS, with two ports for registered clusters.
func serve(t *testing.T, l *lab.Lab) string {
	t.Helper()
	first := testkit.FreePort(t)
	backend := &httpapi.Reconciler{
		Reconciler: l.Reconciler,
		Ports:      controller.PortRange{First: first, Last: first + 1},
		ReadyFunc: func(ctx context.Context) error {
			if pending, err := l.Pending(ctx); err != nil || len(pending) > 0 {
				return fmt.Errorf("pending %v (%v)", pending, err)
			}
			return nil
		},
	}
	api := httpapi.NewServer(backend, logr.Discard())
	server := httptest.NewUnstartedServer(api.Handler)
	server.Config = api
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func call(t *testing.T, method, url, body string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(testkit.Context(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s %s answered %d, not JSON: %s", method, url, response.StatusCode, raw)
	}
	return response.StatusCode, answer
}

// authorities creates the Secrets that upstream's scripts create before they register a cluster.
func authorities(t *testing.T, l *lab.Lab, cluster string) serverCA {
	t.Helper()
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	for _, certificate := range certificates {
		certificate.KeyEncryptionAlgorithm = bootstrapv1.EncryptionAlgorithmRSA2048
	}
	if err := certificates.LookupOrGenerate(l.Ctx, l.Management, lab.Key(cluster), metav1.OwnerReference{}); err != nil {
		t.Fatal(err)
	}
	pair := certificates.GetByPurpose(secret.ClusterCA).KeyPair
	cert, err := certs.DecodeCertPEM(pair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := certs.DecodePrivateKeyPEM(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return serverCA{Cert: cert, Key: key}
}

type serverCA serving.KeyPair

func (ca serverCA) nodes(t *testing.T, answer map[string]any) []string {
	t.Helper()
	config := testkit.RESTConfig(
		t,
		serving.KeyPair(ca),
		net.JoinHostPort(answer["Host"].(string), fmt.Sprint(answer["Port"])),
	)
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.CoreV1().Nodes().List(testkit.Context(t), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names
}

func node(cluster, name, extra string) string {
	return fmt.Sprintf(
		`{"cluster":%q,"namespace":"metal3","nodeName":%q,%s"uuid":"uid-%s","k8sversion":"v1.35.4","providerID":""}`,
		cluster,
		name,
		extra,
		name,
	)
}
