// Package controller keeps the fake clusters in step with the management cluster. Everything is derived, nothing
// remembered: a process that starts anew arrives at the same fake clusters.
package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/keymutex"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/workload"
)

// Options of a Reconciler.
type Options struct {
	// Client reads from the watch cache and writes to the management cluster.
	Client client.Client
	// Direct reads and writes past the cache.
	Direct client.Client
	// Server serves the fake clusters.
	Server *serving.Server
	// Secrets holds the authorities.
	Secrets *pki.Store
	// Registry holds what was told over HTTP.
	Registry *registry.Registry
	// Precreate says whether to make a cluster's Secrets before KCP does.
	Precreate bool
	// EndpointHost is the host of clusters registered over HTTP.
	EndpointHost string
	// OrphanGrace is the age from which Machines without their objects are deleted, see management.Orphans; 0: never.
	OrphanGrace time.Duration
	// QueuePatience is the age from which a queued Cluster without any host is released, see management.Queue; 0: never.
	QueuePatience time.Duration
}

// Reconciler makes each fake cluster what its objects say.
type Reconciler struct {
	Options
	status *statuses
	// one run per cluster at a time, whether it comes from a watch or from HTTP
	running keymutex.KeyMutex
}

// New makes a Reconciler.
func New(options Options) *Reconciler {
	return &Reconciler{Options: options, status: newStatuses(), running: keymutex.NewHashed(256)}
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	// First: others start to work when a Cluster is released.
	queue := management.Queue{Client: r.Client, Patience: r.QueuePatience}
	release, queueErr := queue.Release(ctx, request.NamespacedName)
	if release.Released {
		metrics.Released.Inc()
	}
	err := r.Run(ctx, request.NamespacedName)
	// Whether the cluster can be served makes no difference to its orphans.
	orphans := management.Orphans{Cache: r.Client, Direct: r.Direct, Grace: r.OrphanGrace}
	repairs, orphansErr := orphans.Repair(ctx, request.NamespacedName)
	metrics.OrphansDeleted.Add(float64(repairs.Deleted))
	if err := errors.Join(queueErr, err, orphansErr); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: sooner(release.Again, repairs.Again)}, nil
}

// sooner is the shorter of two times until the next look, of which 0 means: none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Run brings one cluster up to date and records how that went.
func (r *Reconciler) Run(ctx context.Context, name types.NamespacedName) error {
	key := name.String()
	r.running.LockKey(key)
	defer func() { _ = r.running.UnlockKey(key) }()

	outcome, err := r.run(ctx, name)
	switch {
	case errors.Is(err, pki.ErrNotYet):
		// Whoever makes the Secrets causes an event, see Setup.
		outcome.waiting = err.Error()
		err = nil
	case err != nil:
		metrics.ReconcileErrors.Inc()
	}
	r.status.record(name, outcome, err)
	return err
}

// outcome of a run, for /clusters, metrics and readiness.
type outcome struct {
	gone     bool
	queued   bool
	waiting  string
	declared bool
	host     string
	port     int32
	result   workload.Result
}

func (r *Reconciler) run(ctx context.Context, name types.NamespacedName) (outcome, error) {
	var cluster *clusterv1.Cluster
	found := &clusterv1.Cluster{}
	switch err := r.Client.Get(ctx, name, found); {
	case err == nil:
		cluster = found
	case !apierrors.IsNotFound(err):
		return outcome{}, fmt.Errorf("get Cluster %s: %w", name, err)
	}
	registration, registered := r.Registry.Get(name)
	if cluster == nil && !registered {
		r.Server.Remove(name)
		return outcome{gone: true}, nil
	}

	out, err := r.endpoint(ctx, name, cluster, registration)
	out.queued = cluster != nil && management.Queued(cluster)
	if out.queued && out.waiting != "" {
		// Its topology declares the endpoint only once it is released: until then it costs no keys, and no port.
		out.waiting = "queued: waits for its hosts to be available"
	}
	if err != nil || !out.declared {
		return out, err
	}
	if err := r.serve(ctx, name, cluster, out); err != nil {
		return out, err
	}
	out.result, err = r.populate(ctx, name, cluster, registration, out)
	return out, err
}

// endpoint decides where the cluster is served: where it declares, else where it was registered.
func (r *Reconciler) endpoint(ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, registration registry.Registration) (outcome, error) {
	if cluster != nil {
		declared, ok, err := management.Endpoint(ctx, r.Client, cluster)
		if err != nil {
			return outcome{}, err
		}
		if ok {
			return outcome{declared: true, host: declared.Host, port: declared.Port}, nil
		}
	}
	if registration.Port != 0 {
		return outcome{declared: true, host: r.EndpointHost, port: registration.Port}, nil
	}
	if _, served := r.Server.Get(name); served {
		r.Server.Remove(name)
	}
	return outcome{waiting: "neither the Cluster nor its Metal3Cluster declares a controlPlaneEndpoint"}, nil
}

func (r *Reconciler) serve(ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, out outcome) error {
	identity := identityOf(name, cluster)
	if spec, ok := r.Server.Get(name); ok && spec.Identity == identity && spec.Host == out.host && spec.Port == out.port && r.status.secretsDone(name, identity) {
		return nil
	}
	// KCP makes no new authorities once the control plane is initialised: one that lacks then is for people to mend.
	precreate := r.Precreate && cluster != nil && cluster.DeletionTimestamp.IsZero() && !initialized(cluster)
	var authorities pki.Authorities
	var err error
	if precreate {
		authorities, err = r.Secrets.EnsureAuthorities(ctx, name, pki.ClusterOwner(cluster))
	} else {
		authorities, err = r.Secrets.Load(ctx, name)
	}
	if err != nil {
		return err
	}
	if err := r.Server.Ensure(serving.Spec{
		Name: name, Identity: identity, Host: out.host, Port: out.port, CA: authorities.CA, EtcdCA: authorities.EtcdCA,
	}); err != nil {
		return err
	}
	if precreate {
		if err := r.Secrets.EnsureKubeconfig(ctx, name, pki.ClusterOwner(cluster), out.host, out.port); err != nil {
			return err
		}
	}
	r.status.setSecretsDone(name, identity)
	return nil
}

func (r *Reconciler) populate(ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, registration registry.Registration, out outcome) (workload.Result, error) {
	store, ok := r.Server.Client(name)
	if !ok {
		return workload.Result{}, fmt.Errorf("cluster %s is no longer served", name)
	}
	wanted := workload.Cluster{Name: name, Identity: identityOf(name, cluster), Host: out.host, Port: out.port}
	var machines []management.Machine
	if cluster != nil {
		known := func(node string) bool { return store.Get(ctx, client.ObjectKey{Name: node}, &corev1.Node{}) == nil }
		var err error
		if machines, err = management.Machines(ctx, r.Client, name, known); err != nil {
			return workload.Result{}, err
		}
	}
	derived := map[string]bool{}
	for _, machine := range machines {
		wanted.Nodes = append(wanted.Nodes, machine.Node)
		derived[machine.Name] = true
	}
	wanted.Nodes = append(wanted.Nodes, told(registration, derived)...)
	result, err := workload.Sync(ctx, store, wanted)
	if err != nil {
		return result, fmt.Errorf("fill cluster %s: %w", name, err)
	}
	return result, r.pokeAll(ctx, machines, result)
}

func (r *Reconciler) pokeAll(ctx context.Context, machines []management.Machine, result workload.Result) error {
	present := map[string]bool{}
	for _, node := range result.Nodes {
		present[node] = true
	}
	var errs []error
	for _, machine := range machines {
		if !present[machine.Name] {
			continue
		}
		poked, err := management.Poke(ctx, r.Client, machine)
		if poked {
			metrics.Pokes.Inc()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// told are the nodes of a registration that no Machine stands for.
func told(registration registry.Registration, derived map[string]bool) []workload.Node {
	var nodes []workload.Node
	for name, node := range registration.Nodes {
		if derived[name] {
			continue
		}
		_, controlPlane := node.Labels[clusterv1.MachineControlPlaneLabel]
		nodes = append(nodes, workload.Node{
			Name: name, Identity: registration.Name().String() + "/" + name + "/" + node.UUID, ControlPlane: controlPlane,
			Version: node.Version, ProviderID: node.ProviderID, HostUID: node.UUID, Labels: node.Labels, Created: metaTime(node.Created),
		})
	}
	return nodes
}

func identityOf(name types.NamespacedName, cluster *clusterv1.Cluster) string {
	if cluster != nil {
		return string(cluster.UID)
	}
	return "registered/" + name.String()
}

func initialized(cluster *clusterv1.Cluster) bool {
	done := cluster.Status.Initialization.ControlPlaneInitialized
	return done != nil && *done
}

// runTimeout bounds a run that an HTTP request waits for.
const runTimeout = 20 * time.Second
