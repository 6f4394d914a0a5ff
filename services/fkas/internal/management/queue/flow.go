package queue

import (
	"slices"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Flow follows hosts from their release on, in rounds, and gives Window the time that those of a round were in
// progress. That is all the time in which a host counts as in progress, until it is available or on to provisioned:
// only then is the rate of a full window its size divided by the time, whatever part of the way is the slow one.
//
// The hosts that fill the window when others begin to wait are in no round: at the beginning the machine still does
// other things, and what they take would say that more at once is better.
//
// It keeps nothing beyond the process: after a restart the window begins with the size for the CPUs, and hosts that
// were released before are in no round. All but Size is for one goroutine.
type Flow struct {
	window Window
	size   atomic.Int64
	// full says that hosts waited at the end of the last call.
	full bool
	// released is the number of hosts of this round, open when each of those was released that are still in progress,
	// and times how long the others took.
	released int
	open     map[types.NamespacedName]time.Time
	times    []time.Duration
}

// NewFlow begins with the size for so many CPUs.
func NewFlow(cpus int) *Flow {
	f := &Flow{}
	f.begin(NewWindow(cpus))
	return f
}

// Size is the number of hosts that may be in progress.
func (f *Flow) Size() int { return int(f.size.Load()) }

// begin begins a round.
func (f *Flow) begin(window Window) {
	f.window, f.released, f.open, f.times = window, 0, map[types.NamespacedName]time.Time{}, nil
	f.size.Store(int64(window.Size()))
}

// Look notes which hosts have arrived by now. It returns how long the hosts of the round were in progress, if the round
// is over, and 0 otherwise. A round is over once three fourths of its hosts have arrived, so that it does not wait for
// those that are stuck. Its time is the mean over the second and third fourth.
func (f *Flow) Look(now time.Time, stage func(types.NamespacedName) Stage) time.Duration {
	for host, since := range f.open {
		where := stage(host)
		switch {
		case where == Arrived:
			f.times = append(f.times, now.Sub(since))
		case where == Gone || now.Sub(since) > HostPatience:
			f.released--
		default:
			// One that still looks queued was read before its release.
			continue
		}
		delete(f.open, host)
	}
	arrived := (3*f.released + 3) / 4
	if f.released < f.window.RoundLength() || len(f.times) < arrived {
		return 0
	}
	slices.Sort(f.times)
	middle := f.times[arrived/3 : arrived]
	var sum time.Duration
	for _, each := range middle {
		sum += each
	}
	// A clock that was put back must not make a time of 0 or less.
	mean := max(sum/time.Duration(len(middle)), time.Second)
	f.begin(f.window.After(mean))
	return mean
}

// Released adds a host that was released just now to the round, as long as the round lacks hosts.
func (f *Flow) Released(host types.NamespacedName, now time.Time) {
	if f.full && f.released < f.window.RoundLength() {
		f.released++
		f.open[host] = now
	}
}

// Waiting notes how many hosts wait for their release now that the window has been filled. With none it is not full,
// and the round ends without a result.
func (f *Flow) Waiting(hosts int) {
	f.full = hosts > 0
	if !f.full {
		f.begin(f.window.Forgotten())
	}
}
