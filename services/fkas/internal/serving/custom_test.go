package serving_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
)

var (
	widgets = schema.GroupVersionResource{Group: "addon.example.com", Version: "v1", Resource: "widgets"}
	ofV1    = widgets.GroupVersion().WithKind("Widget")
)

func definitionOfWidgets(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "addon", "crds", "widgets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func widget(name string, spec map[string]any) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	obj.SetGroupVersionKind(ofV1)
	obj.SetNamespace("default")
	obj.SetName(name)
	return obj
}

// remote is the client that Cluster API has for a workload cluster.
func remote(t *testing.T, s serving.Spec) client.Client {
	t.Helper()
	c, err := client.New(testkit.RESTConfig(t, s.CA, address(s)), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// apply does what Cluster API's controller of ClusterResourceSets does with the strategy Reconcile: create what is not
// there, and patch what is.
func apply(t *testing.T, c client.Client, manifests []byte) {
	t.Helper()
	g, ctx := NewWithT(t), testkit.Context(t)
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		obj, current := &unstructured.Unstructured{}, &unstructured.Unstructured{}
		if err := decoder.Decode(obj); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		current.SetGroupVersionKind(obj.GroupVersionKind())
		err := c.Get(ctx, client.ObjectKeyFromObject(obj), current)
		if apierrors.IsNotFound(err) {
			g.Expect(c.Create(ctx, obj)).To(Succeed())
			continue
		}
		g.Expect(err).NotTo(HaveOccurred())
		patch := client.MergeFrom(current.DeepCopy())
		obj.SetResourceVersion(current.GetResourceVersion())
		g.Expect(c.Patch(ctx, obj, patch)).To(Succeed())
	}
}

func TestCustomResourcesAreServed(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s, other := spec(t, "c"), spec(t, "other")
	for _, each := range []serving.Spec{s, other} {
		g.Expect(server.Ensure(each)).To(Succeed())
		fill(t, server, each, []string{"cp"}, nil)
		apply(t, remote(t, each), definitionOfWidgets(t))
	}
	c := dynamic.NewForConfigOrDie(testkit.RESTConfig(t, s.CA, address(s))).Resource(widgets).Namespace("default")

	watching, err := c.Watch(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	defer watching.Stop()
	made, err := c.Create(ctx, widget("a", map[string]any{"colour": "red", "unknown": "x"}), metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Object["spec"]).To(
		Equal(map[string]any{"colour": "red", "size": int64(3)}), "defaults, and nothing unknown")
	g.Expect((<-watching.ResultChan()).Object.(*unstructured.Unstructured).GetName()).To(Equal("a"))
	_, err = c.Create(ctx, widget("b", map[string]any{"size": int64(0)}), metav1.CreateOptions{})
	g.Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)

	// The status is apart, and a generation counts changes of the rest.
	made.Object["status"] = map[string]any{"ready": true}
	made.Object["spec"] = map[string]any{"size": int64(9)}
	made, err = c.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Object["status"]).To(Equal(map[string]any{"ready": true}))
	g.Expect(made.Object["spec"]).To(Equal(map[string]any{"colour": "red", "size": int64(3)}))
	g.Expect(made.GetGeneration()).To(Equal(int64(1)))
	applied, err := c.Apply(ctx, "a", widget("a", map[string]any{"size": int64(4)}), metav1.ApplyOptions{
		FieldManager: "tester", Force: true,
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(applied.Object["spec"]).To(Equal(map[string]any{"colour": "red", "size": int64(4)}))
	g.Expect(applied.GetGeneration()).To(Equal(int64(2)))
	patched, err := c.Patch(ctx, "a", types.MergePatchType, []byte(`{"spec":{"colour":null}}`), metav1.PatchOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(patched.Object["spec"]).To(Equal(map[string]any{"size": int64(4)}))
	_, err = c.Apply(ctx, "new", widget("new", map[string]any{}), metav1.ApplyOptions{FieldManager: "tester"})
	g.Expect(err).NotTo(HaveOccurred(), "apply creates")

	// Another version shows the same objects, another cluster has others.
	old := dynamic.NewForConfigOrDie(testkit.RESTConfig(t, s.CA, address(s))).
		Resource(widgets.GroupResource().WithVersion("v1beta1"))
	list, err := old.List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list.Items).To(HaveLen(2))
	g.Expect(list.Items[0].GetAPIVersion()).To(Equal("addon.example.com/v1beta1"))
	elsewhere, err := dynamic.NewForConfigOrDie(testkit.RESTConfig(t, other.CA, address(other))).
		Resource(widgets).List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(elsewhere.Items).To(BeEmpty())

	// An object goes with its owner, and all go with their definition.
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "owned",
		OwnerReferences: []metav1.OwnerReference{
			{APIVersion: ofV1.GroupVersion().String(), Kind: "Widget", Name: "a", UID: made.GetUID()},
		},
	}}
	admin := remote(t, s)
	g.Expect(admin.Create(ctx, owned)).To(Succeed())
	g.Expect(c.Delete(ctx, "a", metav1.DeleteOptions{})).To(Succeed())
	g.Expect(apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(owned), owned))).To(BeTrue())
	definition := &unstructured.Unstructured{}
	g.Expect(runtime.DecodeInto(unstructured.UnstructuredJSONScheme, []byte(`{"kind":"CustomResourceDefinition",
		"apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"widgets.addon.example.com"}}`), definition)).To(Succeed())
	g.Expect(admin.Delete(ctx, definition)).To(Succeed())
	_, err = c.List(ctx, metav1.ListOptions{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
	apply(t, admin, definitionOfWidgets(t))
	list, err = c.List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list.Items).To(BeEmpty())
}

func TestDiscoveryKnowsCustomResources(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	discovery := clientset(t, s).Discovery()
	before, err := discovery.ServerGroups()
	g.Expect(err).NotTo(HaveOccurred())
	apply(t, remote(t, s), definitionOfWidgets(t))
	after, err := discovery.ServerGroups()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after.Groups).To(HaveLen(len(before.Groups) + 1))
	legacy := discovery.WithLegacy()
	for _, found := range []interface {
		ServerResourcesForGroupVersion(string) (*metav1.APIResourceList, error)
	}{discovery, legacy} {
		list, err := found.ServerResourcesForGroupVersion("addon.example.com/v1")
		g.Expect(err).NotTo(HaveOccurred())
		names := []string{}
		for _, resource := range list.APIResources {
			names = append(names, resource.Name)
		}
		g.Expect(names).To(Equal([]string{"widgets", "widgets/status"}))
	}
	_, lists, err := legacy.ServerGroupsAndResources()
	g.Expect(err).NotTo(HaveOccurred())
	count := map[string]int{}
	for _, list := range lists {
		count[list.GroupVersion] = len(list.APIResources)
	}
	g.Expect(count).To(And(HaveKeyWithValue("addon.example.com/v1beta1", 1), HaveKey("apps/v1")))
}

// TestAClusterResourceSetIsApplied does with its objects, twice, what Cluster API does.
func TestAClusterResourceSetIsApplied(t *testing.T) {
	g := NewWithT(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	c := remote(t, s)
	apply(t, c, definitionOfWidgets(t))
	for _, colour := range []string{"red", "blue"} {
		apply(t, c, []byte(`apiVersion: addon.example.com/v1
kind: Widget
metadata: {name: a, namespace: default}
spec: {colour: `+colour+`}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {colour: `+colour+`}}
    spec: {containers: [{name: c, image: "example.com/c:1"}]}
`))
		testkit.Eventually(t, "two pods, which are "+colour, func() error {
			count, pods, err := readyPods(testkit.Context(t), clientset(t, s), "web")
			for _, pod := range pods {
				if err == nil && (count["w"] != 2 || len(pods) != 2 || pod.Annotations["colour"] != colour) {
					err = fmt.Errorf("%d are ready of %d, %s is %s", count["w"], len(pods), pod.Name, pod.Annotations["colour"])
				}
			}
			return err
		})
	}
	found := widget("a", nil)
	g.Expect(c.Get(testkit.Context(t), client.ObjectKeyFromObject(found), found)).To(Succeed())
	g.Expect(found.Object["spec"]).To(HaveKeyWithValue("colour", "blue"))
}
