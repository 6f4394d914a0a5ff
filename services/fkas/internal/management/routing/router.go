package routing

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/desired"
)

// Reasons of the Events.
const (
	served    = "Served"
	notServed = "NotServed"
)

// Router acts on the verdict about each Cluster.
type Router struct {
	// Client reads Metal3Clusters and Services from the cache, and writes.
	Client client.Client
	// Clusters reads the Clusters of all FKAS from a cache.
	Clusters client.Reader

	mu sync.Mutex
	// told is the last problem that was told of a Cluster, so that each is told once.
	told map[types.NamespacedName]string
}

// Route labels a Cluster that has no label yet, or tells its user why no FKAS serves it. A Cluster that is no Cluster
// of Metal3, or declares no endpoint yet, is left alone. It returns the time until the next call, where no event will
// cause one; 0: none is needed.
func (r *Router) Route(ctx context.Context, name types.NamespacedName) (time.Duration, error) {
	var cluster clusterv1.Cluster
	if err := r.Clusters.Get(ctx, name, &cluster); err != nil {
		r.tell(name, "")
		return 0, client.IgnoreNotFound(err)
	}
	if !cluster.DeletionTimestamp.IsZero() || cluster.Spec.InfrastructureRef.Kind != management.Metal3ClusterKind {
		return 0, nil
	}
	endpoint, declared, err := desired.Endpoint(ctx, r.Client, &cluster)
	if err != nil || !declared {
		return 0, err
	}
	var services corev1.ServiceList
	if err := r.Client.List(ctx, &services, client.HasLabels{management.IndexLabel}); err != nil {
		return 0, fmt.Errorf("list the Services of the fake API servers: %w", err)
	}
	verdict := decide(cluster.Labels[management.IndexLabel], endpoint, services.Items)
	if verdict.label != "" {
		return r.label(ctx, &cluster, endpoint, verdict.label)
	}
	if !r.tell(name, verdict.problem) {
		return 0, nil
	}
	log.FromContext(ctx).Info("No fake API server serves a cluster", "cluster", name.String(), "reason", verdict.problem)
	return 0, r.event(ctx, &cluster, corev1.EventTypeWarning, notServed, verdict.problem)
}

// label writes the label, unless the Cluster is no longer as it was read.
func (r *Router) label(
	ctx context.Context, cluster *clusterv1.Cluster, endpoint clusterv1.APIEndpoint, index string,
) (time.Duration, error) {
	name := client.ObjectKeyFromObject(cluster)
	labels := map[string]any{"labels": map[string]any{management.IndexLabel: index}}
	err := management.PatchAsRead(ctx, r.Client, cluster, &clusterv1.Cluster{}, labels, nil)
	switch {
	case apierrors.IsConflict(err):
		// The cache was outdated. If only the status has changed, no event follows.
		return management.RetryAfterConflict, nil
	case apierrors.IsNotFound(err):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("label cluster %s: %w", name, err)
	}
	r.tell(name, "")
	message := fmt.Sprintf("The fake API server %s serves its port %d: label %s was set",
		index, endpoint.Port, management.IndexLabel)
	log.FromContext(ctx).Info("Labelled a cluster", "cluster", name.String(), management.IndexLabel, index)
	return 0, r.event(ctx, cluster, corev1.EventTypeNormal, served, message)
}

// tell notes the problem of a Cluster. It returns whether there is one that was not told before.
func (r *Router) tell(name types.NamespacedName, problem string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if problem == "" {
		delete(r.told, name)
		return false
	}
	if r.told == nil {
		r.told = map[types.NamespacedName]string{}
	}
	isNew := r.told[name] != problem
	r.told[name] = problem
	return isNew
}

// event creates an Event of the Cluster, for `kubectl describe`. Each is created once, so no recorder counts them.
func (r *Router) event(ctx context.Context, cluster *clusterv1.Cluster, kind, reason, message string) error {
	now := metav1.Now()
	err := r.Client.Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, GenerateName: cluster.Name + "."},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: clusterv1.GroupVersion.String(), Kind: clusterv1.ClusterKind,
			Namespace: cluster.Namespace, Name: cluster.Name, UID: cluster.UID,
		},
		Type: kind, Reason: reason, Message: message, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "fkas"},
	})
	if err != nil {
		return fmt.Errorf("tell of cluster %s: %w", client.ObjectKeyFromObject(cluster), err)
	}
	return nil
}
