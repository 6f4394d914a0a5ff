package controller_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// queued is cluster c as the lab makes it: paused, with no topology made yet, and with an annotation of somebody else.
func queued(wants string, age time.Duration, change ...func(*clusterv1.Cluster)) *clusterv1.Cluster {
	cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: "c", UID: "uid-c", CreationTimestamp: ago(age),
		Annotations: map[string]string{clusterv1.PausedAnnotation: "", management.QueuedAnnotation: wants, "other": "stays"},
	}}
	for _, f := range change {
		f(cluster)
	}
	return cluster
}

func paused(cluster *clusterv1.Cluster) *clusterv1.Cluster {
	delete(cluster.Annotations, management.QueuedAnnotation)
	return cluster
}

// set is a host set aside for a cluster.
func set(name, cluster string, state bmov1alpha1.ProvisioningState, change ...func(*bmov1alpha1.BareMetalHost)) client.Object {
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: name, Labels: map[string]string{management.HostClusterLabel: cluster},
	}}
	host.Status.Provisioning.State = state
	for _, f := range change {
		f(host)
	}
	return host
}

// used is a provisioned host that the lab's machine of that name has, and the machine.
func used(cluster, machine, host, label string, state bmov1alpha1.ProvisioningState) []client.Object {
	return append(lab.NewMachine(cluster, machine, true, state)[:2], set(host, label, state, func(h *bmov1alpha1.BareMetalHost) {
		h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: lab.Namespace, Name: machine + "-m3m"}
	}))
}

func elsewhere(h *bmov1alpha1.BareMetalHost) { h.Namespace = "elsewhere" }

func annotations(l *lab.Lab) map[string]string {
	l.T.Helper()
	var cluster clusterv1.Cluster
	if err := l.Management.Get(l.Ctx, lab.Key("c"), &cluster); err != nil {
		l.T.Fatal(err)
	}
	return cluster.Annotations
}

// released are the annotations of a Cluster that was let in just now.
func released() gomegatypes.GomegaMatcher {
	recent := WithTransform(func(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }, BeTemporally("~", time.Now(), 10*time.Second))
	return And(HaveLen(2), HaveKeyWithValue("other", "stays"), HaveKeyWithValue(management.AdmittedAnnotation, recent))
}

func TestQueuedClusterWaitsForItsHosts(t *testing.T) {
	deleting := func(h *bmov1alpha1.BareMetalHost) {
		now := metav1.Now()
		h.DeletionTimestamp, h.Finalizers = &now, []string{"baremetalhost.metal3.io"}
	}
	claimed := func(h *bmov1alpha1.BareMetalHost) {
		h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "HostClaim", Name: "claim"}
	}
	foreign := func(h *bmov1alpha1.BareMetalHost) {
		h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "elsewhere", Name: "m-m3m"}
	}
	const available, provisioned = bmov1alpha1.StateAvailable, bmov1alpha1.StateProvisioned
	first := set("h1", "c", available)
	for name, row := range map[string]struct {
		hosts    []client.Object
		released bool
	}{
		"all available":              {hosts: []client.Object{first, set("h2", "c", available)}, released: true},
		"available and ready":        {hosts: []client.Object{first, set("h2", "c", bmov1alpha1.StateReady)}, released: true},
		"more than it wants":         {hosts: []client.Object{first, set("h2", "c", available), set("h3", "c", bmov1alpha1.StateInspecting)}, released: true},
		"its machine has one":        {hosts: append(used("c", "m", "h2", "c", provisioned), first), released: true},
		"its machine is getting one": {hosts: append(used("c", "m", "h2", "c", bmov1alpha1.StateProvisioning), first), released: true},
		"one short":                  {hosts: []client.Object{first}},
		"one is inspected":           {hosts: []client.Object{first, set("h2", "c", bmov1alpha1.StateInspecting)}},
		"one is deprovisioned":       {hosts: []client.Object{first, set("h2", "c", bmov1alpha1.StateDeprovisioning)}},
		"one is being deleted":       {hosts: []client.Object{first, set("h2", "c", available, deleting)}},
		"one is another namespace's": {hosts: []client.Object{first, set("h2", "c", available, elsewhere)}},
		"one is another cluster's":   {hosts: []client.Object{first, set("h2", "d", available)}},
		"another cluster has one":    {hosts: append(used("d", "m", "h2", "c", provisioned), first)},
		"one is somebody's":          {hosts: []client.Object{first, set("h2", "c", available, claimed)}},
		"a namesake has one":         {hosts: append(lab.NewMachine("c", "m", true, provisioned)[:2], first, set("h2", "c", provisioned, foreign))},
		"its machine is gone":        {hosts: append(used("c", "m", "h2", "c", provisioned)[2:], first)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			before := testutil.ToFloat64(metrics.Released)
			objects := []client.Object{queued("2", time.Hour)}
			for _, host := range row.hosts {
				objects = append(objects, host.DeepCopyObject().(client.Object))
			}
			l := lab.New(t, objects...)
			result, err := reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result).To(Equal(ctrl.Result{}), "events tell of hosts")
			if row.released {
				g.Expect(annotations(l)).To(released())
				g.Expect(testutil.ToFloat64(metrics.Released) - before).To(Equal(1.0))
				_, err = reconcile(l)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(testutil.ToFloat64(metrics.Released)-before).To(Equal(1.0), "once")
			} else {
				g.Expect(annotations(l)).To(HaveLen(3))
				g.Expect(testutil.ToFloat64(metrics.Released)).To(Equal(before))
			}
		})
	}
}

func TestQueuedClusterStartsWhenItsLastHostIsAvailable(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, queued("1", time.Hour), set("h", "c", bmov1alpha1.StateInspecting))
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Waiting).To(Equal("queued: waits for its hosts to be available"))
	counts := l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting}).To(Equal([]int{1, 1}))
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())
	g.Expect(secrets.Items).To(BeEmpty(), "no keys are made for it yet")

	l.SetHostState("h", bmov1alpha1.StateAvailable)
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(released())
	counts = l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting}).To(Equal([]int{0, 1}), "it declares no endpoint yet")
}

func TestForeignPauseIsNotTouched(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, paused(queued("1", time.Hour)), set("h", "c", bmov1alpha1.StateAvailable))
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(Equal(map[string]string{clusterv1.PausedAnnotation: "", "other": "stays"}))

	yes := true
	l = lab.New(t, queued("1", time.Hour, func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }), set("h", "c", bmov1alpha1.StateAvailable))
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	var cluster clusterv1.Cluster
	g.Expect(l.Management.Get(l.Ctx, lab.Key("c"), &cluster)).To(Succeed())
	g.Expect(*cluster.Spec.Paused).To(BeTrue())
	g.Expect(cluster.Annotations).To(released())
}

func TestMalformedQueueAnnotationReleasesAtOnce(t *testing.T) {
	for _, value := range []string{"", "0", "-1", "+1", " 1", "1.5", "two", "99999999999999999999"} {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, queued(value, 0), set("h", "c", bmov1alpha1.StateInspecting))
			_, err := reconcile(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(annotations(l)).To(released())
		})
	}
}

func TestPatienceWithoutHosts(t *testing.T) {
	g := NewWithT(t)
	// Nobody set a host aside: these are another namespace's, another cluster's, and nobody's.
	hosts := []client.Object{set("h", "c", bmov1alpha1.StateAvailable, elsewhere), set("i", "d", bmov1alpha1.StateAvailable), lab.NewMachine("d", "m", true, bmov1alpha1.StateProvisioned)[2]}
	l := lab.New(t, append(hosts, queued("1", 10*time.Second))...)
	result, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(HaveLen(3))
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 50*time.Second)), "nobody else tells when its time comes")

	l = lab.New(t, append(hosts, queued("1", 2*time.Minute))...)
	l.QueuePatience = 0
	g.Expect(reconcile(l)).To(Equal(ctrl.Result{}))
	g.Expect(annotations(l)).To(HaveLen(3), "0: for ever")

	l.QueuePatience = time.Minute
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(released())
}

func TestQueuedClusterCanBeDeleted(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, queued("1", 0, func(c *clusterv1.Cluster) { c.Finalizers = []string{clusterv1.ClusterFinalizer} }), set("h", "c", bmov1alpha1.StateInspecting))
	g.Expect(l.Management.Delete(l.Ctx, queued("1", 0))).To(Succeed())
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(released(), "paused, it would keep its finalizer")
}

func TestClusterThatIsQueuedAgain(t *testing.T) {
	g := NewWithT(t)
	requeue := func(c *clusterv1.Cluster) {
		c.CreationTimestamp = ago(time.Hour)
		c.Annotations = queued("2", 0).Annotations
	}
	objects := append(cluster(t, requeue), used("c", "cp", "h1", "c", bmov1alpha1.StateProvisioned)...)
	l := lab.New(t, append(objects, set("h2", "c", bmov1alpha1.StateInspecting))...)
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(HaveLen(3), "it was given a worker, whose host is not ready")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"), "it is served all the while")
	counts := l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting, counts.Served}).To(Equal([]int{1, 0, 1}))
	again := l.Restarted()
	_, err = reconcile(again)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again.Nodes("c")).To(ConsistOf("cp"), "also by a process that starts anew")

	again.SetHostState("h2", bmov1alpha1.StateAvailable)
	_, err = reconcile(again)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(again)).To(released())
	g.Expect(again.Nodes("c")).To(ConsistOf("cp"))

	// All of its hosts are in use by now.
	again.Create(lab.NewMachine("c", "w", false, bmov1alpha1.StateProvisioned)[:2]...)
	var host bmov1alpha1.BareMetalHost
	g.Expect(again.Management.Get(again.Ctx, lab.Key("h2"), &host)).To(Succeed())
	host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: lab.Namespace, Name: "w-m3m"}
	host.Status.Provisioning.State = bmov1alpha1.StateProvisioned
	g.Expect(again.Management.Update(again.Ctx, &host)).To(Succeed())
	var found clusterv1.Cluster
	g.Expect(again.Management.Get(again.Ctx, lab.Key("c"), &found)).To(Succeed())
	requeue(&found)
	g.Expect(again.Management.Update(again.Ctx, &found)).To(Succeed())
	_, err = reconcile(again)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(again)).To(released())
	g.Expect(again.Nodes("c")).To(ConsistOf("cp", "w"))
}

func TestClusterThatChangesMeanwhileIsLookedAtAgain(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(metrics.Released)
	changes := 1
	l := lab.Failing(t, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		if changes > 0 {
			changes--
			var current clusterv1.Cluster
			g.Expect(c.Get(ctx, lab.Key("c"), &current)).To(Succeed())
			current.Annotations[management.QueuedAnnotation] = "2"
			g.Expect(c.Update(ctx, &current)).To(Succeed())
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}, queued("1", time.Hour), set("h1", "c", bmov1alpha1.StateAvailable))
	g.Expect(reconcile(l)).To(Equal(ctrl.Result{RequeueAfter: time.Second}), "no error, but soon again")
	g.Expect(annotations(l)).To(HaveKeyWithValue(management.QueuedAnnotation, "2"), "it wants more by now")
	g.Expect(testutil.ToFloat64(metrics.Released)).To(Equal(before))

	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(HaveLen(3))
	l.Create(set("h2", "c", bmov1alpha1.StateAvailable))
	_, err = reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(released())
}

func TestReleaseIsOnePatchOfAnnotations(t *testing.T) {
	g := NewWithT(t)
	var sent []string
	l := lab.Failing(t, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		data, err := patch.Data(obj)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(patch.Type()).To(Equal(types.MergePatchType))
		sent = append(sent, string(data))
		return c.Patch(ctx, obj, patch, opts...)
	}}, queued("1", time.Hour), set("h", "c", bmov1alpha1.StateAvailable))
	_, err := reconcile(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(HaveLen(1))
	now := regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	g.Expect(now.ReplaceAllString(sent[0], `"now"`)).To(MatchJSON(`{"metadata":{"uid":"uid-c","resourceVersion":"999",
		"annotations":{"cluster.x-k8s.io/paused":null,"metal3-scale-lab/queued":null,"metal3-scale-lab/admitted":"now"}}}`))
}

func TestReleaseThatFailsIsAnError(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(t, interceptor.Funcs{Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
		return broken
	}}, queued("1", time.Hour), set("h", "c", bmov1alpha1.StateAvailable))
	_, err := reconcile(l)
	g.Expect(err).To(MatchError(broken))
	g.Expect(err.Error()).To(ContainSubstring("release queued cluster metal3/c"))
}
