package triggers_test

import (
	"context"
	"errors"
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/triggers"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

const available = bmov1alpha1.StateAvailable

// waitingMachine is a Machine that has its bootstrap data, and its Metal3Machine, both of one name.
func waitingMachine(
	name, cluster string, change ...func(*clusterv1.Machine, *infrav1.Metal3Machine),
) []client.Object {
	data := name + "-data"
	meta := metav1.ObjectMeta{Namespace: lab.Namespace, Name: name}
	machine, m3m := &clusterv1.Machine{ObjectMeta: meta}, &infrav1.Metal3Machine{ObjectMeta: meta}
	machine.Spec.ClusterName, machine.Spec.Bootstrap.DataSecretName = cluster, &data
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: infrav1.GroupName, Kind: "Metal3Machine", Name: name,
	}
	for _, f := range change {
		f(machine, m3m)
	}
	return []client.Object{machine, m3m}
}

// hostFreed triggers for a host, and returns the annotations that Metal3Machines got.
func hostFreed(
	t *testing.T, host string, funcs interceptor.Funcs, objects ...client.Object,
) (int, map[string]string, error) {
	t.Helper()
	l := lab.Failing(t, funcs, objects...)
	count, err := triggers.HostFreed(l.Ctx, l.Cached, lab.Key(host))
	return count, annotations(l, management.FreeHostAnnotation), err
}

// annotations are the values of one annotation, by Metal3Machine.
func annotations(l *lab.Lab, key string) map[string]string {
	l.T.Helper()
	var list infrav1.Metal3MachineList
	if err := l.Management.List(l.Ctx, &list); err != nil {
		l.T.Fatal(err)
	}
	values := map[string]string{}
	for _, m3m := range list.Items {
		if value, ok := m3m.Annotations[key]; ok {
			values[m3m.Name] = value
		}
	}
	return values
}

func TestAFreeHostTriggersTheMachinesOfItsClusterThatWaitForOne(t *testing.T) {
	g := NewWithT(t)
	objects := []client.Object{
		lab.NewHost("host-0", "c", available),
		lab.NewHost("host-1", "c", available, lab.ConsumedBy("served")),
		lab.NewHost("host-2", "d", available),
		waitingMachine("no-metal3machine", "c")[0],
	}
	for _, machine := range [][]client.Object{
		waitingMachine("first", "c"),
		waitingMachine("second", "c"),
		waitingMachine("served", "c"),
		waitingMachine("of-another-cluster", "d"),
		waitingMachine("linked", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
			m3m.Spec.ProviderID = "metal3://metal3/host-9/linked"
		}),
		waitingMachine("deleted", "c", func(_ *clusterv1.Machine, m3m *infrav1.Metal3Machine) {
			m3m.DeletionTimestamp, m3m.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
		}),
		// CAPM3 looks for a host by itself when the bootstrap data comes.
		waitingMachine("without-data", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) {
			m.Spec.Bootstrap.DataSecretName = nil
		}),
		waitingMachine("of-another-provider", "c", func(m *clusterv1.Machine, _ *infrav1.Metal3Machine) {
			m.Spec.InfrastructureRef.Kind = "DockerMachine"
		}),
	} {
		objects = append(objects, machine...)
	}
	count, values, err := hostFreed(t, "host-0", interceptor.Funcs{}, objects...)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values).To(Equal(map[string]string{"first": "host-0", "second": "host-0"}))
	g.Expect(count).To(Equal(2))
}

func TestAHostThatIsNotFreeTriggersNothing(t *testing.T) {
	type change = func(*bmov1alpha1.BareMetalHost)
	for name, change := range map[string]change{
		"A machine consumes it": lab.ConsumedBy("somebody"),
		"It is being deleted": func(host *bmov1alpha1.BareMetalHost) {
			host.DeletionTimestamp, host.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"x"}
		},
		"It is queued": lab.Queued,
		"It is being inspected": func(h *bmov1alpha1.BareMetalHost) {
			h.Status.Provisioning.State = bmov1alpha1.StateInspecting
		},
		"It is assigned to no cluster":       func(h *bmov1alpha1.BareMetalHost) { h.Labels = nil },
		"It no longer exists under its name": func(h *bmov1alpha1.BareMetalHost) { h.Name = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			objects := append(waitingMachine("m", "c"), lab.NewHost("host", "c", available, change))
			count, values, err := hostFreed(t, "host", interceptor.Funcs{}, objects...)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(count).To(BeZero())
			g.Expect(values).To(BeEmpty())
		})
	}
}

func TestAnErrorWithOneMachineDoesNotKeepTheOthersFromBeingTriggered(t *testing.T) {
	g := NewWithT(t)
	refuse := interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		if obj.GetName() == "first" {
			return errors.New("refused")
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}
	objects := append(waitingMachine("first", "c"), waitingMachine("second", "c")...)
	count, values, err := hostFreed(t, "host", refuse, append(objects, lab.NewHost("host", "c", available))...)
	g.Expect(err).To(MatchError(ContainSubstring("annotate Metal3Machine metal3/first: refused")))
	g.Expect(values).To(Equal(map[string]string{"second": "host"}))
	g.Expect(count).To(Equal(1))
}
