package assignment_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestAHostThatAMachineHasLetGoOfIsSwitchedOn(t *testing.T) {
	g := NewWithT(t)
	off := func(h *bmh) { h.Spec.Online = false }
	leaving := func(h *bmh) { h.Annotations = map[string]string{management.LeavingAnnotation: ""} }
	l := lab.New(t, newCluster("a", 1, 0), newHost("h0", labelled("a"), off), newHost("h1", labelled("a"), off),
		newHost("h2", labelled("a"), off, leaving), newHost("h3", off))
	done, err := assign(l)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done.Taken).To(Equal(2))
	for name, online := range map[string]bool{
		"h0": false, // CAPM3 switches it on for its machine.
		"h1": true,
		"h2": false, // It is about to leave.
		"h3": false, // Nobody let go of it: its user has switched it off.
	} {
		var host bmh
		g.Expect(l.Management.Get(l.Ctx, lab.Key(name), &host)).To(Succeed())
		g.Expect(host.Spec.Online).To(Equal(online), name)
	}
}
