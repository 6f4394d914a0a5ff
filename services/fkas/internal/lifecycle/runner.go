package lifecycle

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"metal3-scale-lab/fkas/internal/store"
)

const (
	// linger is how long the controllers of a cluster stay after the last write: longer than their own delays, which
	// are 1 s, and long enough for a person who tries one thing after the other.
	linger = 5 * time.Second
	// hurry is the same while other clusters wait for controllers.
	hurry = 2 * time.Second
	// period is after how long controllers look again at workloads for which something is due at a time.
	period = 30 * time.Second
	// slotsPerCPU is in how many clusters controllers run at the same time, for each CPU.
	slotsPerCPU = 8
)

// Runner runs controllers in the clusters in which workloads change.
type Runner struct {
	api     http.Handler
	log     logr.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	slots   chan struct{}
	waiting atomic.Int32

	mu       sync.Mutex
	closed   bool
	clusters map[*store.Cluster]*activity
	running  sync.WaitGroup
}

// activity is a cluster whose controllers run, wait for a slot, or wait for the time at which something is due.
type activity struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	// written is the time of the latest write, in nanoseconds since 1970.
	written atomic.Int64
	// wake ends the wait for the time at which something is due.
	wake chan struct{}
}

// NewRunner makes a Runner whose controllers write through an API.
func NewRunner(api http.Handler, log logr.Logger) *Runner {
	r := &Runner{
		api:      api,
		log:      log,
		slots:    make(chan struct{}, slotsPerCPU*runtime.GOMAXPROCS(0)),
		clusters: map[*store.Cluster]*activity{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Written is told each write to a cluster. It does not block.
func (r *Runner) Written(cluster *store.Cluster, event store.Event) {
	if _, ok := kinds[event.GVK]; !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.clusters[cluster]
	if !ok {
		if r.closed || !wakes(cluster, event) {
			return
		}
		a = &activity{done: make(chan struct{}), wake: make(chan struct{}, 1)}
		a.ctx, a.cancel = context.WithCancel(r.ctx)
		r.clusters[cluster] = a
		r.running.Go(func() { r.attend(cluster, a) })
	}
	a.written.Store(time.Now().UnixNano())
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Forget ends the controllers of a cluster that is no more. It returns when they have ended.
func (r *Runner) Forget(cluster *store.Cluster) {
	r.mu.Lock()
	a, ok := r.clusters[cluster]
	r.mu.Unlock()
	if ok {
		a.cancel()
		<-a.done
	}
}

// Close ends all controllers.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
}

// Active is the number of clusters in which controllers run or are due.
func (r *Runner) Active() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.clusters)
}

// attend runs the controllers of a cluster as long as there is something to do.
func (r *Runner) attend(cluster *store.Cluster, a *activity) {
	defer close(a.done)
	defer a.cancel()
	for {
		until, err := r.session(cluster, a)
		if err != nil {
			r.log.Error(err, "Cannot run the controllers of a fake cluster")
		}
		r.mu.Lock()
		isQuiet := a.written.Load() == until
		if err != nil || a.ctx.Err() != nil || (isQuiet && !due(cluster)) {
			delete(r.clusters, cluster)
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if isQuiet {
			a.sleep(until)
		}
	}
}

// sleep waits until something is due, or was written.
func (a *activity) sleep(until int64) {
	select {
	case <-a.wake:
	default:
	}
	if a.written.Load() != until {
		return
	}
	timer := time.NewTimer(period)
	defer timer.Stop()
	select {
	case <-a.wake:
	case <-timer.C:
	case <-a.ctx.Done():
	}
}

// session runs the controllers of a cluster until nothing has been written for a while. It returns the time of the last
// write that they have seen, in nanoseconds since 1970.
func (r *Runner) session(cluster *store.Cluster, a *activity) (int64, error) {
	r.waiting.Add(1)
	select {
	case r.slots <- struct{}{}:
		r.waiting.Add(-1)
	case <-a.ctx.Done():
		r.waiting.Add(-1)
		return 0, nil
	}
	defer func() { <-r.slots }()
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	stopped := make(chan error, 1)
	started := make(chan struct{})
	go func() { stopped <- r.run(ctx, cluster, started) }()
	select {
	case <-started:
	case err := <-stopped:
		return a.written.Load(), err
	}
	for begin := time.Now(); ; {
		seen := a.written.Load()
		quiet := min(time.Since(begin), time.Since(time.Unix(0, seen)))
		enough := linger
		if r.waiting.Load() > 0 {
			enough = hurry
		}
		if quiet >= enough {
			cancel()
			return seen, <-stopped
		}
		select {
		case err := <-stopped:
			return seen, err
		case <-time.After(min(enough-quiet, time.Second)):
		}
	}
}
