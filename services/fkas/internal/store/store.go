// Package store holds the objects of all fake clusters in memory, each cluster's apart. It is lost with the process:
// package workload fills it again.
//
// It takes the place of the store of Cluster API's in-memory provider, which has no UIDs, raises the generation with
// each write, marks each object with an annotation, knows no field selectors, and lets one client that does not read
// its watch hold up all clusters. Cluster API's etcd still reads and writes here, by the interfaces of that provider.
//
// Objects are those of the versions that clients see, and are never changed once they are stored: a write stores
// another object. So a reader may keep what it got, and must copy it before changing it.
package store

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	inmemorycache "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/cache"
	inmemorymanager "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/manager"
	inmemoryresourcegroup "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/resourcegroup"
)

// Store holds any number of clusters, by name.
type Store struct {
	scheme *runtime.Scheme

	mu       sync.RWMutex
	clusters map[string]*Cluster
	written  func(*Cluster, Event)
}

var _ inmemorymanager.Manager = &Store{}

// New makes an empty store for the kinds of a scheme. Objects that are not written through an API server get the
// defaults of the scheme.
func New(scheme *runtime.Scheme) *Store {
	return &Store{scheme: scheme, clusters: map[string]*Cluster{}}
}

// OnWrite has each write to a cluster that is added from now on told to written, by the goroutine that writes. It must
// not block.
func (s *Store) OnWrite(written func(*Cluster, Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = written
}

// AddResourceGroup adds an empty cluster, unless there is one of the name.
func (s *Store) AddResourceGroup(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.clusters[name]; !ok {
		c := newCluster()
		if s.written != nil {
			c.written = func(event Event) { s.written(c, event) }
		}
		s.clusters[name] = c
	}
}

// DeleteResourceGroup forgets a cluster and ends its watches.
func (s *Store) DeleteResourceGroup(name string) {
	s.mu.Lock()
	c, ok := s.clusters[name]
	delete(s.clusters, name)
	s.mu.Unlock()
	if ok {
		c.endWatches()
	}
}

// Cluster returns the cluster of a name. One that does not exist is empty, and keeps nothing.
func (s *Store) Cluster(name string) *Cluster {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c, ok := s.clusters[name]; ok {
		return c
	}
	return newCluster()
}

// Names lists the clusters.
func (s *Store) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.clusters))
	for name := range s.clusters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// GetResourceGroup is a cluster as Cluster API's in-memory etcd wants it.
func (s *Store) GetResourceGroup(name string) inmemoryresourcegroup.ResourceGroup {
	return Client{cluster: s.Cluster(name), scheme: s.scheme}
}

// GetScheme returns the scheme of New.
func (s *Store) GetScheme() *runtime.Scheme { return s.scheme }

// GetCache is there for the interface. The etcd server does not ask for it.
func (s *Store) GetCache() inmemorycache.Cache { return nil }

// Start is there for the interface: there is nothing to start.
func (s *Store) Start(context.Context) error { return nil }

type contextKey struct{}

// With marks a context as belonging to a cluster: API servers of all clusters share their handlers, and find the
// cluster of a request by its context.
func With(ctx context.Context, c *Cluster) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// From is the cluster of a context. A context without one is a mistake of this program.
func From(ctx context.Context) *Cluster {
	c, ok := ctx.Value(contextKey{}).(*Cluster)
	if !ok {
		panic("a request without a cluster has reached the store")
	}
	return c
}
