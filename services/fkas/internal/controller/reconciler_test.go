package controller_test

import (
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// queuedCluster is cluster c as the lab creates it: paused, queued for one host, and without a topology yet.
func queuedCluster() *clusterv1.Cluster {
	return &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: "c", UID: "uid-c", CreationTimestamp: lab.Ago(time.Hour),
		Annotations: map[string]string{clusterv1.PausedAnnotation: "", management.QueuedAnnotation: "1"},
	}}
}

func isQueued(l *lab.Lab) bool {
	l.T.Helper()
	var cluster clusterv1.Cluster
	if err := l.Management.Get(l.Ctx, lab.Key("c"), &cluster); err != nil {
		l.T.Fatal(err)
	}
	return management.ClusterQueued(&cluster)
}

func TestAQueuedClusterCostsNothingUntilItsHostIsAvailable(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(metrics.ReleasedClusters)
	l := lab.New(t, queuedCluster(), lab.NewHost("h", "c", bmov1alpha1.StateInspecting))
	_, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Waiting).To(Equal("the Cluster is queued until its hosts are available"))
	counts := l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting}).To(Equal([]int{1, 1}))
	var secrets corev1.SecretList
	g.Expect(l.Management.List(l.Ctx, &secrets)).To(Succeed())
	g.Expect(secrets.Items).To(BeEmpty())
	g.Expect(testutil.ToFloat64(metrics.ReleasedClusters)).To(Equal(before))

	l.SetHostState("h", bmov1alpha1.StateAvailable)
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isQueued(l)).To(BeFalse())
	counts = l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting}).To(Equal([]int{0, 1}), "it declares no endpoint yet")
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(testutil.ToFloat64(metrics.ReleasedClusters)-before).To(Equal(1.0), "a release counts once")
}

func TestAClusterThatIsQueuedAgainIsServedMeanwhile(t *testing.T) {
	g := NewWithT(t)
	requeue := func(c *clusterv1.Cluster) {
		c.Annotations = map[string]string{clusterv1.PausedAnnotation: "", management.QueuedAnnotation: "2"}
	}
	objects := lab.NewCluster("c", testkit.FreePort(t))
	requeue(objects[0].(*clusterv1.Cluster))
	objects = append(objects, lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)[:2]...)
	l := lab.New(t, append(objects,
		lab.NewHost("h1", "c", bmov1alpha1.StateProvisioned, lab.ConsumedBy("cp-m3m")),
		lab.NewHost("h2", "c", bmov1alpha1.StateInspecting))...)
	_, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isQueued(l)).To(BeTrue(), "the host of its new worker is not ready")
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"))
	counts := l.Counts()
	g.Expect([]int{counts.Queued, counts.Waiting, counts.Served}).To(Equal([]int{1, 0, 1}))
	l = l.Restarted()
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"), "a restarted process serves it as well")

	l.SetHostState("h2", bmov1alpha1.StateAvailable)
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isQueued(l)).To(BeFalse())
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"))

	// It is queued once more, while machines of its own have all of its hosts.
	l.Create(lab.NewMachine("c", "w", false, bmov1alpha1.StateProvisioned)[:2]...)
	var host bmov1alpha1.BareMetalHost
	g.Expect(l.Management.Get(l.Ctx, lab.Key("h2"), &host)).To(Succeed())
	lab.ConsumedBy("w-m3m")(&host)
	host.Status.Provisioning.State = bmov1alpha1.StateProvisioned
	g.Expect(l.Management.Update(l.Ctx, &host)).To(Succeed())
	var found clusterv1.Cluster
	g.Expect(l.Management.Get(l.Ctx, lab.Key("c"), &found)).To(Succeed())
	requeue(&found)
	g.Expect(l.Management.Update(l.Ctx, &found)).To(Succeed())
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(isQueued(l)).To(BeFalse())
	g.Expect(l.Nodes("c")).To(ConsistOf("cp", "w"))
}

// orphan is a Machine of cluster c of that age, which its KubeadmControlPlane gave up on.
func orphan(age time.Duration) *clusterv1.Machine {
	machine := lab.NewMachine("c", "m", true, bmov1alpha1.StateProvisioning)[0].(*clusterv1.Machine)
	machine.CreationTimestamp = lab.Ago(age)
	machine.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "c-kcp", UID: "uid-kcp"}, controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))}
	machine.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: bootstrapv1.GroupVersion.Group, Kind: "KubeadmConfig", Name: "m",
	}
	return machine
}

func TestAnOrphanIsDeletedByTheRunThatFollowsItsGrace(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(metrics.OrphansDeleted)
	l := lab.New(t, append(lab.NewCluster("c", testkit.FreePort(t)), orphan(10*time.Second))...)
	result, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 20*time.Second)))
	g.Expect(testutil.ToFloat64(metrics.OrphansDeleted)).To(Equal(before))

	l = lab.New(t, append(lab.NewCluster("c", testkit.FreePort(t)), orphan(time.Minute))...)
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	err = l.Management.Get(l.Ctx, lab.Key("m"), &clusterv1.Machine{})
	g.Expect(apierrors.IsNotFound(err)).To(BeTrue())
	g.Expect(testutil.ToFloat64(metrics.OrphansDeleted) - before).To(Equal(1.0))
}

func TestTheNextRunIsTheSoonerOneOfQueueAndOrphans(t *testing.T) {
	g := NewWithT(t)
	// The queue's patience of a minute ends in 50 s, the orphan's grace of 30 s in 20 s.
	queued := queuedCluster()
	queued.CreationTimestamp = lab.Ago(10 * time.Second)
	l := lab.New(t, queued, orphan(10*time.Second))
	result, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 20*time.Second)))

	l = lab.New(t, queued)
	result, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeNumerically(">", 30*time.Second))

	l = lab.New(t, queuedCluster(), lab.NewHost("h", "c", bmov1alpha1.StateInspecting))
	g.Expect(l.ReconcileCluster("c")).To(Equal(ctrl.Result{}), "the host's next event is enough")
}
