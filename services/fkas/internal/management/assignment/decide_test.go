package assignment_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management/assignment"
)

// free is a host that is available, with the label of a cluster or none.
func free(name, cluster string, change ...func(*assignment.Host)) assignment.Host {
	host := assignment.Host{Name: name, Cluster: cluster}
	for _, f := range change {
		f(&host)
	}
	return host
}

func usedBy(cluster string) func(*assignment.Host) {
	return func(h *assignment.Host) { h.Used, h.UsedBy = true, cluster }
}

func ready(readiness assignment.Readiness) func(*assignment.Host) {
	return func(h *assignment.Host) { h.Readiness = readiness }
}

var (
	coming   = ready(assignment.Coming)
	leftover = ready(assignment.Leftover)
	broken   = ready(assignment.Broken)
)

func off(h *assignment.Host)      { h.Off = true }
func withheld(h *assignment.Host) { h.Withheld = true }

type (
	hosts    = []assignment.Host
	clusters = []assignment.Cluster
	labels   = map[string]string
)

func TestHostsAreAssignedToClusters(t *testing.T) {
	for name, row := range map[string]struct {
		hosts    hosts
		clusters clusters
		// changes are the new labels, by host.
		changes labels
	}{
		"A new lab gives its hosts to its clusters in the order of both names, ready or not": {
			hosts{free("h3", ""), free("h0", "", coming), free("h1", ""), free("h2", "", coming), free("h4", "")},
			clusters{{Name: "b", Future: 2}, {Name: "a", Future: 2}},
			labels{"h0": "a", "h1": "a", "h2": "b", "h3": "b"},
		},
		"A waiting machine gets an available host before one that is coming": {
			hosts{free("h0", "", coming), free("h1", "", leftover), free("h2", "")},
			clusters{{Name: "a", Waiting: 1}}, labels{"h2": "a"},
		},
		"A waiting machine gets a host that is switched on before one that is not": {
			hosts{free("h0", "", off), free("h1", "")}, clusters{{Name: "a", Waiting: 1}}, labels{"h1": "a"},
		},
		"A host that is switched off is assigned where no other is there, because CAPM3 leaves hosts so": {
			hosts{free("h0", "", off)}, clusters{{Name: "a", Future: 1}}, labels{"h0": "a"},
		},
		"A waiting machine of a later cluster comes before a future machine of an earlier one": {
			hosts{free("h0", "")}, clusters{{Name: "a", Future: 1}, {Name: "b", Waiting: 1}}, labels{"h0": "b"},
		},
		"A host that is still deprovisioned is assigned only where no other is there": {
			hosts{free("h0", "", leftover), free("h1", "")}, clusters{{Name: "a", Future: 2}},
			labels{"h0": "a", "h1": "a"},
		},
		"A future machine gets another host than one that is still deprovisioned": {
			hosts{free("h0", "", leftover), free("h1", "", coming)}, clusters{{Name: "a", Future: 1}}, labels{"h1": "a"},
		},
		"A cluster that needs fewer hosts loses those with the highest indexes": {
			hosts{free("h0", "a"), free("h1", "a"), free("h2", "a")}, clusters{{Name: "a", Future: 1}},
			labels{"h1": "", "h2": ""},
		},
		"A cluster that is gone loses its hosts, and no other cluster gets them in the same run": {
			hosts{free("h0", "gone")}, clusters{{Name: "a", Waiting: 1}}, labels{"h0": ""},
		},
		"A cluster whose machine waits keeps each available host, because CAPM3 may be taking it": {
			hosts{free("h0", "a"), free("h1", "a"), free("h2", "a", coming)}, clusters{{Name: "a", Waiting: 1}},
			labels{"h2": ""},
		},
		"A host in use keeps its label, whatever its cluster needs": {
			hosts{free("h0", "a", usedBy("a")), free("h1", "a", usedBy("")), free("h2", "", usedBy(""))},
			clusters{{Name: "b", Waiting: 2}}, labels{},
		},
		"A host in use gets its label back": {
			hosts{free("h0", "", usedBy("a"))}, clusters{{Name: "a"}}, labels{"h0": "a"},
		},
		"A host that a machine of another cluster took follows it, and its cluster gets another host": {
			hosts{free("h0", "a", usedBy("b")), free("h1", "")}, clusters{{Name: "a", Waiting: 1}, {Name: "b"}},
			labels{"h0": "b", "h1": "a"},
		},
		"A host that no machine may have is replaced": {
			hosts{free("h0", "a", withheld), free("h1", "")}, clusters{{Name: "a", Waiting: 1}},
			labels{"h0": "", "h1": "a"},
		},
		"A host that no machine may have is never assigned": {
			hosts{free("h0", "", withheld)}, clusters{{Name: "a", Waiting: 1}}, labels{},
		},
		"A host with an error is swapped for a healthy one": {
			hosts{free("h0", "a", broken), free("h1", "", coming)}, clusters{{Name: "a", Future: 1}},
			labels{"h0": "", "h1": "a"},
		},
		"A host with an error stays where no healthy one is there": {
			hosts{free("h0", "a", broken), free("h1", "", broken)}, clusters{{Name: "a", Future: 1}}, labels{},
		},
		"A host that is coming is swapped for an available one when a machine waits": {
			hosts{free("h0", "a", coming), free("h1", "")}, clusters{{Name: "a", Waiting: 1}},
			labels{"h0": "", "h1": "a"},
		},
		"A host that is coming stays as long as no machine waits": {
			hosts{free("h0", "a", coming), free("h1", "")}, clusters{{Name: "a", Future: 1}}, labels{},
		},
		"A waiting machine does not swap its host for one that is no sooner": {
			hosts{free("h0", "a", leftover), free("h1", "", coming)}, clusters{{Name: "a", Waiting: 1}}, labels{},
		},
		"Nothing is taken from one cluster for another": {
			hosts{free("h0", "a"), free("h1", "b", coming)}, clusters{{Name: "a", Future: 1}, {Name: "b", Waiting: 1}},
			labels{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := labels{}
			for _, change := range assignment.Decide(row.hosts, row.clusters, 0) {
				g.Expect(got).NotTo(HaveKey(change.Host), "one change a host")
				got[change.Host] = change.Cluster
			}
			g.Expect(got).To(Equal(row.changes))
		})
	}
}

func TestAtMostSoManyClustersGetHostsForSuccessors(t *testing.T) {
	rolling := func(name string) assignment.Cluster {
		return assignment.Cluster{Name: name, Waiting: 1, Successors: 1}
	}
	replacing := func(name string, successors int) assignment.Cluster {
		return assignment.Cluster{Name: name, Waiting: successors, Successors: successors, Replacing: true}
	}
	spare := hosts{free("h0", ""), free("h1", ""), free("h2", ""), free("h3", "")}
	for name, row := range map[string]struct {
		hosts    hosts
		clusters clusters
		limit    int
		changes  labels
	}{
		"The first by name begin": {
			spare, clusters{rolling("c"), rolling("b"), rolling("a")}, 2, labels{"h0": "a", "h1": "b"},
		},
		"Without a limit all begin": {
			spare, clusters{rolling("a"), rolling("b"), rolling("c")}, 0, labels{"h0": "a", "h1": "b", "h2": "c"},
		},
		"One that waits for its old machine's host counts": {
			spare, clusters{rolling("a"), replacing("b", 0)}, 1, labels{},
		},
		"One that has begun goes on with its next machine": {
			spare, clusters{rolling("a"), replacing("b", 1)}, 1, labels{"h0": "b"},
		},
		"One that has its host and waits for CAPM3 to take it counts": {
			hosts{free("h0", "b"), free("h1", "")}, clusters{rolling("a"), rolling("b")}, 1, labels{},
		},
		"More than the limit that have begun keep what they have": {
			hosts{free("h0", "a"), free("h1", "b")}, clusters{rolling("a"), rolling("b")}, 1, labels{},
		},
		"A machine that the topology counts waits for nobody's rollout": {
			spare, clusters{
				replacing("a", 0), {Name: "b", Waiting: 2, Successors: 1}, {Name: "c", Waiting: 1, Future: 1},
			}, 1, labels{"h0": "b", "h1": "c", "h2": "c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := labels{}
			for _, change := range assignment.Decide(row.hosts, row.clusters, row.limit) {
				got[change.Host] = change.Cluster
			}
			NewWithT(t).Expect(got).To(Equal(row.changes))
		})
	}
}
