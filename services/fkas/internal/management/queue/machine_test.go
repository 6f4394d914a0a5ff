package queue_test

import (
	"fmt"
	"math/rand"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/management/queue"
)

// load is what a machine does for a host.
type load struct {
	// work is the CPU time of a host until it is no longer in progress, and later that of its cluster from then on;
	// CPU-seconds.
	work, later float64
	// wait is the time in which it waits for something else than a CPU, in seconds.
	wait float64
	// poll is the number of CPUs that each host in progress takes just because it is asked about.
	poll float64
}

// withClusters takes 6 CPU-seconds a host and, with 24 in progress on two CPUs, 82 s: what was measured. alone is a
// host without a cluster.
var (
	withClusters = load{work: 4, later: 2, wait: 50, poll: 0.004}
	alone        = load{work: 1.5, wait: 35, poll: 0.002}
)

// parts is how often a host waits and works in turn.
const parts = 6

// task is a host, or the rest of its cluster.
type task struct {
	host          string
	released      int
	waits, bursts []float64
}

// machine is a simulated machine, on which time passes in whole seconds. Its CPUs are shared evenly by all that works,
// of which each takes one CPU at most.
type machine struct {
	cpus float64
	load
	random *rand.Rand
	now    int
	// asleep are the tasks that wait, by the second at which they go on, and awake those that work.
	asleep map[int][]*task
	awake  []*task
	// inProgress is the number of hosts in progress, made that of all hosts so far, and arrived what is not any more.
	inProgress, made int
	// given is the number of hosts that are given up in a second.
	given   map[int]int
	arrived map[string]arrival
	// stuck says of the host with a number whether it never arrives, and no longer counts after HostPatience; nil: none
	// is.
	stuck func(number int) bool
}

// arrival is when a host arrived, and how long it was in progress, in seconds.
type arrival struct{ at, took int }

func newMachine(cpus float64, of load, seed int64) *machine {
	return &machine{
		cpus: cpus, load: of, random: rand.New(rand.NewSource(seed)),
		asleep: map[int][]*task{}, arrived: map[string]arrival{}, given: map[int]int{},
	}
}

// release begins with another host, and returns its name.
func (m *machine) release() string {
	host := &task{host: fmt.Sprintf("host-%d", m.made), released: m.now}
	m.inProgress++
	m.made++
	if m.stuck != nil && m.stuck(m.made-1) {
		m.given[m.now+int(queue.HostPatience.Seconds())]++
		return host.host
	}
	// Hosts differ: each part takes between half and one and a half times the mean.
	for range parts {
		host.waits = append(host.waits, m.wait/parts*(0.5+m.random.Float64()))
		host.bursts = append(host.bursts, m.work/parts*(0.5+m.random.Float64()))
	}
	m.next(host)
	return host.host
}

// next puts a task to sleep before its next burst, or ends it.
func (m *machine) next(t *task) {
	if len(t.bursts) > 0 {
		at := m.now + 1 + int(t.waits[0]+m.random.Float64())
		t.waits = t.waits[1:]
		m.asleep[at] = append(m.asleep[at], t)
		return
	}
	if t.host == "" {
		return
	}
	m.inProgress--
	m.arrived[t.host] = arrival{m.now, m.now - t.released}
	if third := m.later / 3; third > 0 {
		m.next(&task{waits: []float64{10, 10, 10}, bursts: []float64{third, third, third}})
	}
}

// second lets a second pass.
func (m *machine) second() {
	m.now++
	m.inProgress -= m.given[m.now]
	m.awake = append(m.awake, m.asleep[m.now]...)
	delete(m.asleep, m.now)
	left := max(m.cpus-m.poll*float64(m.inProgress), m.cpus/20)
	share := min(1, left/max(1, float64(len(m.awake))))
	var still []*task
	for _, t := range m.awake {
		if t.bursts[0] -= share; t.bursts[0] > 0 {
			still = append(still, t)
			continue
		}
		t.bursts = t.bursts[1:]
		m.next(t)
	}
	m.awake = still
}

// figures are what was seen in a part of a run.
type figures struct {
	// rate is the number of hosts that arrived in a second, and seconds the mean time that they were in progress.
	rate, seconds float64
	// sizes are the sizes of the window, of each second.
	sizes []int
}

// run lets hosts in for some seconds, of which only those after the first ones count. size is asked each second how
// many may be in progress, and released told which hosts were let in.
func (m *machine) run(first, seconds int, size func() int, released func(host string)) figures {
	var f figures
	begin := m.now + first
	for end := m.now + seconds; m.now < end; m.second() {
		limit := size()
		for m.inProgress < limit {
			released(m.release())
		}
		if m.now >= begin {
			f.sizes = append(f.sizes, limit)
		}
	}
	count, sum := 0, 0
	for _, each := range m.arrived {
		if each.at > begin {
			count++
			sum += each.took
		}
	}
	f.rate, f.seconds = float64(count)/float64(seconds-first), float64(sum)/float64(max(1, count))
	return f
}

// fixed is a run with a fixed number of hosts in progress.
func fixed(cpus float64, of load, size int) figures {
	m := newMachine(cpus, of, 1)
	return m.run(300, 1800, func() int { return size }, func(string) {})
}

// follow is a run in which f decides.
func (m *machine) follow(f *queue.Flow, first, seconds int) figures {
	clock := func() time.Time { return time.Unix(int64(m.now), 0) }
	stage := func(host types.NamespacedName) queue.Stage {
		if _, arrived := m.arrived[host.Name]; arrived {
			return queue.Arrived
		}
		return queue.Underway
	}
	size := func() int {
		f.Waiting(1)
		f.Look(clock(), stage)
		return f.Size()
	}
	return m.run(first, seconds, size, func(host string) { f.Released(types.NamespacedName{Name: host}, clock()) })
}
