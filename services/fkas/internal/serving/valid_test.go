package serving_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"metal3-scale-lab/fkas/internal/testkit"
)

// TestWhatFKASMakesIsValid writes each object of a fresh cluster again, with a label more, as a client would that got
// it. KCP and CAPM3 do that with some of them, and Kubernetes judges the whole object then.
func TestWhatFKASMakesIsValid(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	client, err := dynamic.NewForConfig(testkit.RESTConfig(t, s.CA, address(s)))
	g.Expect(err).NotTo(HaveOccurred())
	_, lists, err := clientset(t, s).Discovery().ServerGroupsAndResources()
	g.Expect(err).NotTo(HaveOccurred())
	written := map[string]int{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		g.Expect(err).NotTo(HaveOccurred())
		for _, kind := range list.APIResources {
			if !slices.Contains(kind.Verbs, "list") {
				continue
			}
			resource := client.Resource(version.WithResource(kind.Name))
			found, err := resource.List(ctx, metav1.ListOptions{})
			g.Expect(err).NotTo(HaveOccurred(), kind.Name)
			for i := range found.Items {
				obj := &found.Items[i]
				unstructured.RemoveNestedField(obj.Object, "metadata", "managedFields")
				obj.SetLabels(map[string]string{"more": "x"})
				var to dynamic.ResourceInterface = resource
				if kind.Namespaced {
					to = resource.Namespace(obj.GetNamespace())
				}
				_, err := to.Update(ctx, obj, metav1.UpdateOptions{})
				g.Expect(err).NotTo(HaveOccurred(), kind.Name+" "+obj.GetName())
				written[kind.Name]++
			}
		}
	}
	g.Expect(written).To(And(
		HaveKeyWithValue("nodes", 2), HaveKeyWithValue("pods", 4), HaveKeyWithValue("namespaces", 4),
		HaveKeyWithValue("serviceaccounts", 4), HaveKeyWithValue("leases", 2), HaveKeyWithValue("configmaps", 7),
		HaveKeyWithValue("deployments", 1), HaveKeyWithValue("daemonsets", 1), HaveKeyWithValue("clusterroles", 1),
	))
}
