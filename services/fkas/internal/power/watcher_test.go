package power

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/workload"
)

// pair is a fake-ipa of which the test decides what it tells.
type pair struct {
	*httptest.Server
	lines chan []state
}

func newPair(t *testing.T, first ...state) *pair {
	t.Helper()
	p := &pair{lines: make(chan []state, 8)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/power" {
			http.NotFound(w, r)
			return
		}
		tell := func(hosts []state) {
			_ = json.NewEncoder(w).Encode(map[string]any{"hosts": hosts})
			w.(http.Flusher).Flush()
		}
		tell(first)
		for {
			select {
			case hosts := <-p.lines:
				if hosts == nil {
					return
				}
				tell(hosts)
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func host(uuid string, poweredOn bool) *bmov1alpha1.BareMetalHost {
	host := &bmov1alpha1.BareMetalHost{}
	host.UID = types.UID("uid-" + uuid)
	host.Spec.BMC.Address = "redfish+http://192.0.2.1:8000/redfish/v1/Systems/" + uuid
	host.Status.PoweredOn = poweredOn
	return host
}

// running is a Watcher of these addresses, the way to give it others, and the hosts of which it told.
func running(t *testing.T, addresses ...string) (*Watcher, func(...string), chan string) {
	t.Helper()
	before := runtime.NumGoroutine()
	var present atomic.Pointer[[]string]
	present.Store(&addresses)
	w := New(func(context.Context) ([]string, error) { return *present.Load(), nil }, logr.Discard())
	told := make(chan string, 16)
	w.OnChange(func(uuid string) { told <- uuid })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		httpClient.CloseIdleConnections()
		testkit.NoMoreGoroutines(t, before+1)
	})
	return w, func(others ...string) { present.Store(&others) }, told
}

func TestTheFakeIPAOfAHostIsBelievedBeforeBMO(t *testing.T) {
	g := NewWithT(t)
	since := time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC)
	p := newPair(t, state{"a", "On", since, "boot-1"}, state{"b", "Off", since, "boot-2"})
	w, _, told := running(t, p.URL)
	w.Settle(t.Context())
	g.Expect(w.Of(host("a", false))).To(Equal(workload.Power{BootID: "boot-1"}))
	g.Expect(w.Of(host("b", true))).To(Equal(workload.Power{BootID: "boot-2", OffSince: since}))
	g.Expect([]string{<-told, <-told}).To(ConsistOf("a", "b"))

	p.lines <- []state{{"a", "Off", since, "boot-1"}}
	g.Expect(<-told).To(Equal("a"))
	g.Expect(w.Of(host("a", true))).To(Equal(workload.Power{BootID: "boot-1", OffSince: since}))

	// The fake-ipa is restarted and tells all hosts again, of which none is news except that of the first line.
	p.lines <- nil
	g.Expect(<-told).To(Equal("a"))
	g.Expect(w.Of(host("a", true))).To(Equal(workload.Power{BootID: "boot-1"}))
	g.Expect(told).To(BeEmpty())
}

func TestAHostOfWhichNobodyTellsHasThePowerThatBMOSaw(t *testing.T) {
	g := NewWithT(t)
	w := New(nil, logr.Discard())
	w.Settle(t.Context())
	g.Expect(w.Start(t.Context())).To(Succeed())
	g.Expect(w.Of(host("a", true))).To(Equal(workload.Power{}))
	first := w.Of(host("a", false))
	g.Expect(first.OffSince).To(BeTemporally("~", time.Now(), time.Second))
	g.Expect(w.Of(host("a", false))).To(Equal(first), "it is off since then")
	g.Expect(w.Of(host("a", true))).To(Equal(workload.Power{}))
	time.Sleep(time.Millisecond)
	g.Expect(w.Of(host("a", false)).OffSince).To(BeTemporally(">", first.OffSince))
}

func TestAnAddressThatIsSilentIsWaitedForOnce(t *testing.T) {
	g := NewWithT(t)
	p := newPair(t, state{UUID: "a", Power: "On", Boot: "boot"})
	w, _, _ := running(t, p.URL, "http://127.0.0.1:1")
	began := time.Now()
	w.Settle(t.Context())
	g.Expect(time.Since(began)).To(BeNumerically("~", settleTime, time.Second))
	w.Settle(t.Context())
	g.Expect(time.Since(began)).To(BeNumerically("<", settleTime+time.Second))
	g.Expect(w.Of(host("a", false)).BootID).To(Equal("boot"))
}

func TestAnAddressThatIsGoneTellsNothingMore(t *testing.T) {
	g := NewWithT(t)
	first, second := newPair(t, state{UUID: "a", Power: "On"}), newPair(t, state{UUID: "b", Power: "On", Boot: "boot"})
	w, change, told := running(t, first.URL)
	g.Expect(<-told).To(Equal("a"))
	change(second.URL)
	g.Eventually(told, "15s").Should(Receive(Equal("b")))
	g.Expect(w.Of(host("b", true)).BootID).To(Equal("boot"))
	g.Expect(w.Of(host("a", false)).OffSince).NotTo(BeZero(), "nobody tells of it any longer, so BMO's view holds")
}
