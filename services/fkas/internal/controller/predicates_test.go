package controller

import (
	"context"
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
	"sigs.k8s.io/controller-runtime/pkg/event"

	"metal3-scale-lab/fkas/internal/management"
)

func TestOnlyChangesThatMatterCauseARun(t *testing.T) {
	host := func(change func(*bmov1alpha1.BareMetalHost)) bool {
		before := &bmov1alpha1.BareMetalHost{}
		before.Status.Provisioning.State = bmov1alpha1.StateProvisioning
		after := before.DeepCopy()
		change(after)
		return hostChanged.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	poweredOff := func(state bmov1alpha1.ProvisioningState) bool {
		before := &bmov1alpha1.BareMetalHost{}
		before.Status.Provisioning.State, before.Status.PoweredOn = state, true
		after := before.DeepCopy()
		after.Status.PoweredOn = false
		return hostChanged.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	object := func(change func(client.Object)) bool {
		before := &clusterv1.Machine{ObjectMeta: metav1.ObjectMeta{Generation: 1, Labels: map[string]string{"a": "b"}}}
		after := before.DeepCopy()
		change(after)
		return changed.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	queued := func(before, after map[string]string) bool {
		object := func(annotations map[string]string) client.Object {
			return &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
		}
		return clusterChanged.Update(event.UpdateEvent{ObjectOld: object(before), ObjectNew: object(after)})
	}
	mark := func(value string) map[string]string { return map[string]string{management.QueuedAnnotation: value} }
	secretCreated := func(name string) bool {
		return authorityCreated.Create(event.CreateEvent{
			Object: &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}},
		})
	}
	now := metav1.Now()
	type bmh = bmov1alpha1.BareMetalHost
	label := func(key string) func(*bmh) { return func(h *bmh) { h.Labels = map[string]string{key: "c"} } }
	annotations := map[string]string{management.NodeCreatedAnnotation: "x"}
	owners := []metav1.OwnerReference{{Name: "x"}}
	for name, row := range map[string]struct{ got, want bool }{
		"A host changes its state":        {host(func(h *bmh) { h.Status.Provisioning.State = "provisioned" }), true},
		"A host gets a consumer":          {host(func(h *bmh) { h.Spec.ConsumerRef = &corev1.ObjectReference{} }), true},
		"A host is assigned to a cluster": {host(label(management.HostClusterLabel)), true},
		"A host gets another label":       {host(label("other")), false},
		"A host's deletion begins":        {host(func(h *bmh) { h.DeletionTimestamp = &now }), true},
		"A host is switched on":           {host(func(h *bmh) { h.Status.PoweredOn = true }), false},
		"A host in use is switched off":   {poweredOff(bmov1alpha1.StateProvisioned), true},
		"A host is switched off":          {poweredOff(bmov1alpha1.StateProvisioning), false},
		"A host counts an error":          {host(func(h *bmh) { h.Status.ErrorCount = 3 }), false},
		"An object changes its spec":      {object(func(o client.Object) { o.SetGeneration(2) }), true},
		"An object loses a label":         {object(func(o client.Object) { o.SetLabels(nil) }), true},
		"An object gets an owner":         {object(func(o client.Object) { o.SetOwnerReferences(owners) }), true},
		"An object's deletion begins":     {object(func(o client.Object) { o.SetDeletionTimestamp(&now) }), true},
		"Another object has the name":     {object(func(o client.Object) { o.SetUID("another") }), true},
		"An object gets an annotation":    {object(func(o client.Object) { o.SetAnnotations(annotations) }), false},
		"A Machine changes its phase": {object(func(o client.Object) {
			o.(*clusterv1.Machine).Status.Phase = "Running"
		}), false},
		"A Cluster is queued":             {queued(nil, mark("1")), true},
		"A Cluster is released":           {queued(mark(""), nil), true},
		"A queued Cluster wants more":     {queued(mark("1"), mark("2")), true},
		"A queued Cluster wants the same": {queued(mark("1"), mark("1")), false},
		"A Cluster gets an annotation":    {queued(nil, map[string]string{"other": "x"}), false},
		"A Cluster is created":            {clusterChanged.Create(event.CreateEvent{Object: &clusterv1.Cluster{}}), true},
		"A Cluster is gone":               {clusterChanged.Delete(event.DeleteEvent{Object: &clusterv1.Cluster{}}), true},
		"The cluster's authority appears": {secretCreated("c-ca"), true},
		"The authority of etcd appears":   {secretCreated("c-etcd"), true},
		"The kubeconfig appears":          {secretCreated("c-kubeconfig"), false},
		"A Secret changes":                {authorityCreated.Update(event.UpdateEvent{}), false},
	} {
		if row.got != row.want {
			t.Errorf("%s: causes a run: %v, want %v", name, row.got, row.want)
		}
	}
}

func TestAnObjectLeadsToItsCluster(t *testing.T) {
	g, ctx := NewWithT(t), context.Background()
	labels := map[string]string{clusterv1.ClusterNameLabel: "c"}
	m3m := &infrav1.Metal3Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "m3m", Labels: labels}}
	r := New(Options{Client: fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(m3m).Build()})
	want := types.NamespacedName{Namespace: "ns", Name: "c"}

	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Namespace: "hosts", Name: "h"}}
	_, ok := r.ofHost(ctx, host)
	g.Expect(ok).To(BeFalse(), "consumed by nobody")
	host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "ns", Name: "m3m"}
	name, ok := r.ofHost(ctx, host)
	g.Expect(ok).To(BeTrue())
	g.Expect(name).To(Equal(want))
	host.Spec.ConsumerRef.Kind = "HostClaim"
	_, ok = r.ofHost(ctx, host)
	g.Expect(ok).To(BeFalse())

	machine := &clusterv1.Machine{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns"},
		Spec:       clusterv1.MachineSpec{ClusterName: "c"},
	}
	name, _ = ofMachine(ctx, machine)
	g.Expect(name).To(Equal(want))

	infra := &infrav1.Metal3Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}
	_, ok = ofMetal3Cluster(ctx, infra)
	g.Expect(ok).To(BeFalse())
	infra.OwnerReferences = []metav1.OwnerReference{
		{APIVersion: "cluster.x-k8s.io/v1beta1", Kind: "Cluster", Name: "c"},
	}
	name, _ = ofMetal3Cluster(ctx, infra)
	g.Expect(name).To(Equal(want))
}

func TestAHostLeadsToTheQueuedClusterThatItIsSetAsideFor(t *testing.T) {
	g, ctx := NewWithT(t), context.Background()
	queued := &clusterv1.Cluster{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   "ns",
			Name:        "queued",
			Annotations: map[string]string{management.QueuedAnnotation: "1"},
		},
	}
	started := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "started"}}
	r := New(
		Options{Client: fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(queued, started).Build()},
	)
	for name, row := range map[string]struct {
		namespace string
		labels    map[string]string
		want      bool
	}{
		"queued":          {"ns", map[string]string{management.HostClusterLabel: "queued"}, true},
		"not queued":      {"ns", map[string]string{management.HostClusterLabel: "started"}, false},
		"none":            {"ns", nil, false},
		"not there yet":   {"ns", map[string]string{management.HostClusterLabel: "later"}, false},
		"other namespace": {"other", map[string]string{management.HostClusterLabel: "queued"}, false},
	} {
		key, ok := r.ofQueue(
			ctx,
			&bmov1alpha1.BareMetalHost{
				ObjectMeta: metav1.ObjectMeta{Namespace: row.namespace, Name: "h", Labels: row.labels},
			},
		)
		g.Expect(ok).To(Equal(row.want), name)
		if ok {
			g.Expect(key).To(Equal(types.NamespacedName{Namespace: "ns", Name: "queued"}), name)
		}
	}
}

func TestOnlyTheEventWithWhichAHostBecomesFreePasses(t *testing.T) {
	g := NewWithT(t)
	host := func(state bmov1alpha1.ProvisioningState, consumer *corev1.ObjectReference) *bmov1alpha1.BareMetalHost {
		host := &bmov1alpha1.BareMetalHost{}
		host.Status.Provisioning.State, host.Spec.ConsumerRef = state, consumer
		return host
	}
	inspecting, free := host(bmov1alpha1.StateInspecting, nil), host(bmov1alpha1.StateAvailable, nil)
	taken := host(
		bmov1alpha1.StateAvailable,
		&corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "metal3", Name: "m"},
	)
	update := func(before, after *bmov1alpha1.BareMetalHost) bool {
		return becameFree.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	g.Expect([]bool{update(inspecting, free), update(taken, free)}).
		To(Equal([]bool{true, true}), "inspected, or given back")
	g.Expect([]bool{update(free, free), update(free, taken), update(inspecting, taken)}).
		To(Equal([]bool{false, false, false}))
	assigned := func(host *bmov1alpha1.BareMetalHost) *bmov1alpha1.BareMetalHost {
		host = host.DeepCopy()
		host.Labels = map[string]string{management.HostClusterLabel: "c"}
		return host
	}
	g.Expect(update(free, assigned(free))).To(BeTrue(), "assigned while it is available")
	g.Expect([]bool{update(inspecting, assigned(inspecting)), update(taken, assigned(taken))}).
		To(Equal([]bool{false, false}), "assigned, and not free")
	g.Expect(becameFree.Create(event.CreateEvent{Object: free})).To(BeFalse())
	g.Expect(becameFree.Delete(event.DeleteEvent{Object: free})).To(BeFalse())
}

func TestOnlyChangesThatTheAssignmentReadsCauseOne(t *testing.T) {
	type bmh = bmov1alpha1.BareMetalHost
	host := func(change func(*bmh)) bool {
		before := &bmh{}
		before.Status.Provisioning.State, before.Spec.Online = bmov1alpha1.StateInspecting, true
		after := before.DeepCopy()
		change(after)
		return assignmentChanged.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})
	}
	annotation := func(key string) func(*bmh) {
		return func(h *bmh) { h.Annotations = map[string]string{key: ""} }
	}
	state := func(state bmov1alpha1.ProvisioningState) func(*bmh) {
		return func(h *bmh) { h.Status.Provisioning.State = state }
	}
	cluster := func(change func(*clusterv1.Cluster)) bool {
		before := &clusterv1.Cluster{}
		after := before.DeepCopy()
		change(after)
		return topologyChanged.Update(event.TypedUpdateEvent[*clusterv1.Cluster]{ObjectOld: before, ObjectNew: after})
	}
	consumer := func(h *bmh) { h.Spec.ConsumerRef = &corev1.ObjectReference{Name: "x"} }
	label := func(h *bmh) { h.Labels = map[string]string{management.HostClusterLabel: "c"} }
	now := metav1.Now()
	for name, row := range map[string]struct{ got, want bool }{
		"A host becomes available":      {host(state(bmov1alpha1.StateAvailable)), true},
		"A host is prepared":            {host(state(bmov1alpha1.StatePreparing)), false},
		"A host is to leave":            {host(annotation(management.LeavingAnnotation)), true},
		"A host is released":            {host(annotation(management.ReleasedAnnotation)), false},
		"A host gets a consumer":        {host(consumer), true},
		"A host gets an error":          {host(func(h *bmh) { h.Status.ErrorMessage = "x" }), true},
		"A host gets a label":           {host(label), true},
		"A host's deletion begins":      {host(func(h *bmh) { h.DeletionTimestamp = &now }), true},
		"A Cluster wants more machines": {cluster(func(c *clusterv1.Cluster) { c.Generation = 2 }), true},
		"A Cluster's deletion begins":   {cluster(func(c *clusterv1.Cluster) { c.DeletionTimestamp = &now }), true},
		"A Cluster's status changes":    {cluster(func(c *clusterv1.Cluster) { c.ResourceVersion = "2" }), false},
	} {
		if row.got != row.want {
			t.Errorf("%s: causes an assignment: %v, want %v", name, row.got, row.want)
		}
	}
}
