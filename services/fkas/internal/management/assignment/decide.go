package assignment

import (
	"cmp"
	"slices"
)

// Cluster is what the decision reads of a Cluster and its Metal3Machines.
type Cluster struct {
	Name string
	// Waiting is the number of Metal3Machines that have no host and are not being deleted.
	Waiting int
	// Successors is how many of the waiting ones the Cluster's topology does not count: they are to take the place of
	// others, which are still there. A rollout makes them.
	Successors int
	// Future is the number of machines in the Cluster's topology for which there is no Metal3Machine yet.
	Future int
	// Replacing says that the Cluster uses more hosts than its topology has machines: a successor has its host, and the
	// host of the machine before it is not free yet.
	Replacing bool
}

// Change gives the label of a host another value.
type Change struct {
	// Host names the BareMetalHost.
	Host string
	// Cluster is the new value; empty: the label goes.
	Cluster string
}

// Decide returns the labels that have to change in one namespace. It depends on nothing but its arguments and their
// values, not on their order. A host whose label goes may get another only by the next call, see the package.
//
// Clusters are served in the order of their names, those with waiting Metal3Machines first. Each gets the first of
// the free hosts: for a waiting Metal3Machine the one that is ready first, otherwise the one with the lowest index.
//
// At most rolloutsAtOnce Clusters have hosts for successors at the same time; 0: there is no limit. Those that have one
// come first, and then the order is that of the names, so that a rollout that has begun is finished.
func Decide(hosts []Host, clusters []Cluster, rolloutsAtOnce int) []Change {
	d := &decision{targets: map[string]string{}, assigned: map[string][]Host{}}
	hosts = slices.SortedFunc(slices.Values(hosts), byName)
	clusters = slices.SortedFunc(slices.Values(clusters), func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	for _, host := range hosts {
		switch {
		case host.Used:
			if host.UsedBy != "" {
				d.targets[host.Name] = host.UsedBy
			}
		case host.Withheld:
			d.targets[host.Name] = ""
		case host.Cluster == "":
			d.pool = append(d.pool, host)
		default:
			d.assigned[host.Cluster] = append(d.assigned[host.Cluster], host)
		}
	}
	d.releaseSurplus(clusters)
	// What a waiting Metal3Machine lacks comes first: a machine of the future may never be made.
	held := d.successorsHeldBack(clusters, rolloutsAtOnce)
	for _, cluster := range clusters {
		d.fill(cluster.Name, cluster.Waiting-held[cluster.Name], forWaiting)
	}
	for _, cluster := range clusters {
		d.fill(cluster.Name, cluster.Waiting-held[cluster.Name]+cluster.Future, forFuture)
	}
	for _, cluster := range clusters {
		d.swap(cluster)
	}
	var changes []Change
	for _, host := range hosts {
		if target, ok := d.targets[host.Name]; ok && target != host.Cluster {
			changes = append(changes, Change{Host: host.Name, Cluster: target})
		}
	}
	return changes
}

type decision struct {
	// targets are the labels of hosts that were decided about. A host that is not in it keeps its label.
	targets map[string]string
	// pool are the free hosts without a label, and assigned those with one, by Cluster.
	pool     []Host
	assigned map[string][]Host
}

// releaseSurplus takes away what Clusters do not need, and everything of Clusters that are not there.
func (d *decision) releaseSurplus(clusters []Cluster) {
	needs := map[string]Cluster{}
	for _, cluster := range clusters {
		needs[cluster.Name] = cluster
	}
	for name, own := range d.assigned {
		cluster := needs[name]
		order := forFuture
		if cluster.Waiting > 0 {
			order = forWaiting
		}
		slices.SortFunc(own, order)
		kept := own[:min(len(own), cluster.Waiting+cluster.Future)]
		for _, host := range own[len(kept):] {
			// CAPM3 may be taking this very host.
			if cluster.Waiting > 0 && host.Readiness == Available {
				kept = append(kept, host)
				continue
			}
			d.targets[host.Name] = ""
		}
		d.assigned[name] = kept
	}
}

// successorsHeldBack is the number of successors, by Cluster, that have to wait for the rollouts of other Clusters.
// What a Cluster has already is not taken away: CAPM3 may be taking it.
func (d *decision) successorsHeldBack(clusters []Cluster, rolloutsAtOnce int) map[string]int {
	held := map[string]int{}
	if rolloutsAtOnce == 0 {
		return held
	}
	begun := func(c Cluster) bool {
		return c.Replacing || c.Successors > 0 && len(d.assigned[c.Name]) > c.Waiting-c.Successors
	}
	free := rolloutsAtOnce
	for _, cluster := range clusters {
		if begun(cluster) {
			free--
		}
	}
	for _, cluster := range clusters {
		switch {
		case begun(cluster) || cluster.Successors == 0:
		case free > 0:
			free--
		default:
			held[cluster.Name] = cluster.Successors
		}
	}
	return held
}

// fill gives a Cluster hosts until it has as many free ones as it needs.
func (d *decision) fill(cluster string, need int, order func(a, b Host) int) {
	for len(d.assigned[cluster]) < need && len(d.pool) > 0 {
		d.take(cluster, order)
	}
}

// swap replaces hosts of a Cluster that have an error, and hosts that are not available while Metal3Machines wait, as
// far as the pool has better ones. No available host is taken away: CAPM3 may be taking it.
func (d *decision) swap(cluster Cluster) {
	for {
		own := d.assigned[cluster.Name]
		if len(own) == 0 || len(d.pool) == 0 {
			return
		}
		slices.SortFunc(own, forWaiting)
		last := own[len(own)-1]
		available := slices.IndexFunc(own, func(h Host) bool { return h.Readiness != Available })
		broken := last.Readiness == Broken
		late := available >= 0 && available < cluster.Waiting
		if !broken && !late {
			return
		}
		best := slices.MinFunc(d.pool, forWaiting).Readiness
		if !(broken && best < Broken) && !(late && best == Available) {
			return
		}
		d.targets[last.Name] = ""
		d.assigned[cluster.Name] = own[:len(own)-1]
		d.take(cluster.Name, forWaiting)
	}
}

// take gives a Cluster the first host of the pool.
func (d *decision) take(cluster string, order func(a, b Host) int) {
	host := slices.MinFunc(d.pool, order)
	d.pool = slices.DeleteFunc(d.pool, func(other Host) bool { return other.Name == host.Name })
	d.targets[host.Name] = cluster
	d.assigned[cluster] = append(d.assigned[cluster], host)
}

func byName(a, b Host) int { return cmp.Compare(a.Name, b.Name) }

// forWaiting puts the host first that a machine can have soonest. A host that is switched on needs no boot.
func forWaiting(a, b Host) int {
	return cmp.Or(cmp.Compare(a.Readiness, b.Readiness), off(a)-off(b), byName(a, b))
}

// forFuture puts the host with the lowest index first. Hosts that are on their way count as available ones: they will
// be when the machine is made. So hosts and clusters of a new lab belong together in the order of their names.
func forFuture(a, b Host) int {
	readiness := func(h Host) Readiness { return max(h.Readiness, Coming) }
	return cmp.Or(cmp.Compare(readiness(a), readiness(b)), off(a)-off(b), byName(a, b))
}

func off(h Host) int {
	if h.Off {
		return 1
	}
	return 0
}
