package triggers_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/desired"
	"metal3-scale-lab/fkas/internal/management/triggers"
	"metal3-scale-lab/fkas/internal/testkit/lab"
	"metal3-scale-lab/fkas/internal/workload"
)

func TestANewNodeTriggersItsMetal3Machine(t *testing.T) {
	for name, row := range map[string]struct {
		machine   desired.Machine
		triggered bool
	}{
		"CAPM3 knows nothing of the Node":              {desired.Machine{}, true},
		"CAPM3 was triggered for an earlier host":      {desired.Machine{NodeCreated: "uid-before"}, true},
		"CAPM3 was triggered for this host":            {desired.Machine{NodeCreated: "uid-host"}, false},
		"CAPM3 has found the Node":                     {desired.Machine{Linked: true}, false},
		"The Metal3Machine has been deleted meanwhile": {desired.Machine{Metal3Machine: lab.Key("gone")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := lab.New(t, waitingMachine("m", "c")...)
			machine := row.machine
			machine.Node = workload.Node{HostUID: "uid-host"}
			if machine.Metal3Machine.Name == "" {
				machine.Metal3Machine = lab.Key("m")
			}
			triggered, err := triggers.NodeCreated(l.Ctx, l.Cached, machine)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(triggered).To(Equal(row.triggered))
			if row.triggered {
				g.Expect(annotations(l, management.NodeCreatedAnnotation)).To(Equal(map[string]string{"m": "uid-host"}))
			}
		})
	}
}
