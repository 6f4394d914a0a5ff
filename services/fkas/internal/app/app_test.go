package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/testkit"
)

// startManagementCluster starts a real kube-apiserver with etcd. envtest finds them by TEST_ASSET_KUBE_APISERVER and
// TEST_ASSET_ETCD, or in KUBEBUILDER_ASSETS; without them the test is skipped: what it covers beyond the tests that use
// a fake client is the way from a watch to a run.
func startManagementCluster(t *testing.T) *rest.Config {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	found := func(variable, name string) bool {
		path := os.Getenv(variable)
		if path == "" && assets != "" {
			path = filepath.Join(assets, name)
		}
		_, err := os.Stat(path)
		return path != "" && err == nil
	}
	if !found("TEST_ASSET_KUBE_APISERVER", "kube-apiserver") || !found("TEST_ASSET_ETCD", "etcd") {
		t.Skip("no kube-apiserver and etcd: set TEST_ASSET_KUBE_APISERVER and TEST_ASSET_ETCD, or KUBEBUILDER_ASSETS")
	}
	environment := &envtest.Environment{
		Scheme:                   management.Scheme(),
		CRDDirectoryPaths:        crds(t),
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: 2 * time.Minute, ControlPlaneStopTimeout: time.Minute,
	}
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

// crds are those of the Go modules that this one requires or names.
func crds(t *testing.T) []string {
	t.Helper()
	var paths []string
	for module, files := range map[string][]string{
		"sigs.k8s.io/cluster-api": {"config/crd/bases/cluster.x-k8s.io_clusters.yaml", "config/crd/bases/cluster.x-k8s.io_machines.yaml",
			"bootstrap/kubeadm/config/crd/bases/bootstrap.cluster.x-k8s.io_kubeadmconfigs.yaml"},
		"github.com/metal3-io/cluster-api-provider-metal3@v1.13.2": {
			"config/crd/bases/infrastructure.cluster.x-k8s.io_metal3clusters.yaml", "config/crd/bases/infrastructure.cluster.x-k8s.io_metal3machines.yaml"},
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

// running is an FKAS as in production, and how to stop it.
type running struct {
	url  string
	stop func()
}

func start(t *testing.T, kube *rest.Config, arguments ...string) running {
	t.Helper()
	arguments = append([]string{"--bind-address=127.0.0.1", "--api-address=127.0.0.1:0", "--health-address=127.0.0.1:0", "--metrics-address=0",
		"--endpoint-host=127.0.0.1", "--registrations-namespace=default"}, arguments...)
	o, err := options.Parse(arguments, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fkas, err := New(ctx, o, kube)
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

func nodesOf(ctx context.Context, c client.Client, cluster string) ([]string, error) {
	var secret corev1.Secret
	if err := c.Get(ctx, types.NamespacedName{Namespace: "default", Name: cluster + "-kubeconfig"}, &secret); err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data["value"])
	if err != nil {
		return nil, err
	}
	workload, err := kubernetes.NewForConfig(config)
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
	cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{management.IndexLabel: index}}}
	cluster.Spec.ControlPlaneEndpoint = clusterv1.APIEndpoint{Host: "127.0.0.1", Port: port}
	return cluster
}

func newMachine(cluster, name string) (*clusterv1.Machine, *infrav1.Metal3Machine, *bmov1alpha1.BareMetalHost) {
	labels := map[string]string{clusterv1.ClusterNameLabel: cluster, clusterv1.MachineControlPlaneLabel: ""}
	machine := &clusterv1.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: labels}}
	machine.Spec.ClusterName = cluster
	machine.Spec.Version = "v1.35.4"
	machine.Spec.Bootstrap.DataSecretName = ptr("none")
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: infrav1.GroupName, Kind: "Metal3Machine", Name: name}
	m3m := &infrav1.Metal3Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: labels}}
	m3m.Spec.Image = infrav1.Image{URL: "http://images/x.raw", Checksum: ptr("x")}
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name + "-host"}}
	host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "default", Name: name}
	return machine, m3m, host
}

func ptr[T any](value T) *T { return &value }

func TestFromWatchToNodes(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	portA, portB := testkit.FreePort(t), testkit.FreePort(t)
	a := newCluster("a", "0", portA)
	g.Expect(c.Create(ctx, a)).To(Succeed())
	g.Expect(c.Create(ctx, newCluster("b", "1", portB))).To(Succeed())

	// Two FKAS share the clusters by label.
	first, second := start(t, kube, "--index=0"), start(t, kube, "--index=1")
	testkit.Eventually(t, "both to be ready", func() error {
		if first.status("/readyz") != 200 || second.status("/readyz") != 200 {
			return fmt.Errorf("%d %d", first.status("/readyz"), second.status("/readyz"))
		}
		return nil
	})
	for _, name := range []string{"a", "b"} {
		nodes, err := nodesOf(ctx, c, name)
		g.Expect(err).NotTo(HaveOccurred(), "ready means served")
		g.Expect(nodes).To(BeEmpty())
	}

	machine, m3m, host := newMachine("a", "cp")
	for _, obj := range []client.Object{machine, m3m, host} {
		g.Expect(c.Create(ctx, obj)).To(Succeed())
	}
	host.Status.Provisioning.State = bmov1alpha1.StateProvisioned
	host.Status.OperationalStatus, host.Status.ErrorCount = bmov1alpha1.OperationalStatusOK, 0
	g.Expect(c.Status().Update(ctx, host)).To(Succeed())
	since := time.Now()
	expectNodes := func(want ...string) {
		t.Helper()
		testkit.Eventually(t, "the nodes", func() error {
			nodes, err := nodesOf(ctx, c, "a")
			if err != nil || fmt.Sprint(nodes) != fmt.Sprint(want) {
				return fmt.Errorf("%v (%v)", nodes, err)
			}
			return nil
		})
	}
	expectNodes("cp")
	t.Logf("node %v after the host was provisioned", time.Since(since))
	testkit.Eventually(t, "the poke", func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(m3m), m3m); err != nil {
			return err
		}
		if m3m.Annotations[management.NodeCreatedAnnotation] != string(host.UID) {
			return fmt.Errorf("%v", m3m.Annotations)
		}
		return nil
	})

	// Killed and started anew: all is back, with nobody doing anything.
	first.stop()
	again := start(t, kube, "--index=0")
	testkit.Eventually(t, "the new process to be ready", func() error {
		if code := again.status("/readyz"); code != 200 {
			return fmt.Errorf("%d", code)
		}
		return nil
	})
	expectNodes("cp")

	before := runtime.NumGoroutine()
	for _, obj := range []client.Object{machine, m3m, host, a} {
		g.Expect(c.Delete(ctx, obj)).To(Succeed())
	}
	testkit.Eventually(t, "the cluster to be gone", func() error {
		if _, err := nodesOf(ctx, c, "a"); err == nil || !strings.Contains(err.Error(), "connection refused") {
			return fmt.Errorf("%v", err)
		}
		return nil
	})
	testkit.NoMoreGoroutines(t, before)
}

func TestOrphanIsDeletedWhenItsTimeComes(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Create(ctx, newCluster("c", "0", testkit.FreePort(t)))).To(Succeed())
	made := func(name string, m3m, config bool) *clusterv1.Machine {
		machine, infra, _ := newMachine("c", name)
		machine.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
			&metav1.ObjectMeta{Name: "kcp", UID: "uid-kcp"}, controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))}
		machine.Spec.Bootstrap.DataSecretName = nil
		machine.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{APIGroup: bootstrapv1.GroupVersion.Group, Kind: "KubeadmConfig", Name: name}
		if m3m {
			g.Expect(c.Create(ctx, infra)).To(Succeed())
		}
		if config {
			g.Expect(c.Create(ctx, &bootstrapv1.KubeadmConfig{ObjectMeta: machine.ObjectMeta})).To(Succeed())
		}
		g.Expect(c.Create(ctx, machine)).To(Succeed())
		return machine
	}
	others := []*clusterv1.Machine{made("whole", true, true), made("half", false, true)}
	orphan := made("orphan", false, false)
	since := time.Now()
	start(t, kube, "--orphan-grace=15s")
	gone := func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(orphan), &clusterv1.Machine{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the orphan is still there (%v)", err)
		}
		return nil
	}
	// Past the first look, before the grace ends: nothing but its end can make FKAS look again.
	time.Sleep(time.Until(since.Add(10 * time.Second)))
	g.Expect(gone()).NotTo(Succeed())
	testkit.Eventually(t, "the orphan's deletion", gone)
	t.Logf("deleted %v after it was made", time.Since(since))
	for _, other := range others {
		g.Expect(c.Get(ctx, client.ObjectKeyFromObject(other), other)).To(Succeed())
		g.Expect(other.DeletionTimestamp.IsZero()).To(BeTrue(), other.Name)
	}
}
