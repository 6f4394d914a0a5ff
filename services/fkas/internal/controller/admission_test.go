package controller_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// wanting is a Cluster whose topology has so many machines.
func wanting(name string, controlPlane, workers int32, change ...func(*clusterv1.Cluster)) clusterv1.Cluster {
	cluster := clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: lab.Namespace, Name: name}}
	cluster.Spec.Topology.ClassRef.Name = "class"
	cluster.Spec.Topology.ControlPlane.Replicas = ptr.To(controlPlane)
	cluster.Spec.Topology.Workers.MachineDeployments = []clusterv1.MachineDeploymentTopology{{Replicas: ptr.To(workers)}}
	for _, f := range change {
		f(&cluster)
	}
	return cluster
}

// at is a host of cluster c in a state, made so long ago.
func at(state bmov1alpha1.ProvisioningState, age time.Duration, change ...func(*bmov1alpha1.BareMetalHost)) bmov1alpha1.BareMetalHost {
	host := set("h", "c", state, append(change, func(h *bmov1alpha1.BareMetalHost) { h.CreationTimestamp = ago(age) })...)
	return *host.(*bmov1alpha1.BareMetalHost)
}

func taken(h *bmov1alpha1.BareMetalHost) {
	h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: lab.Namespace, Name: "m"}
}

func waiting(h *bmov1alpha1.BareMetalHost) {
	h.Annotations = map[string]string{management.QueuedAnnotation: "", bmov1alpha1.PausedAnnotation: "", clusterv1.PausedAnnotation: "", "other": "stays"}
}

func admitted(age time.Duration) func(*bmov1alpha1.BareMetalHost) {
	return func(h *bmov1alpha1.BareMetalHost) {
		h.Annotations = map[string]string{management.AdmittedAnnotation: time.Now().Add(-age).UTC().Format(time.RFC3339)}
	}
}

func TestHostsInWork(t *testing.T) {
	const young, old = time.Minute, time.Hour
	const none, registering, inspecting, available, provisioning, provisioned = bmov1alpha1.StateNone, bmov1alpha1.StateRegistering, bmov1alpha1.StateInspecting,
		bmov1alpha1.StateAvailable, bmov1alpha1.StateProvisioning, bmov1alpha1.StateProvisioned
	one := []clusterv1.Cluster{wanting("c", 1, 0)}
	leaving := func(c *clusterv1.Cluster) { c.DeletionTimestamp = ptr.To(metav1.Now()) }
	elsewhere := func(c *clusterv1.Cluster) { c.Namespace = "elsewhere" }
	without := func(c *clusterv1.Cluster) { c.Spec.Topology = clusterv1.Topology{} }
	for name, row := range map[string]struct {
		hosts    []bmov1alpha1.BareMetalHost
		clusters []clusterv1.Cluster
		want     int
	}{
		"none":                                  {want: 0},
		"not looked at yet":                     {hosts: []bmov1alpha1.BareMetalHost{at(none, young)}, want: 1},
		"before available":                      {hosts: []bmov1alpha1.BareMetalHost{at(registering, young), at(inspecting, young)}, want: 2},
		"being provisioned":                     {hosts: []bmov1alpha1.BareMetalHost{at(provisioning, young, taken)}, clusters: one, want: 1},
		"provisioned":                           {hosts: []bmov1alpha1.BareMetalHost{at(provisioned, young, taken)}, clusters: one, want: 0},
		"queued":                                {hosts: []bmov1alpha1.BareMetalHost{at(none, young, waiting)}, clusters: one, want: 0},
		"available without a cluster":           {hosts: []bmov1alpha1.BareMetalHost{at(available, young)}, want: 0},
		"available, and its cluster wants it":   {hosts: []bmov1alpha1.BareMetalHost{at(available, young)}, clusters: one, want: 1},
		"available and taken":                   {hosts: []bmov1alpha1.BareMetalHost{at(available, young, taken)}, clusters: one, want: 1},
		"a namesake of its cluster wants hosts": {hosts: []bmov1alpha1.BareMetalHost{at(available, young)}, clusters: []clusterv1.Cluster{wanting("c", 1, 0, elsewhere)}, want: 0},
		"its cluster is leaving":                {hosts: []bmov1alpha1.BareMetalHost{at(available, young)}, clusters: []clusterv1.Cluster{wanting("c", 1, 0, leaving)}, want: 0},
		"its cluster has no topology":           {hosts: []bmov1alpha1.BareMetalHost{at(available, young)}, clusters: []clusterv1.Cluster{wanting("c", 1, 0, without)}, want: 0},
		"a spare one":                           {hosts: []bmov1alpha1.BareMetalHost{at(available, young), at(provisioned, old, taken)}, clusters: one, want: 0},
		"control plane and workers":             {hosts: []bmov1alpha1.BareMetalHost{at(available, young), at(available, young), at(available, young), at(available, young)}, clusters: []clusterv1.Cluster{wanting("c", 1, 2)}, want: 3},
		"stuck for too long":                    {hosts: []bmov1alpha1.BareMetalHost{at(registering, old)}, want: 0},
		"made long ago, let in just now":        {hosts: []bmov1alpha1.BareMetalHost{at(registering, old, admitted(young))}, want: 1},
		"let in too long ago":                   {hosts: []bmov1alpha1.BareMetalHost{at(registering, old, admitted(old))}, want: 0},
		"when it was let in is not to be read": {hosts: []bmov1alpha1.BareMetalHost{at(registering, young, func(h *bmov1alpha1.BareMetalHost) {
			h.Annotations = map[string]string{management.AdmittedAnnotation: "soon"}
		})}, want: 1},
		"an old host is taken: a new one is spare": {hosts: []bmov1alpha1.BareMetalHost{at(available, old, taken), at(available, young)}, clusters: one, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(management.InWork(row.hosts, row.clusters, time.Now())).To(Equal(row.want))
		})
	}
}

// admit lets hosts in, and returns the names of those that are still queued.
func admit(l *lab.Lab, atOnce int) (management.Admitted, []string, error) {
	l.T.Helper()
	admission := management.Admission{Client: l.Management, Clusters: l.Management, AtOnce: atOnce}
	done, err := admission.Admit(l.Ctx)
	var hosts bmov1alpha1.BareMetalHostList
	if listErr := l.Management.List(l.Ctx, &hosts); listErr != nil {
		l.T.Fatal(listErr)
	}
	var queued []string
	for i := range hosts.Items {
		if management.HostQueued(&hosts.Items[i]) {
			queued = append(queued, hosts.Items[i].Name)
		}
	}
	return done, queued, err
}

func named(name string, state bmov1alpha1.ProvisioningState, change ...func(*bmov1alpha1.BareMetalHost)) client.Object {
	return set(name, "c", state, append(change, func(h *bmov1alpha1.BareMetalHost) { h.CreationTimestamp = ago(time.Minute) })...)
}

func TestHostsAreLetInByNameWhileThereIsRoom(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, named("h1", bmov1alpha1.StateInspecting), named("h4", "", waiting), named("h2", "", waiting), named("h3", "", waiting))
	done, queued, err := admit(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(management.Admitted{Hosts: 2, Again: 30 * time.Second}))
	g.Expect(queued).To(Equal([]string{"h4"}))

	var host bmov1alpha1.BareMetalHost
	g.Expect(l.Management.Get(l.Ctx, lab.Key("h2"), &host)).To(Succeed())
	g.Expect(host.Annotations).To(HaveLen(2))
	g.Expect(host.Annotations).To(HaveKeyWithValue("other", "stays"))
	since, err := time.Parse(time.RFC3339, host.Annotations[management.AdmittedAnnotation])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(since).To(BeTemporally("~", time.Now(), 10*time.Second))

	done, queued, err = admit(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done.Hosts).To(BeZero(), "those let in are in work, though nobody has looked at them yet")
	g.Expect(queued).To(Equal([]string{"h4"}))

	host.Status.Provisioning.State = bmov1alpha1.StateAvailable
	g.Expect(l.Management.Update(l.Ctx, &host)).To(Succeed())
	done, queued, err = admit(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done.Hosts).To(Equal(1))
	g.Expect(queued).To(BeEmpty())

	done, _, err = admit(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(management.Admitted{}), "an empty queue is not looked at again")
}

func TestHostsThatWereInWorkOrAreDeletedNeedNoRoom(t *testing.T) {
	g := NewWithT(t)
	deleted := func(h *bmov1alpha1.BareMetalHost) {
		waiting(h)
		h.DeletionTimestamp, h.Finalizers = ptr.To(metav1.Now()), []string{"baremetalhost.metal3.io"}
	}
	l := lab.New(t, named("h1", bmov1alpha1.StateInspecting), named("h2", "", waiting), named("h3", bmov1alpha1.StateProvisioned, waiting, taken), named("h4", "", deleted))
	done, queued, err := admit(l, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done.Hosts).To(Equal(2))
	g.Expect(queued).To(Equal([]string{"h2"}))
}

func TestAdmissionThatIsRefused(t *testing.T) {
	resource := schema.GroupResource{Group: "metal3.io", Resource: "baremetalhosts"}
	for name, row := range map[string]struct {
		answer error
		again  time.Duration
		fails  bool
	}{
		"the cache was late":  {answer: apierrors.NewConflict(resource, "h1", errors.New("changed")), again: time.Second},
		"the host is gone":    {answer: apierrors.NewNotFound(resource, "h1"), again: 30 * time.Second},
		"the server is tired": {answer: apierrors.NewInternalError(fmt.Errorf("tired")), again: 30 * time.Second, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, named("h1", "", waiting))
			l.Management = interceptor.NewClient(l.Management, interceptor.Funcs{Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return row.answer
			}})
			done, queued, err := admit(l, 5)
			g.Expect(err != nil).To(Equal(row.fails))
			g.Expect(done).To(Equal(management.Admitted{Again: row.again}))
			g.Expect(queued).To(Equal([]string{"h1"}))
		})
	}
}
