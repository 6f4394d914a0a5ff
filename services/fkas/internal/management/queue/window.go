package queue

import (
	"maps"
	"math"
	"time"
)

const (
	// LeastHosts and MostHosts bound what Window lets be in progress.
	LeastHosts, MostHosts = 4, 1000
	// HostsPerCPU is how many hosts Window lets be in progress for each CPU before it has seen any. With 24 in progress
	// two CPUs were fully used (docs/measurements/2026-11-22-hosts-at-once.md).
	HostsPerCPU = 12

	// windowStep is the ratio of neighbouring sizes. What a smaller one makes of the time is lost in what hosts differ by,
	// 4 to 6 % in the mean of a round.
	windowStep = 1.3
	// rateWeight is the exponent of the rate in the power of a size. With 4 the machine is used to 95 to 99 %, and hosts
	// take 1.5 to 1.9 times as long as one alone (window_test.go). With 3 it is used to 93 to 96 %, and with 5 hosts
	// take more than twice as long.
	rateWeight = 4
	// newest is the weight of the last round in what is remembered of its size.
	newest = 0.4
	// memory is the number of rounds after which a neighbour is looked at again.
	memory = 12
	// leastRound and mostRound bound the hosts of a round: fewer say too little, more only take time.
	leastRound, mostRound = 20, 100
)

// Window is how many hosts may be in progress at once, where nobody has said how many: the fewest that keep the machine
// busy. With more each host only takes longer, and costs more, because what waits is asked about all the time.
//
// That is the question of congestion control: how much may be under way in a pipe of unknown width. The answer is the
// size of the greatest power, rate^4/time (Kleinrock, "Power and deterministic rules of thumb for probabilistic
// problems in computer communications", ICC 1979): up to there more in progress means a higher rate, beyond it only
// more time. BBR (Cardwell and others, ACM Queue 14/5, 2016) aims at the same point. It is found as in PCC (Dong and
// others, NSDI 2015): by trying both neighbours of the present size for a round each, and going where the power is
// greater.
//
// TCP Vegas and Netflix's concurrency limits hold the time against the least one that they have seen, as that of an
// idle pipe. Here the first hosts already compete for the CPUs, and hosts with and without a cluster, or with a slow
// boot, take other times. So only neighbours are compared, of which the last rounds say what they do. The rate needs no
// clock of its own: the window is full throughout a round, so that the rate is size/time (Little's law).
//
// A Window is a value: nothing but its arguments decides about the next one.
type Window struct {
	// start is the size that it began with, and at the number of steps from there to its present size.
	start, at int
	// rounds is the number of rounds so far, and seen what they have shown of each size, by its step.
	rounds int
	seen   map[int]sight
}

// sight is what was seen with one size.
type sight struct {
	// seconds is the natural logarithm of how long a host was in progress, in seconds.
	seconds float64
	// round is the last round with this size.
	round int
}

// NewWindow is the window of a machine on which nothing was seen yet. cpus is the number of its CPUs, from 1.
func NewWindow(cpus int) Window { return Window{start: bounded(HostsPerCPU * float64(cpus))} }

// Size is the number of hosts that may be in progress, from LeastHosts to MostHosts.
func (w Window) Size() int { return w.size(w.at) }

// RoundLength is the number of hosts of one round: all that are released from its beginning on, up to this number.
func (w Window) RoundLength() int { return min(max(w.Size()/2, leastRound), mostRound) }

// After is the window after a round, in which hosts were in progress for that long, above 0. They were released after
// the window had its size, and others waited all the time.
func (w Window) After(time time.Duration) Window {
	now := sight{math.Log(time.Seconds()), w.rounds + 1}
	if before, known := w.seen[w.at]; known {
		now.seconds = newest*now.seconds + (1-newest)*before.seconds
	}
	next := Window{start: w.start, at: w.at, rounds: now.round, seen: maps.Clone(w.seen)}
	if next.seen == nil {
		next.seen = map[int]sight{}
	}
	next.seen[w.at] = now
	var untried []int
	for _, step := range []int{w.at + 1, w.at - 1} {
		switch each, known := next.seen[step]; {
		case w.size(step) == w.size(w.at):
		case !known || now.round-each.round > memory:
			untried = append(untried, step)
		case next.power(step) > next.power(next.at):
			next.at = step
		}
	}
	if next.at == w.at && len(untried) > 0 {
		next.at = untried[0]
	}
	return next
}

// Forgotten is the window with its size alone. What comes after a pause may be other hosts, on a machine that does
// other things.
func (w Window) Forgotten() Window { return Window{start: w.start, at: w.at} }

// power is the logarithm of the power of a size that was seen.
func (w Window) power(step int) float64 {
	seconds := w.seen[step].seconds
	return rateWeight*(math.Log(float64(w.size(step)))-seconds) - seconds
}

func (w Window) size(step int) int {
	return bounded(float64(w.start) * math.Pow(windowStep, float64(step)))
}

func bounded(size float64) int { return int(math.Round(min(max(size, LeastHosts), MostHosts))) }
