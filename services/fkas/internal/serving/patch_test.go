package serving_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/testkit"
)

func TestAPatchedObjectStaysReadableForTypedClients(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, []string{"w"})
	nodes, pods := clientset(t, s).CoreV1().Nodes(), clientset(t, s).CoreV1().Pods("kube-system")

	// Cluster API labels and annotates Nodes with merge patches, CAPM3 sets providerIDs with strategic ones.
	_, err := nodes.Patch(
		ctx,
		"cp",
		types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"cluster.x-k8s.io/machine":"m"},"labels":{"metal3.io/uuid":null}}}`),
		metav1.PatchOptions{},
	)
	g.Expect(err).NotTo(HaveOccurred())
	// Strategic: conditions merge by type, where a merge patch would replace the list. Only the subresource has a status.
	status := []byte(`{"status":{"$setElementOrder/conditions":[{"type":"PIDPressure"}],
		"conditions":[{"type":"PIDPressure","reason":"x"}]}}`)
	node, err := nodes.Patch(ctx, "cp", types.StrategicMergePatchType, status, metav1.PatchOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(node.Status.Conditions).NotTo(ContainElement(HaveField("Reason", "x")))
	node, err = nodes.Patch(ctx, "cp", types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(node.Status.Conditions).To(HaveLen(4))
	g.Expect(node.Status.Conditions).To(ContainElement(HaveField("Reason", "x")))
	g.Expect(node.Annotations).To(HaveKeyWithValue("cluster.x-k8s.io/machine", "m"))
	g.Expect(node.Labels).NotTo(HaveKey("metal3.io/uuid"))
	node, err = nodes.Patch(
		ctx,
		"w",
		types.JSONPatchType,
		[]byte(`[{"op":"add","path":"/spec/unschedulable","value":true}]`),
		metav1.PatchOptions{},
	)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(node.Spec.Unschedulable).To(BeTrue())
	_, err = pods.Patch(
		ctx,
		"etcd-cp",
		types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"a":"b"}}}`),
		metav1.PatchOptions{},
	)
	g.Expect(err).NotTo(HaveOccurred())

	// Typed readers go on: the etcd server, and the next Sync, which puts back what is its own.
	etcd, err := etcdClient(t, s, "etcd-cp").Status(ctx, "etcd-cp")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(etcd.Leader).NotTo(BeZero())
	fill(t, server, s, []string{"cp"}, []string{"w", "w2"})
	list, err := nodes.List(ctx, metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list.Items).To(HaveLen(3))
	node, err = nodes.Get(ctx, "cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(node.Labels).To(HaveKeyWithValue("metal3.io/uuid", "host-cp"))
	g.Expect(node.Annotations).To(HaveKeyWithValue("cluster.x-k8s.io/machine", "m"))
	// A pod that was patched is still found by its node, as drain looks.
	onNode, err := pods.List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=w"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(onNode.Items).To(BeEmpty())
}

func TestAPatchThatCannotBeAppliedIsAnswered(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	nodes := clientset(t, s).CoreV1().Nodes()
	patch := func(name string, patchType types.PatchType, body string) error {
		_, err := nodes.Patch(ctx, name, patchType, []byte(body), metav1.PatchOptions{})
		return err
	}
	g.Expect(apierrors.IsNotFound(patch("nobody", types.MergePatchType, `{}`))).To(BeTrue())
	g.Expect(apierrors.IsBadRequest(patch("cp", types.MergePatchType, `not json`))).To(BeTrue())
	g.Expect(apierrors.IsInvalid(patch("cp", types.MergePatchType, `{"spec":"text"}`))).To(BeTrue())
	taint := `{"spec":{"taints":[{"key":"a","effect":"Wrong"}]}}`
	g.Expect(patch("cp", types.StrategicMergePatchType, taint)).
		To(MatchError(ContainSubstring("taints[0].effect: Unsupported value")))
	g.Expect(apierrors.IsInvalid(patch("cp", types.JSONPatchType, `[{"op":"remove","path":"/nothing"}]`))).To(BeTrue())
	g.Expect(apierrors.IsBadRequest(patch("cp", types.MergePatchType, `{"metadata":{"name":"other"}}`))).To(BeTrue())
	g.Expect(apierrors.IsUnsupportedMediaType(patch("cp", "text/plain", `{}`))).To(BeTrue())
	locked := `{"metadata":{"resourceVersion":"1","labels":{"a":"b"}}}`
	g.Expect(apierrors.IsConflict(patch("cp", types.MergePatchType, locked))).To(BeTrue())
	huge := `{"a":"` + strings.Repeat("x", 4<<20) + `"}`
	g.Expect(apierrors.IsRequestEntityTooLargeError(patch("cp", types.MergePatchType, huge))).To(BeTrue())
}

func TestConcurrentPatchesAreAllApplied(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s := spec(t, "c")
	g.Expect(server.Ensure(s)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	nodes := clientset(t, s).CoreV1().Nodes()
	errs := make(chan error)
	for i := range 5 {
		go func() {
			_, err := nodes.Patch(
				ctx,
				"cp",
				types.MergePatchType,
				[]byte(fmt.Sprintf(`{"metadata":{"labels":{"l%d":"x"}}}`, i)),
				metav1.PatchOptions{},
			)
			errs <- err
		}()
	}
	for range 5 {
		g.Expect(<-errs).NotTo(HaveOccurred())
	}
	node, err := nodes.Get(ctx, "cp", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	for i := range 5 {
		g.Expect(node.Labels).To(HaveKey(fmt.Sprint("l", i)))
	}
	_, err = clientset(
		t,
		s,
	).CoreV1().
		ConfigMaps("default").
		Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
}
