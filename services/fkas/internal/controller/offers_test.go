package controller_test

import (
	"context"
	"errors"
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func freeHost(name, cluster string, change ...func(*bmov1alpha1.BareMetalHost)) client.Object {
	return set(name, cluster, bmov1alpha1.StateAvailable, change...)
}

func takenBy(m3m string) func(*bmov1alpha1.BareMetalHost) {
	return func(host *bmov1alpha1.BareMetalHost) {
		host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: lab.Namespace, Name: m3m}
	}
}

// waitingMachine is a Machine that has its bootstrap data, and its Metal3Machine, of the same name.
func waitingMachine(name, cluster string, change ...func(*clusterv1.Machine, *infrav1.Metal3Machine)) []client.Object {
	data := name + "-data"
	machine, m3m := &clusterv1.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: name}}, &infrav1.Metal3Machine{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: name}}
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
	l := lab.Failing(t, funcs, objects...)
	offered, err := management.Offer(l.Ctx, l.Management, lab.Key(host))
	var list infrav1.Metal3MachineList
	g.Expect(l.Management.List(l.Ctx, &list)).To(Succeed())
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
	objects = append(objects, waitingMachine("first", "c")...)
	objects = append(objects, waitingMachine("second", "c")...)
	objects = append(objects, waitingMachine("served", "c")...)
	objects = append(objects, waitingMachine("elsewhere", "d")...)
	objects = append(objects, waitingMachine("linked", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
		m3m.Spec.ProviderID = "metal3://metal3/host-9/linked"
	})...)
	objects = append(objects, waitingMachine("going", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
		m3m.DeletionTimestamp, m3m.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
	})...)
	// CAPM3 looks for a host by itself when the data comes.
	objects = append(objects, waitingMachine("no-data-yet", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) { m.Spec.Bootstrap.DataSecretName = nil })...)
	objects = append(objects, waitingMachine("other-provider", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) { m.Spec.InfrastructureRef.Kind = "DockerMachine" })...)
	objects = append(objects, waitingMachine("no-object", "c")[0])
	offered, told, err := offer(t, "host-0", interceptor.Funcs{}, objects...)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(told).To(Equal(map[string]string{"first": "host-0", "second": "host-0"}))
	g.Expect(offered).To(Equal(2))
}

func TestAHostThatIsNotFreeIsNotOffered(t *testing.T) {
	deleted := func(host *bmov1alpha1.BareMetalHost) {
		host.DeletionTimestamp, host.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
	}
	for what, host := range map[string]client.Object{
		"taken":      freeHost("host", "c", takenBy("somebody")),
		"deleted":    freeHost("host", "c", deleted),
		"queued":     freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Annotations = map[string]string{management.QueuedAnnotation: ""} }),
		"inspecting": freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Status.Provisioning.State = bmov1alpha1.StateInspecting }),
		"nobody's":   freeHost("host", "c", func(h *bmov1alpha1.BareMetalHost) { h.Labels = nil }),
		"gone":       freeHost("another", "c"),
	} {
		t.Run(what, func(t *testing.T) {
			g := NewWithT(t)
			offered, told, err := offer(t, "host", interceptor.Funcs{}, append(waitingMachine("m", "c"), host)...)
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
	objects := append(waitingMachine("first", "c"), append(waitingMachine("second", "c"), freeHost("host", "c"))...)
	offered, told, err := offer(t, "host", refuse, objects...)
	g.Expect(err).To(MatchError(ContainSubstring("annotate Metal3Machine metal3/first: refused")))
	g.Expect(told).To(Equal(map[string]string{"second": "host"}))
	g.Expect(offered).To(Equal(1))
}
