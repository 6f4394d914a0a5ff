package controller

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/keymutex"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management/orphans"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/power"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
)

// Options of a Reconciler.
type Options struct {
	// Client reads from the watch cache and writes to the management cluster.
	Client client.Client
	// Direct reads and writes past the cache.
	Direct client.Client
	// Server serves the fake clusters.
	Server *serving.Server
	// Secrets holds the certificate authorities.
	Secrets *pki.Store
	// Registry holds the clusters and nodes that were registered over HTTP.
	Registry *registry.Registry
	// Precreate says whether to create a cluster's Secrets before KCP does.
	Precreate bool
	// EndpointHost is the host of clusters that were registered over HTTP.
	EndpointHost string
	// OrphanGrace is orphans.Repairer's Grace: the age from which an orphaned Machine is deleted; 0: never.
	OrphanGrace time.Duration
	// QueuePatience is queue.ClusterQueue's Patience: the age from which a queued Cluster without any host is released;
	// 0: never.
	QueuePatience time.Duration
	// Power knows which hosts are on.
	Power *power.Watcher
}

// Reconciler makes each fake cluster match its objects in the management cluster.
type Reconciler struct {
	Options
	status *statuses
	// running serialises the runs of one cluster, whether a watch or an HTTP request causes them.
	running keymutex.KeyMutex
}

// New makes a Reconciler.
func New(options Options) *Reconciler {
	return &Reconciler{Options: options, status: newStatuses(), running: keymutex.NewHashed(256)}
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	name := request.NamespacedName
	// The release comes first, because Cluster API starts to work on the Cluster as soon as it is released.
	clusters := queue.ClusterQueue{Client: r.Client, Patience: r.QueuePatience}
	release, queueErr := clusters.Release(ctx, name)
	if release.Released {
		metrics.ReleasedClusters.Inc()
	}
	outcome, err := r.bringUpToDate(ctx, name)
	// Orphans are repaired even if the cluster cannot be served.
	repairer := orphans.Repairer{Cache: r.Client, Direct: r.Direct, Grace: r.OrphanGrace}
	repairs, orphansErr := repairer.Repair(ctx, name)
	metrics.OrphansDeleted.Add(float64(repairs.Deleted))
	if err := errors.Join(queueErr, err, orphansErr); err != nil {
		return ctrl.Result{}, err
	}
	again := sooner(outcome.result.RequeueAfter, sooner(release.RequeueAfter, repairs.RequeueAfter))
	return ctrl.Result{RequeueAfter: again}, nil
}

// sooner is the shorter of two times until the next run, of which 0 means that no run is needed.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Run brings one cluster up to date and records the outcome.
func (r *Reconciler) Run(ctx context.Context, name types.NamespacedName) error {
	_, err := r.bringUpToDate(ctx, name)
	return err
}

func (r *Reconciler) bringUpToDate(ctx context.Context, name types.NamespacedName) (outcome, error) {
	key := name.String()
	r.running.LockKey(key)
	defer func() { _ = r.running.UnlockKey(key) }()

	outcome, err := r.run(ctx, name)
	switch {
	case errors.Is(err, pki.ErrNotYet):
		// The creation of the Secrets causes an event, see Setup.
		outcome.waiting = err.Error()
		err = nil
	case err != nil:
		metrics.ReconcileErrors.Inc()
	}
	r.status.record(name, outcome, err)
	return outcome, err
}
