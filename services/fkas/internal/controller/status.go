package controller

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management/desired"
	"metal3-scale-lab/fkas/internal/metrics"
)

// Status describes one fake cluster, as GET /clusters answers it.
type Status struct {
	Namespace string   `json:"namespace"`
	Cluster   string   `json:"cluster"`
	Host      string   `json:"host,omitempty"`
	Port      int32    `json:"port,omitempty"`
	Served    bool     `json:"served"`
	Nodes     []string `json:"nodes"`
	// WaitingNodes are workers that cannot join yet, because no control-plane node is up.
	WaitingNodes []string `json:"waitingNodes,omitempty"`
	// Waiting says what has to happen elsewhere before the cluster can be served.
	Waiting string `json:"waiting,omitempty"`
	// Error of the last run, empty when the run succeeded.
	Error string `json:"error,omitempty"`
}

type statuses struct {
	mu      sync.RWMutex
	entries map[types.NamespacedName]*entry
}

type entry struct {
	outcome  outcome
	err      error
	failures int
	// secrets is the identity of the Cluster whose authorities and kubeconfig were last found complete.
	secrets string
}

func newStatuses() *statuses { return &statuses{entries: map[types.NamespacedName]*entry{}} }

func (s *statuses) record(name types.NamespacedName, out outcome, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out.gone {
		delete(s.entries, name)
		return
	}
	e := s.entry(name)
	e.outcome, e.err = out, err
	if err != nil {
		e.failures++
	} else {
		e.failures = 0
	}
}

func (s *statuses) entry(name types.NamespacedName) *entry {
	e, ok := s.entries[name]
	if !ok {
		e = &entry{}
		s.entries[name] = e
	}
	return e
}

func (s *statuses) secretsDone(name types.NamespacedName, identity string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[name]
	return ok && e.secrets == identity
}

func (s *statuses) setSecretsDone(name types.NamespacedName, identity string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entry(name).secrets = identity
}

func (s *statuses) get(name types.NamespacedName) (entry, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[name]
	if !ok {
		return entry{}, false
	}
	return *e, true
}

// Status returns the status of a cluster, and false where there is no such cluster.
func (r *Reconciler) Status(name types.NamespacedName) (Status, bool) {
	e, ok := r.status.get(name)
	if !ok {
		return Status{}, false
	}
	status := Status{
		Namespace:    name.Namespace,
		Cluster:      name.Name,
		Host:         e.outcome.host,
		Port:         e.outcome.port,
		Nodes:        append([]string{}, e.outcome.result.Nodes...),
		WaitingNodes: e.outcome.result.Waiting,
		Waiting:      e.outcome.waiting,
	}
	_, status.Served = r.Server.Get(name)
	if e.err != nil {
		status.Error = e.err.Error()
	}
	return status, true
}

// Statuses lists all clusters in the order of their names.
func (r *Reconciler) Statuses() []Status {
	r.status.mu.RLock()
	names := slices.Collect(maps.Keys(r.status.entries))
	r.status.mu.RUnlock()
	slices.SortFunc(names, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	out := make([]Status, 0, len(names))
	for _, name := range names {
		if status, ok := r.Status(name); ok {
			out = append(out, status)
		}
	}
	return out
}

// Counts implements metrics.Source.
func (r *Reconciler) Counts() metrics.Counts {
	r.status.mu.RLock()
	defer r.status.mu.RUnlock()
	var counts metrics.Counts
	for _, e := range r.status.entries {
		switch {
		case e.err != nil:
			counts.Failed++
		case e.outcome.waiting != "":
			counts.Waiting++
		default:
			counts.Served++
		}
		if e.outcome.queued {
			counts.Queued++
		}
		counts.Nodes += len(e.outcome.result.Nodes)
	}
	return counts
}

// TriesBeforeReady is the number of failed runs after which readiness no longer waits for a cluster: one Cluster whose
// port is taken must not keep all others out of the Service.
const TriesBeforeReady = 3

// Pending names the clusters that declare an endpoint, are not served yet and were not tried often enough.
func (r *Reconciler) Pending(ctx context.Context) ([]types.NamespacedName, error) {
	var list clusterv1.ClusterList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list Clusters: %w", err)
	}
	names := r.Registry.Names()
	for i := range list.Items {
		cluster := &list.Items[i]
		if _, declared, err := desired.Endpoint(ctx, r.Client, cluster); err != nil {
			return nil, err
		} else if declared {
			names = append(names, client.ObjectKeyFromObject(cluster))
		}
	}
	var pending []types.NamespacedName
	for _, name := range names {
		e, tried := r.status.get(name)
		_, served := r.Server.Get(name)
		done := served || e.outcome.waiting != "" || e.failures >= TriesBeforeReady
		if !tried || !done {
			pending = append(pending, name)
		}
	}
	return pending, nil
}
