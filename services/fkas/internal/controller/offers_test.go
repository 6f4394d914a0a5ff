package controller

import (
	"context"
	"errors"
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"metal3-scale-lab/fkas/internal/management"
)

// indexer registers the real indexes with the fake client.
type indexer struct{ builder *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, obj client.Object, field string, extract client.IndexerFunc) error {
	i.builder.WithIndex(obj, field, extract)
	return nil
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "metal3", Name: name} }

func freeHost(name, cluster string, change ...func(*bmov1alpha1.BareMetalHost)) *bmov1alpha1.BareMetalHost {
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: named(name)}
	host.Labels = map[string]string{management.HostClusterLabel: cluster}
	host.Status.Provisioning.State = bmov1alpha1.StateAvailable
	for _, f := range change {
		f(host)
	}
	return host
}

func takenBy(m3m string) func(*bmov1alpha1.BareMetalHost) {
	return func(host *bmov1alpha1.BareMetalHost) {
		host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "metal3", Name: m3m}
	}
}

// waiting is a Machine that has its bootstrap data, and its Metal3Machine, of the same name.
func waiting(name, cluster string, change ...func(*clusterv1.Machine, *infrav1.Metal3Machine)) []client.Object {
	data := name + "-data"
	machine, m3m := &clusterv1.Machine{ObjectMeta: named(name)}, &infrav1.Metal3Machine{ObjectMeta: named(name)}
	machine.Spec.ClusterName, machine.Spec.Bootstrap.DataSecretName = cluster, &data
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: infrav1.GroupName, Kind: "Metal3Machine", Name: name}
	for _, f := range change {
		f(machine, m3m)
	}
	return []client.Object{machine, m3m}
}

// offer offers a host in a management cluster, and returns what the Metal3Machines were told.
func offer(t *testing.T, host string, funcs interceptor.Funcs, objects ...client.Object) (int, map[string]string, error) {
	t.Helper()
	g := NewWithT(t)
	builder := fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(objects...).WithInterceptorFuncs(funcs)
	g.Expect(management.AddIndexes(context.Background(), indexer{builder})).To(Succeed())
	c := builder.Build()
	offered, err := management.Offer(context.Background(), c, types.NamespacedName{Namespace: "metal3", Name: host})
	var list infrav1.Metal3MachineList
	g.Expect(c.List(context.Background(), &list)).To(Succeed())
	told := map[string]string{}
	for _, m3m := range list.Items {
		if value, ok := m3m.Annotations[management.FreeHostAnnotation]; ok {
			told[m3m.Name] = value
		}
	}
	return offered, told, err
}

func TestAHostIsOfferedToTheMachinesThatWaitForOne(t *testing.T) {
	g := NewWithT(t)
	objects := []client.Object{freeHost("host-0", "c"), freeHost("host-1", "c", takenBy("served")), freeHost("host-2", "d")}
	objects = append(objects, waiting("first", "c")...)
	objects = append(objects, waiting("second", "c")...)
	objects = append(objects, waiting("served", "c")...)
	objects = append(objects, waiting("elsewhere", "d")...)
	objects = append(objects, waiting("linked", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
		m3m.Spec.ProviderID = "metal3://metal3/host-9/linked"
	})...)
	objects = append(objects, waiting("going", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
		m3m.DeletionTimestamp, m3m.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
	})...)
	// CAPM3 looks for a host by itself when the data comes.
	objects = append(objects, waiting("no-data-yet", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) { m.Spec.Bootstrap.DataSecretName = nil })...)
	objects = append(objects, waiting("other-provider", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) { m.Spec.InfrastructureRef.Kind = "DockerMachine" })...)
	objects = append(objects, waiting("no-object", "c")[0])
	offered, told, err := offer(t, "host-0", interceptor.Funcs{}, objects...)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(told).To(Equal(map[string]string{"first": "host-0", "second": "host-0"}))
	g.Expect(offered).To(Equal(2))
}

func TestAHostThatIsNotFreeIsNotOffered(t *testing.T) {
	deleted := func(host *bmov1alpha1.BareMetalHost) {
		host.DeletionTimestamp, host.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
	}
	for what, host := range map[string]*bmov1alpha1.BareMetalHost{
		"taken":      freeHost("host", "c", takenBy("somebody")),
		"deleted":    freeHost("host", "c", deleted),
		"queued":     freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Annotations = map[string]string{management.QueuedAnnotation: ""} }),
		"inspecting": freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Status.Provisioning.State = bmov1alpha1.StateInspecting }),
		"nobody's":   freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Labels = nil }),
		"gone":       freeHost("another", "c"),
	} {
		t.Run(what, func(t *testing.T) {
			g := NewWithT(t)
			offered, told, err := offer(t, "host", interceptor.Funcs{}, append(waiting("m", "c"), host)...)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(offered).To(BeZero())
			g.Expect(told).To(BeEmpty())
		})
	}
}

func TestAnOfferThatFailsForOneMachineReachesTheOthers(t *testing.T) {
	g := NewWithT(t)
	refuse := interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		if obj.GetName() == "first" {
			return errors.New("refused")
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}
	objects := append(waiting("first", "c"), append(waiting("second", "c"), freeHost("host", "c"))...)
	offered, told, err := offer(t, "host", refuse, objects...)
	g.Expect(err).To(MatchError(ContainSubstring("annotate Metal3Machine metal3/first: refused")))
	g.Expect(told).To(Equal(map[string]string{"second": "host"}))
	g.Expect(offered).To(Equal(1))
}

func TestOnlyTheMomentCountsInWhichAHostBecomesFree(t *testing.T) {
	g := NewWithT(t)
	inspecting := freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Status.Provisioning.State = bmov1alpha1.StateInspecting })
	free, taken := freeHost("host", "c"), freeHost("host", "c", takenBy("m"))
	update := func(before, after *bmov1alpha1.BareMetalHost) bool {
		return becameFree.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	g.Expect([]bool{update(inspecting, free), update(taken, free)}).To(Equal([]bool{true, true}), "inspected, or given back")
	g.Expect([]bool{update(free, free), update(free, taken), update(inspecting, taken)}).To(Equal([]bool{false, false, false}))
	g.Expect([]bool{becameFree.Create(event.CreateEvent{Object: free}), becameFree.Delete(event.DeleteEvent{Object: free})}).To(Equal([]bool{false, false}))
}
