package queue_test

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management/queue"
)

var loads = map[string]load{"hosts with clusters": withClusters, "hosts alone": alone}

// bestFixed is the highest rate with a fixed number in progress, of numbers around the one that just fills the machine.
func bestFixed(cpus float64, of load) (rate, unloaded float64) {
	unloaded = fixed(cpus, of, 1).seconds
	full := cpus * unloaded / (of.work + of.later)
	for _, times := range []float64{1, 1.3, 1.7, 2.2} {
		rate = max(rate, fixed(cpus, of, min(queue.MostHosts, int(times*full))).rate)
	}
	return rate, unloaded
}

func TestTheWindowKeepsAMachineOfAnySizeBusyWithoutSlowHosts(t *testing.T) {
	for name, of := range loads {
		for _, cpus := range []int{1, 2, 4, 8, 16, 64} {
			t.Run(fmt.Sprintf("%s on %d CPUs", name, cpus), func(t *testing.T) {
				g := NewWithT(t)
				best, unloaded := bestFixed(float64(cpus), of)
				const runs = 3
				rate, seconds := 0.0, 0.0
				for seed := range int64(runs) {
					seen := newMachine(float64(cpus), of, seed).follow(queue.NewFlow(cpus), 900, 8100)
					rate += seen.rate / runs
					seconds += seen.seconds / runs
				}
				t.Logf("%.3f of the best rate, %.2f times the time of a host alone", rate/best, seconds/unloaded)
				g.Expect(rate).To(BeNumerically(">=", 0.95*best), "hosts a second")
				g.Expect(seconds).To(BeNumerically("<=", 2*unloaded), "seconds in progress")
			})
		}
	}
}

func TestTheWindowFindsItsSizeFromAFewCPUsThatAreKnown(t *testing.T) {
	g := NewWithT(t)
	best, unloaded := bestFixed(16, withClusters)
	seen := newMachine(16, withClusters, 1).follow(queue.NewFlow(2), 3600, 7200)
	g.Expect(seen.rate).To(BeNumerically(">=", 0.95*best))
	g.Expect(seen.seconds).To(BeNumerically("<=", 2*unloaded))
}

func TestTheWindowGivesWayOnAMachineThatIsSlowerThanItsCPUsSay(t *testing.T) {
	g := NewWithT(t)
	best, unloaded := bestFixed(2, withClusters)
	seen := newMachine(2, withClusters, 1).follow(queue.NewFlow(4), 5400, 9000)
	g.Expect(seen.rate).To(BeNumerically(">=", 0.95*best))
	g.Expect(seen.seconds).To(BeNumerically("<=", 2*unloaded))
}

func TestTheBoundsHoldWhateverIsSeen(t *testing.T) {
	g := NewWithT(t)
	for seed := range int64(200) {
		random := rand.New(rand.NewSource(seed))
		window := queue.NewWindow(1 + random.Intn(128))
		for range 300 {
			before := window.Size()
			switch random.Intn(20) {
			case 0:
				window = window.Forgotten()
				g.Expect(window.Size()).To(Equal(before), "what is forgotten leaves the size")
			default:
				// From a second to an hour, each as likely as its half.
				window = window.After(time.Duration(float64(time.Second) * math.Exp(random.Float64()*math.Log(3600))))
			}
			after := window.Size()
			g.Expect(after).To(And(BeNumerically(">=", queue.LeastHosts), BeNumerically("<=", queue.MostHosts)))
			ratio := float64(max(before, after)) / float64(min(before, after))
			g.Expect(ratio).To(BeNumerically("<=", 1.34), "one step at most, rounded")
			g.Expect(window.RoundLength()).To(And(BeNumerically(">=", 20), BeNumerically("<=", 100)))
		}
	}
}

func TestTheWindowFollowsFromWhatWasSeenAlone(t *testing.T) {
	g := NewWithT(t)
	first := queue.NewWindow(2)
	second := first.After(time.Minute)
	g.Expect(second.After(80 * time.Second)).To(Equal(first.After(time.Minute).After(80 * time.Second)))
	g.Expect(first).To(Equal(queue.NewWindow(2)), "a decision changes nothing of what it was made from")
}

// sizes are the sizes of a window after each round, of which `time` says how long it takes with a size.
func sizes(window queue.Window, rounds int, time func(size int) time.Duration) []int {
	var found []int
	for range rounds {
		window = window.After(time(window.Size()))
		found = append(found, window.Size())
	}
	return found
}

func TestTheWindowLooksAtItsNeighboursAndGoesWhereItPays(t *testing.T) {
	// On an ideal machine hosts take a minute as long as there are fewer than it can serve, then as long as their turn.
	ideal := func(full int) func(int) time.Duration {
		return func(size int) time.Duration {
			return time.Minute * time.Duration(max(full, size)) / time.Duration(full)
		}
	}
	g := NewWithT(t)
	g.Expect(sizes(queue.NewWindow(2), 4, ideal(24))).To(Equal([]int{31, 24, 18, 24}), "it is right and looks at both")
	g.Expect(sizes(queue.NewWindow(2), 5, ideal(1000))).To(Equal([]int{31, 41, 53, 69, 89}), "the machine is larger")
	g.Expect(sizes(queue.NewWindow(2), 7, ideal(1))).To(Equal([]int{31, 24, 18, 14, 11, 8, 6}), "the machine is smaller")
	g.Expect(sizes(queue.NewWindow(500), 3, ideal(5000))).To(Equal([]int{769, 1000, 1000}), "no more than the most")
	g.Expect(sizes(queue.NewWindow(2), 40, ideal(1))[39]).To(BeNumerically("<=", 5), "nor fewer than the least")
	rests := sizes(queue.NewWindow(2), 15, ideal(24))
	g.Expect(rests[3:14]).To(HaveEach(24), "it stays until what it has seen of its neighbours is old")
	g.Expect(rests[14]).To(Equal(31))
}
