package controller_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// The lab's grace is 30 s.
const (
	young = 10 * time.Second
	old   = time.Minute
)

func ago(age time.Duration) metav1.Time {
	return metav1.NewTime(time.Now().Add(-age).Truncate(time.Second))
}

// orphan is the Machine of that age that KCP leaves behind in cluster c when its cache is late.
func orphan(name string, age time.Duration, change ...func(*clusterv1.Machine)) *clusterv1.Machine {
	machine := lab.NewMachine("c", name, true, bmov1alpha1.StateProvisioning)[0].(*clusterv1.Machine)
	machine.CreationTimestamp = ago(age)
	machine.Annotations = map[string]string{controlplanev1.PreTerminateHookCleanupAnnotation: ""}
	machine.Finalizers = []string{clusterv1.MachineFinalizer}
	machine.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "c-kcp", UID: "uid-kcp"}, controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))}
	machine.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{APIGroup: bootstrapv1.GroupVersion.Group, Kind: "KubeadmConfig", Name: name}
	for _, f := range change {
		f(machine)
	}
	return machine
}

func ownedBy(kind schema.GroupVersionKind) func(*clusterv1.Machine) {
	return func(m *clusterv1.Machine) {
		m.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&metav1.ObjectMeta{Name: "owner", UID: "uid-owner"}, kind)}
	}
}

func cluster(t *testing.T, change ...func(*clusterv1.Cluster)) []client.Object {
	objects := lab.NewCluster("c", testkit.FreePort(t))
	for _, f := range change {
		f(objects[0].(*clusterv1.Cluster))
	}
	return objects
}

func reconcile(l *lab.Lab) (ctrl.Result, error) {
	return l.Reconcile(l.Ctx, ctrl.Request{NamespacedName: lab.Key("c")})
}

// machine returns the Machine, nil when it is gone.
func machine(l *lab.Lab, name string) *clusterv1.Machine {
	l.T.Helper()
	found := &clusterv1.Machine{}
	if err := l.Management.Get(l.Ctx, lab.Key(name), found); apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		l.T.Fatal(err)
	}
	return found
}

func TestOrphansAreDeletedOnceTheGraceIsOver(t *testing.T) {
	for name, change := range map[string]func(*clusterv1.Machine){
		"KubeadmControlPlane": func(*clusterv1.Machine) {},
		"MachineSet":          ownedBy(clusterv1.GroupVersion.WithKind("MachineSet")),
		"an owner as an earlier version writes it": ownedBy(schema.GroupVersionKind{
			Group: controlplanev1.GroupVersion.Group, Version: "v1beta1", Kind: "KubeadmControlPlane"}),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, append(cluster(t), orphan("m", young, change))...)
			result, err := reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeTrue(), "its time has not come")
			g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 20*time.Second)), "nobody else tells when it comes")

			before := testutil.ToFloat64(metrics.OrphansDeleted)
			l = lab.New(t, append(cluster(t), orphan("m", old, change))...)
			_, err = reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			left := machine(l, "m")
			g.Expect(left.DeletionTimestamp.IsZero()).To(BeFalse())
			g.Expect(left.Finalizers).To(Equal([]string{clusterv1.MachineFinalizer}), "the Machine controller finishes it")
			g.Expect(left.Annotations).To(HaveKey(controlplanev1.PreTerminateHookCleanupAnnotation), "KCP comes first")
			g.Expect(testutil.ToFloat64(metrics.OrphansDeleted) - before).To(Equal(1.0))

			_, err = reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(testutil.ToFloat64(metrics.OrphansDeleted)-before).To(Equal(1.0), "once")
		})
	}
}

func TestMachinesThatAreNoOrphansStay(t *testing.T) {
	yes := true
	objects := lab.NewMachine("c", "m", true, bmov1alpha1.StateProvisioning)
	config := &bootstrapv1.KubeadmConfig{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: "m"}}
	paused := map[string]string{clusterv1.PausedAnnotation: ""}
	for name, row := range map[string]struct {
		cluster func(*clusterv1.Cluster)
		machine func(*clusterv1.Machine)
		others  []client.Object
	}{
		"the Metal3Machine exists":      {others: objects[1:2]},
		"the KubeadmConfig exists":      {others: []client.Object{config}},
		"both exist":                    {others: []client.Object{objects[1], config}},
		"it has a Node":                 {machine: func(m *clusterv1.Machine) { m.Status.NodeRef.Name = "m" }},
		"it has a providerID":           {machine: func(m *clusterv1.Machine) { m.Spec.ProviderID = "metal3://a/b/c" }},
		"it was provisioned":            {machine: func(m *clusterv1.Machine) { m.Status.Initialization.InfrastructureProvisioned = &yes }},
		"it is paused":                  {machine: func(m *clusterv1.Machine) { m.Annotations = paused }},
		"the Cluster is paused":         {cluster: func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }},
		"the Cluster is annotated so":   {cluster: func(c *clusterv1.Cluster) { c.Annotations = paused }},
		"a person made it":              {machine: func(m *clusterv1.Machine) { m.OwnerReferences = nil }},
		"a MachinePool made it":         {machine: ownedBy(clusterv1.GroupVersion.WithKind("MachinePool"))},
		"another group's MachineSet":    {machine: ownedBy(schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "MachineSet"})},
		"it has another infrastructure": {machine: func(m *clusterv1.Machine) { m.Spec.InfrastructureRef.Kind = "DockerMachine" }},
		"it has another bootstrap":      {machine: func(m *clusterv1.Machine) { m.Spec.Bootstrap.ConfigRef.Kind = "TalosConfig" }},
		"it is bootstrapped by hand": {machine: func(m *clusterv1.Machine) {
			m.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			before := testutil.ToFloat64(metrics.OrphansDeleted)
			m := orphan("m", old)
			if row.machine != nil {
				row.machine(m)
			}
			all := cluster(t)
			if row.cluster != nil {
				all = cluster(t, row.cluster)
			}
			for _, other := range row.others {
				all = append(all, other.DeepCopyObject().(client.Object))
			}
			l := lab.New(t, append(all, m)...)
			_, err := reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeTrue())
			g.Expect(testutil.ToFloat64(metrics.OrphansDeleted)).To(Equal(before))
		})
	}
}

func TestObstaclesAreLookedAtAgain(t *testing.T) {
	g := NewWithT(t)
	yes := true
	l := lab.New(t, append(cluster(t, func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }), orphan("m", old))...)
	result, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(Equal(30 * time.Second))
}

func TestGraceOfZeroDeletesNothing(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, append(cluster(t), orphan("m", old))...)
	l.OrphanGrace = 0
	g.Expect(reconcile(l)).To(Equal(ctrl.Result{}))
	g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeTrue())
}

func TestTheCacheIsNotBelieved(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, append(cluster(t), orphan("m", old))...)
	// The API server has both, and the Machine is another by now.
	current := orphan("m", 0)
	current.UID = "uid-successor"
	l.Direct = lab.New(t, append(cluster(t), current)...).Management
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	var left clusterv1.Machine
	g.Expect(l.Direct.Get(l.Ctx, lab.Key("m"), &left)).To(Succeed())
	g.Expect(left.DeletionTimestamp.IsZero()).To(BeTrue(), "a younger Machine of the same name")

	all := append(cluster(t), orphan("m", old), lab.NewMachine("c", "m", true, bmov1alpha1.StateProvisioning)[1])
	l.Direct = lab.New(t, all...).Management
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(l.Direct.Get(l.Ctx, lab.Key("m"), &left)).To(Succeed())
	g.Expect(left.DeletionTimestamp.IsZero()).To(BeTrue(), "its Metal3Machine is only not in the cache")

	l.Direct = lab.New(t, cluster(t)...).Management
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred(), "it is gone already")
}

func TestDoubtLeavesTheMachineAlone(t *testing.T) {
	for name, failure := range map[string]error{
		"the API server is overloaded": apierrors.NewTooManyRequests("later", 1),
		"reading is not allowed":       apierrors.NewForbidden(schema.GroupResource{Resource: "x"}, "m", errors.New("no role")),
		// What client-go makes of a 404 that is no Status, as for a kind that is not served.
		"the kind is not served": apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{Resource: "x"}, "m", "404 page not found", 0, true),
	} {
		for _, kind := range []string{"Metal3Machine", "KubeadmConfig"} {
			t.Run(name+": "+kind, func(t *testing.T) {
				g := NewWithT(t)
				l := lab.Failing(t, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
					if partial, ok := obj.(*metav1.PartialObjectMetadata); ok && partial.Kind == kind {
						return failure
					}
					return c.Get(ctx, key, obj, opts...)
				}}, append(cluster(t), orphan("m", old))...)
				_, err := reconcile(l)
				g.Expect(err).To(MatchError(failure))
				g.Expect(err.Error()).To(ContainSubstring("look for " + kind + " of Machine metal3/m"))
				g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeTrue())
			})
		}
	}
}

func TestMachineThatChangesMeanwhileStays(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(metrics.OrphansDeleted)
	changes := 1
	l := lab.Failing(t, interceptor.Funcs{Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
		var set client.DeleteOptions
		set.ApplyOptions(opts)
		g.Expect(set.Preconditions).NotTo(BeNil())
		g.Expect(*set.Preconditions.UID).To(BeEquivalentTo("uid-m"))
		if changes > 0 {
			changes--
			var current clusterv1.Machine
			g.Expect(c.Get(ctx, lab.Key("m"), &current)).To(Succeed())
			current.Labels["changed"] = "meanwhile"
			g.Expect(c.Update(ctx, &current)).To(Succeed())
		}
		return c.Delete(ctx, obj, opts...)
	}}, append(cluster(t), orphan("m", old))...)
	g.Expect(reconcile(l)).To(Equal(ctrl.Result{RequeueAfter: time.Second}), "no error, but soon again")
	g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeTrue())
	g.Expect(testutil.ToFloat64(metrics.OrphansDeleted)).To(Equal(before))

	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(machine(l, "m").DeletionTimestamp.IsZero()).To(BeFalse())
}

func TestOneOrphanInDoubtDoesNotKeepTheOthers(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(t, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
		if _, ok := obj.(*metav1.PartialObjectMetadata); ok && key.Name == "a" {
			return broken
		}
		return c.Get(ctx, key, obj, opts...)
	}}, append(cluster(t), orphan("a", old), orphan("b", old))...)
	_, err := reconcile(l)
	g.Expect(err).To(MatchError(broken))
	g.Expect(machine(l, "a").DeletionTimestamp.IsZero()).To(BeTrue())
	g.Expect(machine(l, "b").DeletionTimestamp.IsZero()).To(BeFalse())
}

// deleting is an orphan whose deletion began that long ago and waits for a pre-terminate hook.
func deleting(name string, since time.Duration, change ...func(*clusterv1.Machine)) *clusterv1.Machine {
	m := orphan(name, time.Hour)
	began := ago(since)
	m.DeletionTimestamp = &began
	m.Status.Conditions = []metav1.Condition{{
		Type: clusterv1.MachineDeletingCondition, Status: metav1.ConditionTrue, Reason: clusterv1.MachineDeletingWaitingForPreTerminateHookReason,
	}}
	for _, f := range change {
		f(m)
	}
	return m
}

func TestHookThatKCPNeverRemoves(t *testing.T) {
	yes := true
	kubelet := clusterv1.PreTerminateDeleteHookAnnotationPrefix + "/someone"
	for name, row := range map[string]struct {
		cluster func(*clusterv1.Cluster)
		machine *clusterv1.Machine
		removed bool
	}{
		"no control plane":        {machine: deleting("m", old), removed: true},
		"KCP still has time":      {machine: deleting("m", young)},
		"there is one, so it can": {machine: deleting("m", old), cluster: func(c *clusterv1.Cluster) { c.Status.Initialization.ControlPlaneInitialized = &yes }},
		"another hook":            {machine: deleting("m", old, func(m *clusterv1.Machine) { m.Annotations[kubelet] = "" })},
		"deletion is not that far": {machine: deleting("m", old, func(m *clusterv1.Machine) {
			m.Status.Conditions[0].Reason = clusterv1.MachineDeletingReason
		})},
		"it has a Node": {machine: deleting("m", old, func(m *clusterv1.Machine) { m.Status.NodeRef.Name = "m" })},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			all := cluster(t)
			if row.cluster != nil {
				all = cluster(t, row.cluster)
			}
			l := lab.New(t, append(all, row.machine)...)
			result, err := reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(BeNumerically(">", 0))
			left := machine(l, "m")
			if row.removed {
				g.Expect(left.Annotations).NotTo(HaveKey(controlplanev1.PreTerminateHookCleanupAnnotation))
			} else {
				g.Expect(left.Annotations).To(HaveKey(controlplanev1.PreTerminateHookCleanupAnnotation))
			}
			g.Expect(left.Finalizers).To(Equal([]string{clusterv1.MachineFinalizer}))
		})
	}
}
