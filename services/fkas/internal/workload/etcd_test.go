package workload

import (
	"context"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// leader is the member that the in-memory etcd would report, and the number of pods that claim the lead.
func leader(g *WithT, c inmemoryclient.Client) (string, int) {
	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods, client.MatchingLabels{"component": "etcd"})).To(Succeed())
	name, claims := "", 0
	for _, pod := range pods.Items {
		if _, removed := pod.Annotations[cloudv1.EtcdMemberRemoved]; removed {
			continue
		}
		if pod.Annotations[cloudv1.EtcdLeaderFromAnnotationName] != "" {
			name, claims = pod.Name, claims+1
		}
	}
	return name, claims
}

func TestEtcdHasOneLeaderWhileItScales(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	a, b, d := machine("a", true, 0), machine("b", true, 1), machine("d", true, 2)
	_, err := Sync(ctx, c, cluster(d, b, a))
	g.Expect(err).NotTo(HaveOccurred())
	name, claims := leader(g, c)
	g.Expect(name).To(Equal("etcd-a"), "the oldest machine leads")
	g.Expect(claims).To(Equal(1))

	var pods corev1.PodList
	g.Expect(c.List(ctx, &pods, client.MatchingLabels{"component": "etcd"})).To(Succeed())
	members := map[string]bool{}
	for _, pod := range pods.Items {
		g.Expect(pod.Annotations[cloudv1.EtcdClusterIDAnnotationName]).
			To(Equal(strconv.FormatUint(EtcdID("cluster-uid"), 10)))
		members[pod.Annotations[cloudv1.EtcdMemberIDAnnotationName]] = true
	}
	g.Expect(members).To(HaveLen(3))

	// The leader's machine vanishes without KCP having moved the lead.
	_, err = Sync(ctx, c, cluster(b, d))
	g.Expect(err).NotTo(HaveOccurred())
	name, claims = leader(g, c)
	g.Expect(name).To(Equal("etcd-b"))
	g.Expect(claims).To(Equal(1))
	g.Expect(podNames(g, c)).To(HaveLen(8))

	// KCP removed b from etcd, its machine is still there: b must not be elected.
	pod := &corev1.Pod{}
	g.Expect(c.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "etcd-b"}, pod)).To(Succeed())
	pod = pod.DeepCopy()
	pod.Annotations[cloudv1.EtcdMemberRemoved] = ""
	g.Expect(c.Update(ctx, pod)).To(Succeed())
	_, err = Sync(ctx, c, cluster(b, d))
	g.Expect(err).NotTo(HaveOccurred())
	name, _ = leader(g, c)
	g.Expect(name).To(Equal("etcd-d"))
}

func TestEtcdIDsAreStableAndDistinct(t *testing.T) {
	g := NewWithT(t)
	g.Expect(EtcdID("9c1f7a0e-1d3b-4c57-8f0e-2f1f6f8f3a11")).To(Equal(EtcdID("9c1f7a0e-1d3b-4c57-8f0e-2f1f6f8f3a11")))
	seen := map[uint64]bool{}
	for i := range 10000 {
		id := EtcdID("uid-" + strconv.Itoa(i))
		_, err := strconv.Atoi(strconv.FormatUint(id, 10))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(id).NotTo(BeZero())
		seen[id] = true
	}
	g.Expect(seen).To(HaveLen(10000))
}

// firstNode is a store that calls created at the moment at which a control-plane Node is created.
type firstNode struct {
	inmemoryclient.Client
	created func()
}

func (c firstNode) Create(ctx context.Context, obj client.Object) error {
	if node, ok := obj.(*corev1.Node); ok && node.Labels[ControlPlaneLabel] == "" {
		c.created()
	}
	return c.Client.Create(ctx, obj)
}

func TestEtcdHasALeaderBeforeTheFirstNodeAppears(t *testing.T) {
	g, c := NewWithT(t), newStore(t)
	seen := 0
	_, err := Sync(ctx, firstNode{c, func() {
		seen++
		name, claims := leader(g, c)
		g.Expect(name).To(Equal("etcd-cp"), "KCP asks for the leader as soon as it sees the Node")
		g.Expect(claims).To(Equal(1))
	}}, cluster(machine("cp", true, 0)))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(seen).To(Equal(1))
}
