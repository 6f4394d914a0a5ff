package power

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/workload"
)

const (
	// lookAgain is the time between two looks at which addresses there are.
	lookAgain = 5 * time.Second
	// settleTime is how long Settle waits for addresses that do not answer.
	settleTime = 5 * time.Second
)

// state of a host, as fake-ipa tells it.
type state struct {
	UUID  string    `json:"uuid"`
	Power string    `json:"power"`
	Since time.Time `json:"since"`
	Boot  string    `json:"boot"`
}

// Watcher knows the power of the hosts. It follows the addresses of its sources.
type Watcher struct {
	sources Sources
	log     logr.Logger

	// begin makes the time of Settle count from the first call or from Start.
	begin   sync.Once
	overdue <-chan time.Time
	settled chan struct{}

	mu    sync.Mutex
	hosts map[string]state
	// told are the hosts of each address, and pending the addresses that have not answered yet.
	told    map[string]map[string]bool
	pending map[string]bool
	// isKnown says that it is known which addresses there are.
	isKnown bool
	// off is when this process first saw that BMO says that a host is off.
	off    map[types.UID]time.Time
	notify func(uuid string)
}

// New makes a Watcher. Without sources it knows only what the status of hosts tells.
func New(sources Sources, log logr.Logger) *Watcher {
	w := &Watcher{
		sources: sources, log: log, settled: make(chan struct{}), hosts: map[string]state{},
		told: map[string]map[string]bool{}, pending: map[string]bool{}, off: map[types.UID]time.Time{},
		notify: func(string) {},
	}
	if sources == nil {
		close(w.settled)
		w.isKnown = true
	}
	return w
}

// OnChange sets the function that is called with the UUID of a host whose power or boot has changed. It may block.
func (w *Watcher) OnChange(notify func(uuid string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notify = notify
}

// Of returns the power of a host.
func (w *Watcher) Of(host *bmov1alpha1.BareMetalHost) workload.Power {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.hosts[management.SystemID(host)]; ok {
		power := workload.Power{BootID: known.Boot}
		if known.Power == "Off" {
			power.OffSince = known.Since
		}
		return power
	}
	if host.Status.PoweredOn {
		delete(w.off, host.UID)
		return workload.Power{}
	}
	if _, ok := w.off[host.UID]; !ok {
		w.off[host.UID] = time.Now()
	}
	return workload.Power{OffSince: w.off[host.UID]}
}

// Settle waits until all addresses have answered once, or have had 5 s for it, so that a process that has been
// restarted does not take a machine that is off for one that is on.
func (w *Watcher) Settle(ctx context.Context) {
	w.started()
	select {
	case <-w.settled:
	case <-w.overdue:
		w.settle()
	case <-ctx.Done():
	}
}

func (w *Watcher) started() {
	w.begin.Do(func() { w.overdue = time.After(settleTime) })
}

func (w *Watcher) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settleLocked()
}

func (w *Watcher) settleLocked() {
	select {
	case <-w.settled:
	default:
		close(w.settled)
	}
}

// Start implements manager.Runnable: it follows the addresses until ctx ends.
func (w *Watcher) Start(ctx context.Context) error {
	w.started()
	if w.sources == nil {
		return nil
	}
	var streams sync.WaitGroup
	defer streams.Wait()
	following := map[string]context.CancelFunc{}
	problem := ""
	for {
		addresses, err := w.sources(ctx)
		switch {
		case err == nil:
			problem = ""
			w.follow(ctx, addresses, following, &streams)
		case err.Error() != problem:
			problem = err.Error()
			w.log.Error(err, "It is not known who tells which hosts are on")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookAgain):
		}
	}
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: FKAS has no leader election.
func (*Watcher) NeedLeaderElection() bool { return false }

// follow opens streams to the addresses that are new, and ends those to addresses that are gone.
func (w *Watcher) follow(
	ctx context.Context, addresses []string, following map[string]context.CancelFunc, streams *sync.WaitGroup,
) {
	for address, cancel := range following {
		if !slices.Contains(addresses, address) {
			cancel()
			delete(following, address)
			w.forget(address)
		}
	}
	w.expect(addresses)
	for _, address := range addresses {
		if _, ok := following[address]; ok {
			continue
		}
		streamCtx, cancel := context.WithCancel(ctx)
		following[address] = cancel
		streams.Go(func() {
			defer cancel()
			w.keepReading(streamCtx, address)
		})
	}
}

// expect makes Settle wait for the addresses that there are at first.
func (w *Watcher) expect(addresses []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isKnown {
		return
	}
	w.isKnown = true
	for _, address := range addresses {
		w.pending[address] = true
	}
	if len(w.pending) == 0 {
		w.settleLocked()
	}
}

func (w *Watcher) forget(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for uuid := range w.told[address] {
		delete(w.hosts, uuid)
	}
	delete(w.told, address)
}

// record takes over what an address has told, and tells of the hosts that have changed. A host of which nobody tells
// any longer, because its fake-ipa does not run, keeps the power that it had.
func (w *Watcher) record(ctx context.Context, address string, hosts []state) {
	w.mu.Lock()
	if ctx.Err() != nil {
		// The address may be forgotten already.
		w.mu.Unlock()
		return
	}
	var changed []string
	if w.told[address] == nil {
		w.told[address] = map[string]bool{}
	}
	for _, host := range hosts {
		w.told[address][host.UUID] = true
		if before, ok := w.hosts[host.UUID]; ok && before == host {
			continue
		}
		w.hosts[host.UUID] = host
		changed = append(changed, host.UUID)
	}
	delete(w.pending, address)
	if w.isKnown && len(w.pending) == 0 {
		w.settleLocked()
	}
	notify := w.notify
	w.mu.Unlock()
	for _, uuid := range changed {
		if ctx.Err() != nil {
			return
		}
		notify(uuid)
	}
}
