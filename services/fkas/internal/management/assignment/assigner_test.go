package assignment_test

import (
	"context"
	"errors"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/assignment"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

const available = bmov1alpha1.StateAvailable

type bmh = bmov1alpha1.BareMetalHost

// newCluster is a Cluster with a topology of so many machines.
func newCluster(name string, controlPlanes, workers int32) *clusterv1.Cluster {
	cluster := lab.NewCluster(name, 20000)[0].(*clusterv1.Cluster)
	cluster.Spec.Topology.ClassRef.Name = "class"
	cluster.Spec.Topology.ControlPlane.Replicas = &controlPlanes
	cluster.Spec.Topology.Workers.MachineDeployments = []clusterv1.MachineDeploymentTopology{{Replicas: &workers}}
	return cluster
}

func newMachine(name, cluster string) *infrav1.Metal3Machine {
	return &infrav1.Metal3Machine{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: name, Labels: map[string]string{clusterv1.ClusterNameLabel: cluster},
	}}
}

// newHost is an available host without the label, which its BMC has switched on.
func newHost(name string, change ...func(*bmh)) *bmh {
	return lab.NewHost(name, "c", available, append([]func(*bmh){func(h *bmh) {
		h.Labels, h.Spec.Online = nil, true
	}}, change...)...)
}

func labelled(cluster string) func(*bmh) {
	return func(h *bmh) { h.Labels = map[string]string{management.HostClusterLabel: cluster, "other": "stays"} }
}

func deleted(obj client.Object) client.Object {
	obj.SetDeletionTimestamp(ptr.To(metav1.Now()))
	obj.SetFinalizers([]string{"x"})
	return obj
}

func assign(l *lab.Lab) (assignment.Assignments, error) {
	// The cache of all Clusters has their topologies, which the other cache drops.
	noLimit := func() int { return 0 }
	assigner := &assignment.Assigner{Client: l.Cached, Clusters: l.Management, RolloutsAtOnce: noLimit}
	return assigner.Assign(l.Ctx)
}

// clustersOf are the labels of all hosts that have one.
func clustersOf(l *lab.Lab) map[string]string {
	l.T.Helper()
	var list bmov1alpha1.BareMetalHostList
	if err := l.Management.List(l.Ctx, &list); err != nil {
		l.T.Fatal(err)
	}
	found := map[string]string{}
	for _, host := range list.Items {
		if cluster, ok := host.Labels[management.HostClusterLabel]; ok {
			found[host.Name] = cluster
		}
	}
	return found
}

func TestEveryClusterGetsTheHostsOfItsTopologyAndOfItsMachines(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t,
		newCluster("a", 1, 1), newMachine("a-1", "a"), newMachine("a-2", "a"), deleted(newMachine("a-old", "a")),
		newHost("h0", lab.ConsumedBy("a-1")), newHost("h1", labelled("gone")), newHost("h2", lab.ConsumedBy("a-old")),
		newHost("h3"), newHost("h4"), newHost("h5"), newHost("h6"),
		newCluster("b", 1, 1), deleted(newCluster("c", 3, 0)),
		// A rollout makes a machine more than the topology has.
		newCluster("d", 1, 0), newMachine("d-1", "d"), newMachine("d-2", "d"),
	)
	done, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(assignment.Assignments{Given: 6, Taken: 1}))
	done, err = assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(assignment.Assignments{Given: 1}), "the host of the Cluster that is gone")
	g.Expect(clustersOf(l)).To(Equal(map[string]string{
		"h0": "a", "h2": "a", "h3": "a", "h4": "d", "h5": "d", "h6": "b", "h1": "b",
	}))
	var host bmh
	g.Expect(l.Management.Get(l.Ctx, lab.Key("h1"), &host)).To(Succeed())
	g.Expect(host.Labels).To(HaveKeyWithValue("other", "stays"))

	done, err = assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(BeZero(), "nothing has changed")
}

func TestAHostThatNoMachineMayHaveIsNotAssigned(t *testing.T) {
	annotated := func(key string) func(*bmh) {
		return func(h *bmh) { h.Annotations = map[string]string{key: ""} }
	}
	for name, change := range map[string]func(*bmh){
		"It is being deleted":          func(h *bmh) { deleted(h) },
		"It is about to leave the lab": annotated(management.LeavingAnnotation),
		"Its user gave it an image":    func(h *bmh) { h.Spec.Image = &bmov1alpha1.Image{URL: "http://x"} },
		"Its user has it deployed in other ways": func(h *bmh) {
			h.Spec.CustomDeploy = &bmov1alpha1.CustomDeploy{Method: "x"}
		},
		"It is externally provisioned": func(h *bmh) { h.Spec.ExternallyProvisioned = true },
		"Something else consumes it": func(h *bmh) {
			h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "HostClaim", Name: "x"}
		},
		"It is detached":     annotated(bmov1alpha1.DetachedAnnotation),
		"Its user paused it": annotated(bmov1alpha1.PausedAnnotation),
		"CAPM3 gave it up":   annotated(infrav1.UnhealthyAnnotation),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, newCluster("a", 1, 0), newHost("h0", labelled("a"), change), newHost("h1", change))
			_, err := assign(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(clustersOf(l)).To(BeEmpty())
		})
	}
}

func TestAHostThatIsNotReadyYetIsAssigned(t *testing.T) {
	state := func(state bmov1alpha1.ProvisioningState) func(*bmh) {
		return func(h *bmh) { h.Status.Provisioning.State = state }
	}
	for name, change := range map[string]func(*bmh){
		"It is queued":             func(h *bmh) { lab.Queued(h); h.Status.Provisioning.State = "" },
		"BMO has not seen it":      state(""),
		"It is being inspected":    state(bmov1alpha1.StateInspecting),
		"It is deprovisioned":      state(bmov1alpha1.StateDeprovisioning),
		"CAPM3 switched it off":    func(h *bmh) { h.Spec.Online = false },
		"It has an error just now": func(h *bmh) { h.Status.ErrorMessage = "no answer" },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, newCluster("a", 1, 0), newHost("h1", change))
			_, err := assign(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(clustersOf(l)).To(Equal(map[string]string{"h1": "a"}))
		})
	}
}

func TestAHostOfAnotherNamespaceIsNotAssigned(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, newCluster("a", 1, 0), newHost("h0", func(h *bmh) { h.Namespace = "elsewhere" }))
	_, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(clustersOf(l)).To(BeEmpty())
}

// before runs act once, between the reading of the objects and the first write.
func before(act func(context.Context, client.WithWatch) error) interceptor.Funcs {
	acted := false
	return interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		if !acted {
			acted = true
			if err := act(ctx, c); err != nil {
				return err
			}
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}
}

func TestAHostThatCAPM3TakesMeanwhileIsLeftAlone(t *testing.T) {
	g := NewWithT(t)
	take := func(ctx context.Context, c client.WithWatch) error {
		var host bmh
		if err := c.Get(ctx, lab.Key("h0"), &host); err != nil {
			return err
		}
		lab.ConsumedBy("a-1")(&host)
		return c.Update(ctx, &host)
	}
	// The Metal3Machine is in CAPM3's cache, and not yet in FKAS's: FKAS thinks that a needs nothing.
	l := lab.Failing(t, before(take), newCluster("a", 0, 0), newHost("h0", labelled("a")))
	done, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(assignment.Assignments{RequeueAfter: time.Second}))
	l.Create(newMachine("a-1", "a"))
	done, err = assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(BeZero())
	g.Expect(clustersOf(l)).To(Equal(map[string]string{"h0": "a"}))
}

func TestAHostThatCAPM3TookByAnOldLabelFollowsItsMachine(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t,
		newCluster("a", 1, 0), newMachine("a-1", "a"), newCluster("b", 1, 0), newMachine("b-1", "b"),
		// CAPM3 read h0 when it belonged to a, and took it when it had gone to b.
		newHost("h0", labelled("b"), lab.ConsumedBy("a-1")), newHost("h1"),
	)
	_, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(clustersOf(l)).To(Equal(map[string]string{"h0": "a", "h1": "b"}))
}

func TestAHostThatIsGoneMeanwhileIsNoError(t *testing.T) {
	g := NewWithT(t)
	remove := func(ctx context.Context, c client.WithWatch) error {
		return c.Delete(ctx, newHost("h0"))
	}
	l := lab.Failing(t, before(remove), newCluster("a", 1, 0), newHost("h0"))
	done, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(BeZero())
}

func TestAnErrorWithOneHostDoesNotKeepTheOthersFromBeingAssigned(t *testing.T) {
	g := NewWithT(t)
	l := lab.Failing(t, interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		if obj.GetName() == "h0" {
			return errors.New("refused")
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}, newCluster("a", 1, 1), newHost("h0"), newHost("h1"))
	done, err := assign(l)
	g.Expect(err).To(MatchError(ContainSubstring(`assign host metal3/h0 to cluster "a": refused`)))
	g.Expect(done.Given).To(Equal(1))
	g.Expect(clustersOf(l)).To(Equal(map[string]string{"h1": "a"}))
}
