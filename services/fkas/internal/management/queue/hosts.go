package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
)

// hostQueueInterval is the time after which HostQueue looks at its queue again although nothing happened: a host that
// has been in progress for longer than HostPatience stops counting without an event.
const hostQueueInterval = 30 * time.Second

// HostQueue releases queued BareMetalHosts while fewer than a limit are in progress. The limit keeps BMO and
// Ironic from being slowed down by hosts that only wait: BMO asks Ironic about a host in progress every 10 to 15 s, and
// it registers a host that waits for its PROVISIONING_LIMIT again every minute or two.
//
// A queued host has BMO's annotation for a pause and Cluster API's. Without Cluster API's, CAPM3 (v1.13.2,
// Metal3LabelSync) reads a host that only BMO leaves alone from the API server every minute.
type HostQueue struct {
	// Client reads BareMetalHosts from the cache, and writes.
	Client client.Client
	// Clusters reads the Clusters of all FKAS from a cache.
	Clusters client.Reader
	// Limit is the number of hosts in progress from which no host is released, from 1.
	Limit int
	// Flow decides about the number in place of Limit; nil: Limit holds.
	Flow *Flow
}

// HostReleases is the result of HostQueue.Release.
type HostReleases struct {
	// Count is the number of hosts that were released.
	Count int
	// InProgress is the number of hosts in progress, with those that were released, and Limit what holds for it.
	InProgress, Limit int
	// Round is how long hosts were in progress, if a round of Flow ended with this call, and 0 otherwise.
	Round time.Duration
	// RequeueAfter is the time until the next call, where no event will cause one; 0: none is needed.
	RequeueAfter time.Duration
}

// Release releases as many hosts as the limit allows, in the order of their names: the hosts of a cluster have
// consecutive names, so that clusters become complete one after another.
func (q *HostQueue) Release(ctx context.Context) (HostReleases, error) {
	var hosts bmov1alpha1.BareMetalHostList
	if err := q.Client.List(ctx, &hosts, client.UnsafeDisableDeepCopy); err != nil {
		return HostReleases{}, fmt.Errorf("list BareMetalHosts: %w", err)
	}
	var clusters clusterv1.ClusterList
	if err := q.Clusters.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return HostReleases{}, fmt.Errorf("list Clusters: %w", err)
	}
	now := time.Now()
	stages := Stages(hosts.Items, clusters.Items, now)
	releases := HostReleases{InProgress: underway(stages), Limit: q.Limit}
	if q.Flow != nil {
		releases.Round = q.look(ctx, now, hosts.Items, stages)
		releases.Limit = q.Flow.Size()
	}
	err := q.releaseAll(ctx, now, queuedHosts(hosts.Items), &releases)
	return releases, err
}

// look tells Flow where the hosts are, and returns how long those of a round were in progress, if it is over.
func (q *HostQueue) look(
	ctx context.Context, now time.Time, hosts []bmov1alpha1.BareMetalHost, stages []Stage,
) time.Duration {
	found := map[types.NamespacedName]Stage{}
	for i := range hosts {
		found[client.ObjectKeyFromObject(&hosts[i])] = stages[i]
	}
	before := q.Flow.Size()
	round := q.Flow.Look(now, func(host types.NamespacedName) Stage { return found[host] })
	if after := q.Flow.Size(); after != before {
		log.FromContext(ctx).Info("Changed how many hosts may be in progress",
			"from", before, "to", after, "timeInProgress", round.Round(time.Second).String())
	}
	return round
}

// releaseAll releases hosts up to the limit, and completes releases.
func (q *HostQueue) releaseAll(
	ctx context.Context, now time.Time, queued []*bmov1alpha1.BareMetalHost, releases *HostReleases,
) error {
	if len(queued) > 0 {
		releases.RequeueAfter = hostQueueInterval
	}
	waiting := 0
	for _, host := range queued {
		if needsRoom(host) && releases.InProgress >= releases.Limit {
			waiting++
			continue
		}
		err := release(ctx, q.Client, host, &bmov1alpha1.BareMetalHost{}, now,
			bmov1alpha1.PausedAnnotation, clusterv1.PausedAnnotation)
		switch {
		case apierrors.IsConflict(err):
			// The cache was outdated, most likely by the release of this host.
			releases.RequeueAfter = management.RetryAfterConflict
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			return fmt.Errorf("release queued host %s: %w", client.ObjectKeyFromObject(host), err)
		default:
			releases.Count++
		}
		if needsRoom(host) {
			releases.InProgress++
			if q.Flow != nil && err == nil {
				q.Flow.Released(client.ObjectKeyFromObject(host), now)
			}
		}
	}
	if q.Flow != nil {
		q.Flow.Waiting(waiting)
	}
	if releases.Count > 0 {
		log.FromContext(ctx).
			Info("Released queued hosts", "hosts", releases.Count, "queued", len(queued)-releases.Count)
	}
	return nil
}

// needsRoom says whether the limit holds for a queued host. A host that was in progress before a tool queued it again
// already costs what the limit saves, and a host that is being deleted must not wait.
func needsRoom(host *bmov1alpha1.BareMetalHost) bool {
	return host.Status.Provisioning.State == bmov1alpha1.StateNone && host.DeletionTimestamp.IsZero()
}

// queuedHosts returns the hosts that may be released, in the order of their names. A host that is about to leave the
// lab stays queued until it is being deleted: registering it would be in vain, and could leave its node in Ironic.
func queuedHosts(hosts []bmov1alpha1.BareMetalHost) []*bmov1alpha1.BareMetalHost {
	var queued []*bmov1alpha1.BareMetalHost
	for i := range hosts {
		host := &hosts[i]
		if management.HostQueued(host) && (!management.HostLeaving(host) || !host.DeletionTimestamp.IsZero()) {
			queued = append(queued, host)
		}
	}
	slices.SortFunc(queued, func(a, b *bmov1alpha1.BareMetalHost) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return queued
}
