package controller_test

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestTheSecondClusterOnAPortFailsUntilTheFirstIsGone(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	first := lab.NewCluster("first", port)
	l := lab.New(t, append(first, lab.NewCluster("second", port)...)...)
	l.MustRun("first")
	err := l.Run(l.Ctx, lab.Key("second"))
	g.Expect(err).To(MatchError(ContainSubstring("already used by cluster metal3/first")))
	status, _ := l.Status(lab.Key("second"))
	g.Expect(status.Served).To(BeFalse())
	g.Expect(status.Error).To(ContainSubstring("already used"))

	l.Remove(first...)
	l.MustRun("first")
	l.MustRun("second")
	g.Expect(l.Nodes("second")).To(BeEmpty())
}

func TestReadinessWaitsForDeclaredClustersOnly(t *testing.T) {
	g := NewWithT(t)
	port := testkit.FreePort(t)
	undeclared := lab.NewCluster("undeclared", 0)
	objects := append(lab.NewCluster("a", port), lab.NewCluster("b", port)...)
	l := lab.New(t, append(objects, undeclared...)...)
	pending, err := l.Pending(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pending).To(ConsistOf(lab.Key("a"), lab.Key("b")))
	l.MustRun("a")
	l.MustRun("undeclared")
	for range controller.TriesBeforeReady {
		pending, err = l.Pending(l.Ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pending).To(ConsistOf(lab.Key("b")))
		g.Expect(l.Run(l.Ctx, lab.Key("b"))).NotTo(Succeed())
	}
	pending, err = l.Pending(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pending).To(BeEmpty(), "one that cannot be served does not hold up the others")
	counts := l.Counts()
	g.Expect([]int{counts.Served, counts.Waiting, counts.Failed}).To(Equal([]int{1, 1, 1}))
}

func TestAFailureOfTheManagementClusterIsReported(t *testing.T) {
	g := NewWithT(t)
	broken := errors.New("etcd is on fire")
	l := lab.Failing(
		t,
		interceptor.Funcs{
			List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if _, ok := list.(*clusterv1.MachineList); ok {
					return broken
				}
				return c.List(ctx, list, opts...)
			},
		},
		lab.NewCluster("c", testkit.FreePort(t))...)
	g.Expect(l.Run(l.Ctx, lab.Key("c"))).To(MatchError(broken))
	status, _ := l.Status(lab.Key("c"))
	g.Expect(status.Served).To(BeTrue(), "the API server is up all the same")
	g.Expect(status.Error).To(ContainSubstring("etcd is on fire"))
}
