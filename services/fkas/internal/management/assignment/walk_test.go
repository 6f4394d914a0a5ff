package assignment_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"metal3-scale-lab/fkas/internal/management/assignment"
)

// world is a management cluster as the decision knows it, in which machines take hosts as CAPM3 lets them.
type world struct {
	t        *testing.T
	random   *rand.Rand
	hosts    hosts
	machines map[string]*int // machines that each cluster wants
	waiting  map[string]int
	// rolloutsAtOnce is the limit that the decision is given.
	rolloutsAtOnce int
}

func (w *world) used(cluster string) int {
	count := 0
	for _, host := range w.hosts {
		if host.Used && host.UsedBy == cluster {
			count++
		}
	}
	return count
}

func (w *world) clusters() clusters {
	var out clusters
	for name, want := range w.machines {
		waiting, used := w.waiting[name], w.used(name)
		out = append(out, assignment.Cluster{
			Name: name, Waiting: waiting, Future: max(0, *want-waiting-used),
			Successors: min(waiting, max(0, waiting+used-*want)), Replacing: used > *want,
		})
	}
	return out
}

// assign decides until nothing changes, and checks every change.
func (w *world) assign() {
	for pass := 0; ; pass++ {
		needs := map[string]assignment.Cluster{}
		for _, cluster := range w.clusters() {
			needs[cluster.Name] = cluster
		}
		begun := w.begun()
		changes := assignment.Decide(w.hosts, w.clusters(), w.rolloutsAtOnce)
		if len(changes) == 0 {
			break
		}
		// The first run takes labels and gives others, the second gives what the first took. What a swap leaves may
		// serve for another swap.
		if pass == 4 {
			w.t.Fatalf("a fifth run changes %v", changes)
		}
		for _, change := range changes {
			w.check(change, needs)
		}
		if now := w.begun(); w.rolloutsAtOnce > 0 && now > w.rolloutsAtOnce && now > begun {
			w.t.Fatalf("%d clusters roll at once, after %d", now, begun)
		}
	}
	w.checkNeeds()
}

// free is the number of free hosts that a cluster has.
func (w *world) free(cluster string) int {
	count := 0
	for _, host := range w.hosts {
		if !host.Used && !host.Withheld && host.Cluster == cluster {
			count++
		}
	}
	return count
}

// begun is the number of clusters that have a host for a successor, or use one.
func (w *world) begun() int {
	count := 0
	for _, c := range w.clusters() {
		if c.Replacing || c.Successors > 0 && w.free(c.Name) > c.Waiting-c.Successors {
			count++
		}
	}
	return count
}

func (w *world) check(change assignment.Change, needs map[string]assignment.Cluster) {
	for i := range w.hosts {
		host := &w.hosts[i]
		if host.Name != change.Host {
			continue
		}
		if host.Used && change.Cluster != host.UsedBy {
			w.t.Fatalf("%v is used, and gets %v", *host, change)
		}
		if !host.Used && host.Cluster != "" && change.Cluster != "" {
			w.t.Fatalf("%v goes to another cluster at once: %v", *host, change)
		}
		if !host.Used && host.Withheld && change.Cluster != "" {
			w.t.Fatalf("%v is withheld, and gets %v", *host, change)
		}
		free := !host.Used && !host.Withheld && host.Readiness == assignment.Available
		if free && needs[host.Cluster].Waiting > 0 {
			w.t.Fatalf("%v is taken away while a machine of its cluster waits", *host)
		}
		host.Cluster = change.Cluster
	}
}

// checkNeeds checks that no cluster lacks a host while one is free, and that none has too many.
func (w *world) checkNeeds() {
	spare, assigned, surplus := 0, map[string]int{}, map[string]int{}
	for _, host := range w.hosts {
		switch {
		case host.Used || host.Withheld:
		case host.Cluster == "":
			spare++
		default:
			assigned[host.Cluster]++
			if host.Readiness != assignment.Available {
				surplus[host.Cluster]++
			}
		}
	}
	for name := range assigned {
		if w.machines[name] == nil {
			w.t.Fatalf("%s is gone, and has hosts", name)
		}
	}
	for _, cluster := range w.clusters() {
		need := cluster.Waiting + cluster.Future
		turn := w.rolloutsAtOnce > 0 && w.begun() >= w.rolloutsAtOnce
		if held := need - cluster.Successors; turn && assigned[cluster.Name] >= held {
			// It waits for its turn.
			continue
		}
		if assigned[cluster.Name] < need && spare > 0 {
			w.t.Fatalf("%v has %d hosts, and %d are free", cluster, assigned[cluster.Name], spare)
		}
		if assigned[cluster.Name] > need && (cluster.Waiting == 0 || surplus[cluster.Name] > 0 && need == 0) {
			w.t.Fatalf("%v has %d hosts", cluster, assigned[cluster.Name])
		}
	}
}

func (w *world) step() string {
	host := &w.hosts[w.random.IntN(len(w.hosts))]
	cluster := fmt.Sprintf("c%d", w.random.IntN(5))
	switch w.random.IntN(8) {
	case 0:
		want := w.random.IntN(5)
		w.machines[cluster] = &want
		return fmt.Sprintf("%s wants %d", cluster, want)
	case 1:
		delete(w.machines, cluster)
		delete(w.waiting, cluster)
		return cluster + " goes"
	case 2:
		if w.machines[cluster] != nil && w.waiting[cluster]+w.used(cluster) < *w.machines[cluster]+1 {
			w.waiting[cluster]++
		}
		return cluster + " makes a machine"
	case 3, 4:
		// CAPM3 takes any available host with the label.
		if w.waiting[cluster] > 0 {
			for _, i := range w.random.Perm(len(w.hosts)) {
				h := &w.hosts[i]
				if !h.Used && !h.Withheld && h.Cluster == cluster && h.Readiness == assignment.Available {
					h.Used, h.UsedBy = true, cluster
					w.waiting[cluster]--
					break
				}
			}
		}
		return cluster + " takes a host"
	case 5:
		host.Used, host.UsedBy, host.Readiness, host.Off = false, "", assignment.Available, true
		return host.Name + " is let go of"
	case 6:
		host.Readiness = assignment.Readiness(w.random.IntN(int(assignment.Broken) + 1))
		return fmt.Sprintf("%s is at %d", host.Name, host.Readiness)
	default:
		host.Withheld = !host.Withheld
		return fmt.Sprintf("%s withheld: %v", host.Name, host.Withheld)
	}
}

func TestARandomWalkKeepsEveryPromiseOfTheAssignment(t *testing.T) {
	for seed := range uint64(300) {
		w := &world{
			t: t, random: rand.New(rand.NewPCG(seed, 0)), machines: map[string]*int{}, waiting: map[string]int{},
			rolloutsAtOnce: int(seed % 4),
		}
		for i := range 3 + w.random.IntN(10) {
			w.hosts = append(w.hosts, free(fmt.Sprintf("h%02d", i), ""))
		}
		var steps []string
		t.Cleanup(func() {
			if t.Failed() && len(steps) > 0 {
				t.Logf("seed %d: %v", seed, steps)
			}
		})
		for range 60 {
			steps = append(steps, w.step())
			w.assign()
		}
		steps = nil
	}
}
