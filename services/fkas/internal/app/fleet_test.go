package app

import (
	"testing"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/options"
)

func TestRolloutsAreAsManyAsHostsInProgressUnlessThereIsANumber(t *testing.T) {
	g := NewWithT(t)
	flow := queue.NewFlow(2)
	of := func(hosts, rollouts int, flow *queue.Flow) int {
		return rolloutsAtOnce(&options.Options{HostsAtOnce: hosts, RolloutsAtOnce: rollouts}, flow)()
	}
	g.Expect(of(options.Auto, options.Auto, flow)).To(Equal(24))
	g.Expect(of(options.Auto, 3, flow)).To(Equal(3))
	g.Expect(of(7, options.Auto, nil)).To(Equal(7))
	g.Expect(of(7, 0, nil)).To(BeZero())
}
