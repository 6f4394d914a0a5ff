package queue_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"metal3-scale-lab/fkas/internal/management/queue"
)

var start = time.Unix(0, 0)

// all are the numbers of the hosts of a round.
var all = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}

func numbered(number int) types.NamespacedName {
	return types.NamespacedName{Name: fmt.Sprintf("host-%d", number)}
}

// released is a flow on one CPU that has released the hosts of a round, 20.
func released() *queue.Flow {
	f := queue.NewFlow(1)
	f.Waiting(1)
	for _, number := range all {
		f.Released(numbered(number), start)
	}
	return f
}

// lookAt shows a flow hosts, all others of which are under way.
func lookAt(f *queue.Flow, after time.Duration, stage queue.Stage, numbers ...int) time.Duration {
	shown := map[types.NamespacedName]queue.Stage{}
	for _, number := range numbers {
		shown[numbered(number)] = stage
	}
	return f.Look(start.Add(after), func(host types.NamespacedName) queue.Stage {
		if at, ok := shown[host]; ok {
			return at
		}
		return queue.Underway
	})
}

func TestARoundTakesTheMeanOfTheSecondAndThirdFourth(t *testing.T) {
	g := NewWithT(t)
	f := released()
	g.Expect(lookAt(f, 10*time.Second, queue.Arrived, all[:5]...)).To(BeZero())
	g.Expect(lookAt(f, 40*time.Second, queue.Arrived, all[5:10]...)).To(BeZero())
	g.Expect(lookAt(f, 60*time.Second, queue.Arrived, all[10:14]...)).To(BeZero())
	g.Expect(f.Size()).To(Equal(12))
	g.Expect(lookAt(f, 60*time.Second, queue.Arrived, 14)).To(Equal(50*time.Second), "5 hosts are not waited for")
	g.Expect(f.Size()).To(Equal(16))
	g.Expect(lookAt(f, time.Hour, queue.Arrived, all[15:]...)).To(BeZero(), "they are in no round any more")
}

func TestHostsBeyondARoundAreInNone(t *testing.T) {
	g := NewWithT(t)
	f := released()
	f.Released(numbered(20), start)
	g.Expect(lookAt(f, time.Minute, queue.Arrived, append([]int{20}, all[:14]...)...)).To(BeZero())
	g.Expect(lookAt(f, time.Minute, queue.Arrived, 19)).To(Equal(time.Minute))
}

func TestARoundEndsOnlyWhenItsHostsHaveArrived(t *testing.T) {
	for name, row := range map[string]struct {
		stage queue.Stage
		after time.Duration
	}{
		"Hosts that still look queued in the cache stay in the round": {queue.Queued, time.Second},
		"Hosts that are stuck for now stay in the round":              {queue.Underway, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := released()
			g.Expect(lookAt(f, row.after, row.stage, all...)).To(BeZero())
			g.Expect(lookAt(f, row.after, queue.Arrived, all...)).To(Equal(row.after))
		})
	}
	for name, row := range map[string]struct {
		stage queue.Stage
		after time.Duration
	}{
		"Hosts that are gone make place in the round":                 {queue.Gone, time.Second},
		"Hosts that are stuck for too long make place in the round":   {queue.Stuck, 16 * time.Minute},
		"Hosts that somebody has queued again do so after their time": {queue.Queued, 16 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := released()
			g.Expect(lookAt(f, row.after, row.stage, all[1:]...)).To(BeZero())
			g.Expect(lookAt(f, row.after, queue.Arrived, all[1:]...)).To(BeZero(), "they are in no round any more")
			g.Expect(f.Size()).To(Equal(12))
		})
	}
}

func TestHostsThatFillTheWindowAreInNoRound(t *testing.T) {
	g := NewWithT(t)
	f := queue.NewFlow(1)
	f.Released(numbered(0), start)
	f.Waiting(1)
	for _, number := range all[1:] {
		f.Released(numbered(number), start)
	}
	g.Expect(lookAt(f, time.Minute, queue.Arrived, all...)).To(BeZero(), "one is missing")
	f.Released(numbered(20), start.Add(time.Minute))
	g.Expect(lookAt(f, time.Minute, queue.Underway)).To(Equal(time.Minute))
}

func TestAQueueThatRunsEmptyEndsTheRoundAndLeavesTheSize(t *testing.T) {
	g := NewWithT(t)
	f := released()
	lookAt(f, time.Minute, queue.Arrived, all...)
	g.Expect(f.Size()).To(Equal(16))
	for _, number := range all {
		f.Released(numbered(number), start.Add(time.Minute))
	}
	f.Waiting(0)
	g.Expect(lookAt(f, time.Hour, queue.Arrived, all...)).To(BeZero())
	g.Expect(f.Size()).To(Equal(16))
}

func TestHostsThatAreStuckDoNotLeadTheSizeAstray(t *testing.T) {
	g := NewWithT(t)
	best, unloaded := bestFixed(2, withClusters)
	m := newMachine(2, withClusters, 1)
	m.stuck = func(number int) bool { return number%50 == 49 }
	seen := m.follow(queue.NewFlow(2), 900, 8100)
	g.Expect(seen.seconds).To(BeNumerically("<=", 2*unloaded))
	g.Expect(seen.rate).To(BeNumerically(">=", 0.9*best), "of 24 places 5 are theirs")
}
