package queue_test

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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

const (
	available    = bmov1alpha1.StateAvailable
	inspecting   = bmov1alpha1.StateInspecting
	provisioning = bmov1alpha1.StateProvisioning
	provisioned  = bmov1alpha1.StateProvisioned
)

// queuedCluster is cluster c as the lab creates it: paused, without a topology yet, and with somebody else's
// annotation.
func queuedCluster(wants string, age time.Duration, change ...func(*clusterv1.Cluster)) *clusterv1.Cluster {
	cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: "c", UID: "uid-c", CreationTimestamp: lab.Ago(age),
		Annotations: map[string]string{
			clusterv1.PausedAnnotation: "", management.QueuedAnnotation: wants, "other": "stays",
		},
	}}
	for _, f := range change {
		f(cluster)
	}
	return cluster
}

// consumed is a host, assigned to a cluster, with the machine of a cluster that consumes it.
func consumed(clusterOfMachine, host, clusterOfHost string, state bmov1alpha1.ProvisioningState) []client.Object {
	machine := lab.NewMachine(clusterOfMachine, "m", true, state)[:2]
	return append(machine, lab.NewHost(host, clusterOfHost, state, lab.ConsumedBy("m-m3m")))
}

func inAnotherNamespace(h *bmov1alpha1.BareMetalHost) { h.Namespace = "elsewhere" }

// releaseCluster runs the queue for cluster c, with a patience of one minute.
func releaseCluster(l *lab.Lab) (queue.ClusterRelease, error) {
	clusters := queue.ClusterQueue{Client: l.Cached, Patience: time.Minute}
	return clusters.Release(l.Ctx, lab.Key("c"))
}

func annotations(l *lab.Lab) map[string]string {
	l.T.Helper()
	var cluster clusterv1.Cluster
	if err := l.Management.Get(l.Ctx, lab.Key("c"), &cluster); err != nil {
		l.T.Fatal(err)
	}
	return cluster.Annotations
}

// beReleased matches the annotations of a Cluster that was released just now.
func beReleased() gomegatypes.GomegaMatcher {
	parse := func(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }
	recent := WithTransform(parse, BeTemporally("~", time.Now(), 10*time.Second))
	return And(
		HaveLen(2), HaveKeyWithValue("other", "stays"), HaveKeyWithValue(management.ReleasedAnnotation, recent))
}

func TestAPauseThatIsNotTheQueuesStays(t *testing.T) {
	t.Run("A Cluster that is paused and not queued is left alone", func(t *testing.T) {
		g := NewWithT(t)
		paused := queuedCluster("1", time.Hour)
		delete(paused.Annotations, management.QueuedAnnotation)
		l := lab.New(t, paused, lab.NewHost("h", "c", available))
		release, err := releaseCluster(l)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(release.Released).To(BeFalse())
		g.Expect(annotations(l)).To(Equal(map[string]string{clusterv1.PausedAnnotation: "", "other": "stays"}))
	})
	t.Run("A release leaves spec.paused alone", func(t *testing.T) {
		g := NewWithT(t)
		yes := true
		l := lab.New(t, queuedCluster("1", time.Hour, func(c *clusterv1.Cluster) { c.Spec.Paused = &yes }),
			lab.NewHost("h", "c", available))
		_, err := releaseCluster(l)
		g.Expect(err).NotTo(HaveOccurred())
		var cluster clusterv1.Cluster
		g.Expect(l.Management.Get(l.Ctx, lab.Key("c"), &cluster)).To(Succeed())
		g.Expect(*cluster.Spec.Paused).To(BeTrue())
		g.Expect(cluster.Annotations).To(beReleased())
	})
}

func TestAClusterWithAMalformedNumberIsReleasedAtOnce(t *testing.T) {
	for _, value := range []string{"", "0", "-1", "+1", " 1", "1.5", "two", "99999999999999999999"} {
		t.Run(fmt.Sprintf("%q is not a number of hosts", value), func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, queuedCluster(value, 0), lab.NewHost("h", "c", inspecting))
			_, err := releaseCluster(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(annotations(l)).To(beReleased())
		})
	}
}

func TestAClusterWithoutHostsIsReleasedWhenPatienceEnds(t *testing.T) {
	// No host is assigned to the cluster: these belong to another namespace, another cluster and nobody.
	hosts := []client.Object{
		lab.NewHost("h", "c", available, inAnotherNamespace), lab.NewHost("i", "d", available),
		lab.NewMachine("d", "m", true, provisioned)[2],
	}
	t.Run("A young Cluster waits and is looked at again in time", func(t *testing.T) {
		g := NewWithT(t)
		l := lab.New(t, append(hosts, queuedCluster("1", 10*time.Second))...)
		release, err := releaseCluster(l)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(annotations(l)).To(HaveLen(3))
		g.Expect(release.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 50*time.Second)))
	})
	t.Run("With a patience of 0 it waits for ever", func(t *testing.T) {
		g := NewWithT(t)
		l := lab.New(t, append(hosts, queuedCluster("1", 2*time.Minute))...)
		clusters := queue.ClusterQueue{Client: l.Cached}
		g.Expect(clusters.Release(l.Ctx, lab.Key("c"))).To(Equal(queue.ClusterRelease{}))
		g.Expect(annotations(l)).To(HaveLen(3))
	})
	t.Run("An old Cluster is released", func(t *testing.T) {
		g := NewWithT(t)
		l := lab.New(t, append(hosts, queuedCluster("1", 2*time.Minute))...)
		_, err := releaseCluster(l)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(annotations(l)).To(beReleased())
	})
	free := lab.NewHost("free", "", available)
	t.Run("An old Cluster waits and is looked at again while a host can still be assigned to it", func(t *testing.T) {
		g := NewWithT(t)
		l := lab.New(t, append(hosts, queuedCluster("1", 2*time.Minute), free)...)
		g.Expect(releaseCluster(l)).To(Equal(queue.ClusterRelease{RequeueAfter: time.Minute}))
		g.Expect(annotations(l)).To(HaveLen(3))
	})
	leaving := lab.NewHost("leaving", "", available, func(h *bmov1alpha1.BareMetalHost) {
		h.Annotations = map[string]string{management.LeavingAnnotation: ""}
	})
	for name, objects := range map[string][]client.Object{
		"The only host without a cluster is about to leave": {queuedCluster("1", 2*time.Minute), leaving},
		"No host was assigned to it in ten minutes":         {queuedCluster("1", 11*time.Minute), free},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, append(hosts, objects...)...)
			_, err := releaseCluster(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(annotations(l)).To(beReleased())
		})
	}
}

func TestAQueuedClusterThatIsBeingDeletedIsReleased(t *testing.T) {
	g := NewWithT(t)
	finalized := func(c *clusterv1.Cluster) { c.Finalizers = []string{clusterv1.ClusterFinalizer} }
	l := lab.New(t, queuedCluster("1", 0, finalized), lab.NewHost("h", "c", inspecting))
	g.Expect(l.Management.Delete(l.Ctx, queuedCluster("1", 0))).To(Succeed())
	_, err := releaseCluster(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(beReleased(), "a paused Cluster would keep its finalizer")
}

func TestAReleaseOnAnOutdatedCacheIsTriedAgain(t *testing.T) {
	g := NewWithT(t)
	changes := 1
	l := lab.Failing(t, interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		if changes > 0 {
			changes--
			var current clusterv1.Cluster
			g.Expect(c.Get(ctx, lab.Key("c"), &current)).To(Succeed())
			current.Annotations[management.QueuedAnnotation] = "2"
			g.Expect(c.Update(ctx, &current)).To(Succeed())
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}, queuedCluster("1", time.Hour), lab.NewHost("h1", "c", available))
	g.Expect(releaseCluster(l)).To(Equal(queue.ClusterRelease{RequeueAfter: time.Second}), "a conflict is no error")
	g.Expect(annotations(l)).To(HaveKeyWithValue(management.QueuedAnnotation, "2"), "it wants more hosts now")

	_, err := releaseCluster(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(HaveLen(3))
	l.Create(lab.NewHost("h2", "c", available))
	_, err = releaseCluster(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(annotations(l)).To(beReleased())
}

func TestAReleaseIsOnePatchOfAnnotations(t *testing.T) {
	g := NewWithT(t)
	var sent []string
	l := lab.Failing(t, interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		data, err := patch.Data(obj)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(patch.Type()).To(Equal(types.MergePatchType))
		sent = append(sent, string(data))
		return c.Patch(ctx, obj, patch, opts...)
	}}, queuedCluster("1", time.Hour), lab.NewHost("h", "c", available))
	_, err := releaseCluster(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(HaveLen(1))
	now := regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	g.Expect(now.ReplaceAllString(sent[0], `"now"`)).To(MatchJSON(`{"metadata":{"uid":"uid-c","resourceVersion":"999",
		"annotations":{"cluster.x-k8s.io/paused":null,"queue.metal3-scale-lab/queued":null,
			"metal3-scale-lab/queued":null,"queue.metal3-scale-lab/released":"now"}}}`))
}

func TestAReleaseThatFailsIsAnError(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(t, interceptor.Funcs{Patch: func(
		context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption,
	) error {
		return broken
	}}, queuedCluster("1", time.Hour), lab.NewHost("h", "c", available))
	_, err := releaseCluster(l)
	g.Expect(err).To(MatchError(broken))
	g.Expect(err.Error()).To(ContainSubstring("release queued cluster metal3/c"))
}
