package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
)

// hostQueueInterval is the time after which HostQueue looks at its queue again although nothing happened: a host that
// has been in progress for longer than HostPatience stops counting without an event.
const hostQueueInterval = 30 * time.Second

// HostQueue releases queued BareMetalHosts while fewer than a given number are in progress. The limit keeps BMO and
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
}

// HostReleases is the result of HostQueue.Release.
type HostReleases struct {
	// Count is the number of hosts that were released.
	Count int
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
	queued := queuedHosts(hosts.Items)
	if len(queued) == 0 {
		return HostReleases{}, nil
	}
	var clusters clusterv1.ClusterList
	if err := q.Clusters.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return HostReleases{}, fmt.Errorf("list Clusters: %w", err)
	}
	now := time.Now()
	room := q.Limit - InProgress(hosts.Items, clusters.Items, now)
	releases := HostReleases{RequeueAfter: hostQueueInterval}
	for _, host := range queued {
		if needsRoom(host) {
			if room <= 0 {
				continue
			}
			room--
		}
		err := release(ctx, q.Client, host, &bmov1alpha1.BareMetalHost{}, now,
			bmov1alpha1.PausedAnnotation, clusterv1.PausedAnnotation)
		switch {
		case apierrors.IsConflict(err):
			// The cache was outdated, most likely by the release of this host.
			releases.RequeueAfter = management.RetryAfterConflict
		case apierrors.IsNotFound(err):
		case err != nil:
			return releases, fmt.Errorf("release queued host %s: %w", client.ObjectKeyFromObject(host), err)
		default:
			releases.Count++
		}
	}
	if releases.Count > 0 {
		log.FromContext(ctx).
			Info("Released queued hosts", "hosts", releases.Count, "queued", len(queued)-releases.Count)
	}
	return releases, nil
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
