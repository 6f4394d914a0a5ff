package app

import (
	ctrl "sigs.k8s.io/controller-runtime"

	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/power"
)

// powerSources are those who tell which hosts are on; nil: there are none.
func powerSources(mgr ctrl.Manager, o *options.Options) power.Sources {
	if o.FakeIPAPort == 0 {
		return nil
	}
	return power.OfHosts(mgr.GetClient(), o.FakeIPAPort, o.FakeIPAOffset)
}
