package serving

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
)

// Client returns the store of a cluster, and false if the cluster is not served.
func (s *Server) Client(name types.NamespacedName) (inmemoryclient.Client, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.clusters[name]
	if !ok {
		return nil, false
	}
	return s.client(c), true
}

// Get returns the Spec that a cluster is served with, and false if the cluster is not served.
func (s *Server) Get(name types.NamespacedName) (Spec, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.clusters[name]
	if !ok {
		return Spec{}, false
	}
	return c.spec, true
}

// PortUser returns the cluster that listens at a port, and false if there is none.
func (s *Server) PortUser(port int32) (types.NamespacedName, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.byPort[port]
	if !ok {
		return types.NamespacedName{}, false
	}
	return c.spec.Name, true
}

// Names lists the served clusters in alphabetical order.
func (s *Server) Names() []types.NamespacedName {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]types.NamespacedName, 0, len(s.clusters))
	for name := range s.clusters {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	return names
}

// Connections is the number of a cluster's open connections, including port-forwards.
func (s *Server) Connections(name types.NamespacedName) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c, ok := s.clusters[name]; ok {
		return c.listener.open()
	}
	return 0
}

// Working is the number of clusters in which controllers run, or are due to run.
func (s *Server) Working() int { return s.life.Active() }
