package serving_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/testkit"
)

// manifestsOfClusterAPI are the objects of Cluster API's core provider, as its sources have them, in the order in which
// they can be made.
func manifestsOfClusterAPI(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	folder, err := exec.CommandContext(
		testkit.Context(t), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/cluster-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for _, pattern := range []string{
		"config/crd/bases/*.yaml", "config/default/namespace.yaml", "config/rbac/*.yaml", "config/webhook/service.yaml",
		"config/manager/manager.yaml",
	} {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if filepath.Base(file) != "kustomization.yaml" {
				objects = append(objects, objectsOf(t, file)...)
			}
		}
	}
	return objects
}

func objectsOf(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(obj); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(obj.Object) > 0 {
			objects = append(objects, obj)
		}
	}
}

func applyByServer(t *testing.T, c client.Client, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, obj := range objects {
		next := obj.DeepCopy()
		// Kustomize would say so.
		if namespaced, err := c.IsObjectNamespaced(next); err == nil && namespaced && next.GetNamespace() == "" {
			next.SetNamespace("system")
		}
		configuration := client.ApplyConfigurationFromUnstructured(next)
		if err := c.Apply(testkit.Context(t), configuration, client.FieldOwner("tester"), client.ForceOwnership); err != nil {
			t.Fatalf("%s %s: %v", obj.GetKind(), obj.GetName(), err)
		}
	}
}

// TestClusterAPICanBeInstalled applies the manifests of an addon that people know, twice, by server-side apply, and
// makes an object of it.
func TestClusterAPICanBeInstalled(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	c, objects := remote(t, s), manifestsOfClusterAPI(t)
	applyByServer(t, c, objects)
	applyByServer(t, c, objects)
	// Its manager tolerates the taint of control planes.
	testkit.Eventually(t, "the manager to be available", func() error {
		manager := &appsv1.Deployment{}
		err := c.Get(ctx, client.ObjectKey{Namespace: "system", Name: "controller-manager"}, manager)
		if err == nil && manager.Status.AvailableReplicas != 1 {
			err = fmt.Errorf("%+v", manager.Status)
		}
		return err
	})
	cluster := &unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"infrastructureRef": map[string]any{
			"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "Metal3Cluster", "name": "a",
		}},
	}}
	cluster.SetAPIVersion("cluster.x-k8s.io/v1beta2")
	cluster.SetKind("Cluster")
	cluster.SetNamespace("default")
	cluster.SetName("a")
	g.Expect(c.Create(ctx, cluster)).To(Succeed())
	columns, rows := table(t, s, "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/clusters")
	g.Expect(columns).To(ContainElements("Name", "Phase", "Age"))
	g.Expect(rows).To(HaveLen(1))
}

// TestDefinitionsShareMemory has the same definitions, of 1.1 MB as text, in several clusters.
func TestDefinitionsShareMemory(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	g := NewWithT(t)
	server := newServer(t)
	objects := manifestsOfClusterAPI(t)
	add := func(name string) {
		s := spec(t, name)
		g.Expect(server.Ensure(s)).To(Succeed())
		fill(t, server, s, []string{name + "-cp"}, nil)
		applyByServer(t, remote(t, s), objects)
		// This has its handler made.
		_, _ = table(t, s, "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/clusters")
	}
	add("first")
	g.Eventually(server.Working, "20s").Should(BeZero())
	before := live()
	const count = 5
	for i := range count {
		add(fmt.Sprint("c", i))
	}
	g.Eventually(server.Working, "20s").Should(BeZero())
	each := (live() - before) / count / 1024
	t.Logf("%d KiB a cluster with Cluster API's definitions", each)
	g.Expect(each).To(BeNumerically("<", 1536), "KiB a cluster")
	runtime.KeepAlive(objects)
}

func TestANamespaceHasTheAuthorityAndAnAccount(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	c := clientset(t, s).CoreV1()
	_, err := c.Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: "team"},
	}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	for _, namespace := range []string{"default", "kube-system", "team"} {
		authority, err := c.ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(authority.Data["ca.crt"]).To(Equal(string(testkit.RESTConfig(t, s.CA, address(s)).CAData)))
		_, err = c.ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
	}
}
