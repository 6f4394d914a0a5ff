package assignment

import (
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"

	"metal3-scale-lab/fkas/internal/management"
)

// Readiness says how soon a machine could take a free host: the smaller, the sooner.
type Readiness int

const (
	// Available hosts can be taken now.
	Available Readiness = iota
	// Coming hosts are queued, registered, inspected or prepared.
	Coming
	// Leftover hosts are still freed of what ran on them.
	Leftover
	// Broken hosts have an error. CAPM3 takes none of them, but BMO tries again, and the error may go.
	Broken
)

// Host is what the decision reads of a BareMetalHost.
type Host struct {
	// Name of the BareMetalHost. Names are in the order of the hosts' indexes.
	Name string
	// Cluster is the Cluster that the label names; empty: none.
	Cluster string
	// Used says whether a Metal3Machine consumes the host, and UsedBy names the Cluster of that Metal3Machine; empty:
	// not known.
	Used   bool
	UsedBy string
	// Withheld says that no machine may be given the host.
	Withheld bool
	// Readiness of a host that is neither used nor withheld.
	Readiness Readiness
	// Off says that the host is switched off. CAPM3 leaves a host like that when a machine lets go of it, and switches
	// it on for the next. A person who switched the host off on purpose left the same.
	Off bool
}

// HostOf reads a BareMetalHost. UsedBy stays empty.
func HostOf(host *bmov1alpha1.BareMetalHost) Host {
	found := Host{Name: host.Name, Cluster: host.Labels[management.HostClusterLabel]}
	if _, found.Used = management.Consumer(host); found.Used {
		return found
	}
	if found.Withheld = withheld(host); found.Withheld {
		return found
	}
	found.Readiness, found.Off = readinessOf(host), !host.Spec.Online
	return found
}

// withheld says whether a host without a Metal3Machine is being deleted, is about to leave the lab, or was put
// elsewhere by its user.
func withheld(host *bmov1alpha1.BareMetalHost) bool {
	if !host.DeletionTimestamp.IsZero() || host.Spec.ConsumerRef != nil || host.Spec.Image != nil ||
		host.Spec.CustomDeploy != nil || host.Spec.ExternallyProvisioned {
		return true
	}
	for _, annotation := range []string{
		management.LeavingAnnotation, bmov1alpha1.DetachedAnnotation,
		infrav1.UnhealthyAnnotation, infrav1.UnhealthyAnnotationDeprecated,
	} {
		if _, ok := host.Annotations[annotation]; ok {
			return true
		}
	}
	// A queued host is paused by the lab; any other paused one by its user.
	_, paused := host.Annotations[bmov1alpha1.PausedAnnotation]
	return paused && !management.HostQueued(host)
}

func readinessOf(host *bmov1alpha1.BareMetalHost) Readiness {
	if host.Status.ErrorMessage != "" {
		return Broken
	}
	switch host.Status.Provisioning.State {
	case bmov1alpha1.StateAvailable, bmov1alpha1.StateReady:
		if management.HostQueued(host) {
			return Coming
		}
		return Available
	case bmov1alpha1.StateNone, bmov1alpha1.StateUnmanaged, bmov1alpha1.StateRegistering,
		bmov1alpha1.StateMatchProfile, bmov1alpha1.StateInspecting, bmov1alpha1.StatePreparing:
		return Coming
	default:
		return Leftover
	}
}
