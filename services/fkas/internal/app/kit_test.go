package app

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/testkit"
)

// startManagementCluster starts a real kube-apiserver with etcd, which envtest finds in the folder that
// KUBEBUILDER_ASSETS names. Without that variable the test is skipped. Beyond the tests with a fake client, these tests
// cover the way from a watch to a run, and hold FKAS to its declared rights by real RBAC.
func startManagementCluster(t *testing.T) *managementCluster {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("KUBEBUILDER_ASSETS names no folder with kube-apiserver and etcd: npm test builds them and sets it")
	}
	environment := &envtest.Environment{
		Scheme:                management.Scheme(),
		CRDDirectoryPaths:     crds(t),
		ErrorIfCRDPathMissing: true,
	}
	config := testkit.StartAPIServer(t, environment)
	return &managementCluster{config, environment}
}

// crds are the CRDs' paths in the Go modules that this module requires, or that are named here.
func crds(t *testing.T) []string {
	t.Helper()
	var paths []string
	for module, files := range map[string][]string{
		"sigs.k8s.io/cluster-api": {
			"config/crd/bases/cluster.x-k8s.io_clusters.yaml",
			"config/crd/bases/cluster.x-k8s.io_machines.yaml",
			"bootstrap/kubeadm/config/crd/bases/bootstrap.cluster.x-k8s.io_kubeadmconfigs.yaml",
		},
		"github.com/metal3-io/cluster-api-provider-metal3@v1.13.2": {
			"config/crd/bases/infrastructure.cluster.x-k8s.io_metal3clusters.yaml",
			"config/crd/bases/infrastructure.cluster.x-k8s.io_metal3machines.yaml",
		},
		"github.com/metal3-io/baremetal-operator@v0.13.2": {"config/base/crds/bases/metal3.io_baremetalhosts.yaml"},
	} {
		command := exec.Command("go", "mod", "download", "-json", module)
		if !strings.Contains(module, "@") {
			command = exec.Command("go", "list", "-m", "-json", module)
		}
		// These two are not in Go's checksum database; nothing of them is compiled here.
		command.Env = append(os.Environ(), "GONOSUMDB=github.com/metal3-io/*", "GOFLAGS=-mod=mod")
		out, err := command.Output()
		if err != nil {
			t.Skipf("module %s, whose CRDs the test needs, is not available: %v", module, err)
		}
		var found struct{ Dir string }
		if err := json.Unmarshal(out, &found); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			paths = append(paths, filepath.Join(found.Dir, file))
		}
	}
	return paths
}

// managementCluster is a real API server. Its own configuration has all rights.
type managementCluster struct {
	*rest.Config
	environment *envtest.Environment
}

// running is an FKAS as in production, and the function that stops it.
type running struct {
	url  string
	stop func()
}

// start starts an FKAS with the rights that it declares.
func start(t *testing.T, management *managementCluster, arguments ...string) running {
	t.Helper()
	arguments = append(
		[]string{
			"--bind-address=127.0.0.1",
			"--api-address=127.0.0.1:0",
			"--health-address=127.0.0.1:0",
			"--metrics-address=0",
			"--endpoint-host=127.0.0.1",
			"--registrations-namespace=default",
		},
		arguments...)
	o, err := options.Parse(arguments, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fkas, err := New(ctx, o, management.user(t, o))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- fkas.Run(ctx) }()
	stop := func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("FKAS ended with %v", err)
			}
			done <- nil
		case <-time.After(20 * time.Second):
			t.Error("FKAS did not stop within 20 s")
		}
	}
	t.Cleanup(stop)
	address, err := fkas.APIAddress(testkit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	return running{url: "http://" + address.String(), stop: stop}
}

func (r running) status(path string) int {
	response, err := http.Get(r.url + path)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// workloadOf is a client of the fake API server of a cluster, by the kubeconfig that FKAS has made.
func workloadOf(ctx context.Context, c client.Client, cluster string) (*kubernetes.Clientset, error) {
	var secret corev1.Secret
	if err := c.Get(ctx, types.NamespacedName{Namespace: "default", Name: cluster + "-kubeconfig"}, &secret); err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data["value"])
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func nodesOf(ctx context.Context, c client.Client, cluster string) ([]string, error) {
	workload, err := workloadOf(ctx, c, cluster)
	if err != nil {
		return nil, err
	}
	list, err := workload.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names, nil
}

func newCluster(name, index string, port int32) *clusterv1.Cluster {
	cluster := &clusterv1.Cluster{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default",
			Name:      name,
			Labels:    map[string]string{management.IndexLabel: index},
		},
	}
	cluster.Spec.ControlPlaneEndpoint = clusterv1.APIEndpoint{Host: "127.0.0.1", Port: port}
	return cluster
}

func newMachine(cluster, name string) (*clusterv1.Machine, *infrav1.Metal3Machine, *bmov1alpha1.BareMetalHost) {
	labels := map[string]string{clusterv1.ClusterNameLabel: cluster, clusterv1.MachineControlPlaneLabel: ""}
	machine := &clusterv1.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: labels}}
	machine.Spec.ClusterName = cluster
	machine.Spec.Version = "v1.35.4"
	machine.Spec.Bootstrap.DataSecretName = ptr("none")
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: infrav1.GroupName,
		Kind:     "Metal3Machine",
		Name:     name,
	}
	m3m := &infrav1.Metal3Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: labels}}
	m3m.Spec.Image = infrav1.Image{URL: "http://images/x.raw", Checksum: ptr("x")}
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name + "-host"}}
	host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "default", Name: name}
	return machine, m3m, host
}

func ptr[T any](value T) *T { return &value }
