package orphans_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management/orphans"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestAnOrphanIsDeletedOnceItsGraceIsOver(t *testing.T) {
	earlier := schema.GroupVersionKind{
		Group: controlplanev1.GroupVersion.Group, Version: "v1beta1", Kind: "KubeadmControlPlane",
	}
	for name, change := range map[string]func(*clusterv1.Machine){
		"A KubeadmControlPlane owns it":                func(*clusterv1.Machine) {},
		"A MachineSet owns it":                         ownedBy(clusterv1.GroupVersion.WithKind("MachineSet")),
		"The owner is named in an earlier API version": ownedBy(earlier),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, with(nil, orphan("m", young, change))...)
			result, err := repair(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(isDeleted(t, l, "m")).To(BeFalse())
			g.Expect(result.Deleted).To(BeZero())
			g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 20*time.Second)),
				"no event tells when the grace is over")

			l = lab.New(t, with(nil, orphan("m", old, change))...)
			result, err = repair(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.Deleted).To(Equal(1))
			g.Expect(isDeleted(t, l, "m")).To(BeTrue())
			left := machine(l, "m")
			g.Expect(left.Finalizers).
				To(Equal([]string{clusterv1.MachineFinalizer}), "the Machine controller removes it")
			g.Expect(left.Annotations).
				To(HaveKey(controlplanev1.PreTerminateHookCleanupAnnotation), "KCP removes it first")

			result, err = repair(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.Deleted).To(BeZero(), "a Machine is deleted once")
		})
	}
}

func TestAMachineThatIsNoOrphanStays(t *testing.T) {
	yes := true
	objects := lab.NewMachine("c", "m", true, bmov1alpha1.StateProvisioning)
	config := &bootstrapv1.KubeadmConfig{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: "m"}}
	paused := map[string]string{clusterv1.PausedAnnotation: ""}
	machineSetOfOthers := schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "MachineSet"}
	type change = func(*clusterv1.Machine)
	for name, row := range map[string]struct {
		cluster func(*clusterv1.Cluster)
		machine change
		others  []client.Object
	}{
		"Its Metal3Machine exists":                  {others: objects[1:2]},
		"Its KubeadmConfig exists":                  {others: []client.Object{config}},
		"Both of its objects exist":                 {others: []client.Object{objects[1], config}},
		"It has a Node":                             {machine: func(m *clusterv1.Machine) { m.Status.NodeRef.Name = "m" }},
		"It has a providerID":                       {machine: func(m *clusterv1.Machine) { m.Spec.ProviderID = "x" }},
		"It is paused":                              {machine: func(m *clusterv1.Machine) { m.Annotations = paused }},
		"Its Cluster is paused":                     {cluster: func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }},
		"Its Cluster has a pause as an annotation":  {cluster: func(c *clusterv1.Cluster) { c.Annotations = paused }},
		"A person created it":                       {machine: func(m *clusterv1.Machine) { m.OwnerReferences = nil }},
		"A MachinePool owns it":                     {machine: ownedBy(clusterv1.GroupVersion.WithKind("MachinePool"))},
		"A MachineSet of another API group owns it": {machine: ownedBy(machineSetOfOthers)},
		"It was provisioned before": {machine: func(m *clusterv1.Machine) {
			m.Status.Initialization.InfrastructureProvisioned = &yes
		}},
		"It has another infrastructure provider": {machine: func(m *clusterv1.Machine) {
			m.Spec.InfrastructureRef.Kind = "DockerMachine"
		}},
		"It has another bootstrap provider": {machine: func(m *clusterv1.Machine) {
			m.Spec.Bootstrap.ConfigRef.Kind = "TalosConfig"
		}},
		"It has no bootstrap provider": {machine: func(m *clusterv1.Machine) {
			m.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			m := orphan("m", old)
			if row.machine != nil {
				row.machine(m)
			}
			all := with(row.cluster, m)
			for _, other := range row.others {
				all = append(all, other.DeepCopyObject().(client.Object))
			}
			l := lab.New(t, all...)
			result, err := repair(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(isDeleted(t, l, "m")).To(BeFalse())
			g.Expect(result.Deleted).To(BeZero())
		})
	}
}

func TestAMachineThatMustNotBeTouchedIsLookedAtAgain(t *testing.T) {
	yes := true
	l := lab.New(t, with(func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }, orphan("m", old))...)
	NewWithT(t).Expect(repair(l)).To(Equal(orphans.Result{RequeueAfter: grace}))
}

func TestAGraceOfZeroDeletesNothing(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, with(nil, orphan("m", old))...)
	repairer := orphans.Repairer{Cache: l.Cached, Direct: l.DirectClient}
	g.Expect(repairer.Repair(l.Ctx, lab.Key("c"))).To(Equal(orphans.Result{}))
	g.Expect(isDeleted(t, l, "m")).To(BeFalse())
}

func TestAMachineIsDeletedOnlyIfTheAPIServerConfirmsTheCache(t *testing.T) {
	successor := orphan("m", 0)
	successor.UID = "uid-successor"
	metal3Machine := lab.NewMachine("c", "m", true, bmov1alpha1.StateProvisioning)[1]
	for name, real := range map[string][]client.Object{
		"A younger Machine has the name": with(nil, successor),
		"Its Metal3Machine exists":       with(nil, orphan("m", old), metal3Machine),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			cached, server := lab.New(t, with(nil, orphan("m", old))...), lab.New(t, real...)
			repairer := orphans.Repairer{Cache: cached.Cached, Direct: server.DirectClient, Grace: grace}
			result, err := repairer.Repair(cached.Ctx, lab.Key("c"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.Deleted).To(BeZero())
			g.Expect(isDeleted(t, server, "m")).To(BeFalse())
		})
	}
	t.Run("The Machine is gone", func(t *testing.T) {
		cached, server := lab.New(t, with(nil, orphan("m", old))...), lab.New(t, with(nil)...)
		repairer := orphans.Repairer{Cache: cached.Cached, Direct: server.DirectClient, Grace: grace}
		_, err := repairer.Repair(cached.Ctx, lab.Key("c"))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
	})
}

func TestAMachineWhoseObjectsCannotBeReadStays(t *testing.T) {
	resource := schema.GroupResource{Resource: "x"}
	for name, failure := range map[string]error{
		"The API server is overloaded": apierrors.NewTooManyRequests("later", 1),
		"Reading is forbidden":         apierrors.NewForbidden(resource, "m", errors.New("no role")),
		// client-go makes this error of a 404 that is no Status, as for a kind that the API server does not serve.
		"The kind is not served": apierrors.NewGenericServerResponse(
			http.StatusNotFound, "get", resource, "m", "404 page not found", 0, true),
	} {
		for _, kind := range []string{"Metal3Machine", "KubeadmConfig"} {
			t.Run(name+": "+kind, func(t *testing.T) {
				g := NewWithT(t)
				l := lab.Failing(t, interceptor.Funcs{Get: func(
					ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
				) error {
					if partial, ok := obj.(*metav1.PartialObjectMetadata); ok && partial.Kind == kind {
						return failure
					}
					return c.Get(ctx, key, obj, opts...)
				}}, with(nil, orphan("m", old))...)
				_, err := repair(l)
				g.Expect(err).To(MatchError(failure))
				g.Expect(err.Error()).To(ContainSubstring("look for " + kind + " of Machine metal3/m"))
				g.Expect(isDeleted(t, l, "m")).To(BeFalse())
			})
		}
	}
}

func TestAMachineThatChangesWhileItIsCheckedStays(t *testing.T) {
	g := NewWithT(t)
	changes := 1
	l := lab.Failing(t, interceptor.Funcs{Delete: func(
		ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption,
	) error {
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
	}}, with(nil, orphan("m", old))...)
	g.Expect(repair(l)).To(Equal(orphans.Result{RequeueAfter: time.Second}), "a conflict is no error")
	g.Expect(isDeleted(t, l, "m")).To(BeFalse())

	_, err := repair(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isDeleted(t, l, "m")).To(BeTrue())
}

func TestAnErrorWithOneMachineDoesNotKeepTheOthersFromBeingRepaired(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(t, interceptor.Funcs{Get: func(
		ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
	) error {
		if _, ok := obj.(*metav1.PartialObjectMetadata); ok && key.Name == "a" {
			return broken
		}
		return c.Get(ctx, key, obj, opts...)
	}}, with(nil, orphan("a", old), orphan("b", old))...)
	_, err := repair(l)
	g.Expect(err).To(MatchError(broken))
	g.Expect(isDeleted(t, l, "a")).To(BeFalse())
	g.Expect(isDeleted(t, l, "b")).To(BeTrue())
}
