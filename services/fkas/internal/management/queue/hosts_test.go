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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// releaseHosts runs the host queue, and returns the names of the hosts that are still queued.
func releaseHosts(l *lab.Lab, limit int) (queue.HostReleases, []string, error) {
	l.T.Helper()
	hosts := queue.HostQueue{Client: l.Cached, Clusters: l.Cached, Limit: limit}
	releases, err := hosts.Release(l.Ctx)
	var list bmov1alpha1.BareMetalHostList
	if listErr := l.Management.List(l.Ctx, &list); listErr != nil {
		l.T.Fatal(listErr)
	}
	var queued []string
	for i := range list.Items {
		if management.HostQueued(&list.Items[i]) {
			queued = append(queued, list.Items[i].Name)
		}
	}
	return releases, queued, err
}

// newHost is a host of cluster c that was created a minute ago.
func newHost(
	name string, state bmov1alpha1.ProvisioningState, change ...func(*bmov1alpha1.BareMetalHost),
) client.Object {
	return lab.NewHost(name, "c", state, append(change, func(h *bmov1alpha1.BareMetalHost) {
		h.CreationTimestamp = lab.Ago(time.Minute)
	})...)
}

func TestHostsAreReleasedInTheOrderOfTheirNamesUpToTheLimit(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, newHost("h1", inspecting),
		newHost("h4", "", lab.Queued), newHost("h2", "", lab.Queued), newHost("h3", "", lab.Queued))
	releases, queued, err := releaseHosts(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases).To(Equal(queue.HostReleases{Count: 2, InProgress: 3, Limit: 3, RequeueAfter: 30 * time.Second}))
	g.Expect(queued).To(Equal([]string{"h4"}))

	var host bmov1alpha1.BareMetalHost
	g.Expect(l.Management.Get(l.Ctx, lab.Key("h2"), &host)).To(Succeed())
	g.Expect(host.Annotations).To(HaveLen(2))
	g.Expect(host.Annotations).To(HaveKeyWithValue("other", "stays"))
	since, err := time.Parse(time.RFC3339, host.Annotations[management.ReleasedAnnotation])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(since).To(BeTemporally("~", time.Now(), 10*time.Second))

	releases, queued, err = releaseHosts(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases.Count).To(BeZero(), "released hosts are in progress before BMO has seen them")
	g.Expect(queued).To(Equal([]string{"h4"}))

	host.Status.Provisioning.State = available
	g.Expect(l.Management.Update(l.Ctx, &host)).To(Succeed())
	releases, queued, err = releaseHosts(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases.Count).To(Equal(1))
	g.Expect(queued).To(BeEmpty())

	releases, _, err = releaseHosts(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases).To(Equal(queue.HostReleases{InProgress: 3, Limit: 3}), "an empty queue needs no further run")
}

func TestTheLimitDoesNotHoldForHostsThatHaveAStateOrAreDeleted(t *testing.T) {
	g := NewWithT(t)
	deleted := func(h *bmov1alpha1.BareMetalHost) {
		lab.Queued(h)
		h.DeletionTimestamp, h.Finalizers = ptr.To(metav1.Now()), []string{"baremetalhost.metal3.io"}
	}
	l := lab.New(t, newHost("h1", inspecting), newHost("h2", "", lab.Queued),
		newHost("h3", provisioned, lab.Queued, lab.ConsumedBy("m")), newHost("h4", "", deleted))
	releases, queued, err := releaseHosts(l, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases.Count).To(Equal(2))
	g.Expect(queued).To(Equal([]string{"h2"}))
}

func TestAHostThatIsAboutToLeaveStaysQueuedUntilItIsDeleted(t *testing.T) {
	g := NewWithT(t)
	leaving := func(h *bmov1alpha1.BareMetalHost) { h.Annotations[management.LeavingAnnotation] = "" }
	deleted := func(h *bmov1alpha1.BareMetalHost) {
		h.DeletionTimestamp, h.Finalizers = ptr.To(metav1.Now()), []string{"baremetalhost.metal3.io"}
	}
	l := lab.New(t, newHost("h1", "", lab.Queued, leaving), newHost("h2", "", lab.Queued, leaving, deleted),
		newHost("h3", "", lab.Queued))
	releases, queued, err := releaseHosts(l, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(releases.Count).To(Equal(2))
	g.Expect(queued).To(Equal([]string{"h1"}))
}

func TestAHostThatWasReleasedJustNowCountsThoughItIsOld(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t, lab.NewHost("h1", "c", inspecting, releasedAgo(time.Minute)), newHost("h2", "", lab.Queued))
	_, queued, err := releaseHosts(l, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(queued).To(Equal([]string{"h2"}))
}

func TestTheReleaseOfAHostIsOnePatchOfAnnotations(t *testing.T) {
	g := NewWithT(t)
	var sent []string
	l := lab.Failing(t, interceptor.Funcs{Patch: func(
		ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
	) error {
		data, err := patch.Data(obj)
		g.Expect(err).NotTo(HaveOccurred())
		sent = append(sent, string(data))
		return c.Patch(ctx, obj, patch, opts...)
	}}, newHost("h", "", lab.Queued, func(h *bmov1alpha1.BareMetalHost) { h.UID = "uid-h" }))
	_, _, err := releaseHosts(l, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(HaveLen(1))
	now := regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	g.Expect(now.ReplaceAllString(sent[0], `"now"`)).To(MatchJSON(`{"metadata":{"uid":"uid-h","resourceVersion":"999",
		"annotations":{"baremetalhost.metal3.io/paused":null,"cluster.x-k8s.io/paused":null,
			"queue.metal3-scale-lab/queued":null,"metal3-scale-lab/queued":null,"queue.metal3-scale-lab/released":"now"}}}`))
}

func TestAHostWhoseReleaseIsRefusedStaysQueued(t *testing.T) {
	resource := schema.GroupResource{Group: "metal3.io", Resource: "baremetalhosts"}
	for name, row := range map[string]struct {
		answer       error
		inProgress   int
		requeueAfter time.Duration
		fails        bool
	}{
		"An outdated cache leads to another try": {
			apierrors.NewConflict(resource, "h1", errors.New("changed")), 1, time.Second, false},
		"A host that is gone is no error": {apierrors.NewNotFound(resource, "h1"), 0, 30 * time.Second, false},
		"A failure of the API server is one": {
			apierrors.NewInternalError(errors.New("broken")), 0, 30 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.Failing(t, interceptor.Funcs{Patch: func(
				context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption,
			) error {
				return row.answer
			}}, newHost("h1", "", lab.Queued))
			releases, queued, err := releaseHosts(l, 5)
			g.Expect(err != nil).To(Equal(row.fails))
			g.Expect(releases).To(Equal(queue.HostReleases{
				InProgress: row.inProgress, Limit: 5, RequeueAfter: row.requeueAfter,
			}))
			g.Expect(queued).To(Equal([]string{"h1"}))
		})
	}
}

func TestAFlowDecidesInPlaceOfALimit(t *testing.T) {
	g := NewWithT(t)
	var hosts []client.Object
	for number := range 50 {
		hosts = append(hosts, newHost(fmt.Sprintf("h%02d", number), "", lab.Queued))
	}
	l := lab.New(t, hosts...)
	hostQueue := queue.HostQueue{Client: l.Cached, Clusters: l.Cached, Flow: queue.NewFlow(1)}
	// runAfter runs the queue after all hosts below a number have become available.
	runAfter := func(arrived int) queue.HostReleases {
		for number := range arrived {
			l.SetHostState(fmt.Sprintf("h%02d", number), available)
		}
		releases, err := hostQueue.Release(l.Ctx)
		g.Expect(err).NotTo(HaveOccurred())
		return releases
	}
	const again = 30 * time.Second
	g.Expect(runAfter(0)).To(Equal(queue.HostReleases{Count: 12, InProgress: 12, Limit: 12, RequeueAfter: again}))
	g.Expect(runAfter(12)).To(Equal(queue.HostReleases{Count: 12, InProgress: 12, Limit: 12, RequeueAfter: again}))
	g.Expect(runAfter(24)).To(Equal(queue.HostReleases{Count: 12, InProgress: 12, Limit: 12, RequeueAfter: again}))
	// Three fourths of a round, the hosts from the thirteenth on.
	releases := runAfter(27)
	g.Expect(releases.Round).To(BeNumerically("~", time.Second, 10*time.Second))
	releases.Round = 0
	g.Expect(releases).To(Equal(queue.HostReleases{Count: 7, InProgress: 16, Limit: 16, RequeueAfter: again}))
	g.Expect(runAfter(43)).To(Equal(queue.HostReleases{Count: 7, InProgress: 7, Limit: 16, RequeueAfter: again}))
	g.Expect(runAfter(50)).To(Equal(queue.HostReleases{Limit: 16}))
}
