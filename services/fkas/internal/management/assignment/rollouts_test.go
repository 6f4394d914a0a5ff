package assignment_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management/assignment"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestRolloutsBeginOnlyAsTheLimitAllows(t *testing.T) {
	g := NewWithT(t)
	l := lab.New(t,
		// a's successor has its host, and the host of its old machine is not free yet.
		newCluster("a", 1, 0), deleted(newMachine("a-1", "a")), newMachine("a-2", "a"),
		newHost("h0", labelled("a"), lab.ConsumedBy("a-1")), newHost("h1", labelled("a"), lab.ConsumedBy("a-2")),
		// b's and c's successors wait for one.
		newCluster("b", 1, 0), newMachine("b-1", "b"), newMachine("b-2", "b"),
		newHost("h2", labelled("b"), lab.ConsumedBy("b-1")),
		newCluster("c", 1, 0), newMachine("c-1", "c"), newMachine("c-2", "c"),
		newHost("h3", labelled("c"), lab.ConsumedBy("c-1")),
		// A Cluster without a topology may have as many machines as it likes.
		lab.NewCluster("own", 20000)[0], newMachine("own-1", "own"),
		newHost("h4"), newHost("h5"), newHost("h6"),
	)
	assigner := &assignment.Assigner{Client: l.Cached, Clusters: l.Management, RolloutsAtOnce: func() int { return 2 }}
	done, err := assigner.Assign(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(Equal(assignment.Assignments{Given: 2}))
	g.Expect(clustersOf(l)).To(Equal(map[string]string{
		"h0": "a", "h1": "a", "h2": "b", "h3": "c", "h4": "b", "h5": "own",
	}))
}
