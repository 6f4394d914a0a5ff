package power

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
)

// Sources returns the base URLs of all that tell which hosts are on.
type Sources func(context.Context) ([]string, error)

// OfHosts finds the fake-ipa of each host beside its BMC: at a port of the BMC's own address, or of the address that is
// so many after it. Hosts with other BMCs than Redfish have none.
func OfHosts(c client.Reader, port, offset int) Sources {
	return func(ctx context.Context) ([]string, error) {
		var hosts bmov1alpha1.BareMetalHostList
		// The objects of the cache are only read.
		if err := c.List(ctx, &hosts, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("list BareMetalHosts: %w", err)
		}
		found := map[string]bool{}
		for i := range hosts.Items {
			if address, ok := beside(&hosts.Items[i], port, offset); ok {
				found[address] = true
			}
		}
		return slices.Sorted(maps.Keys(found)), nil
	}
}

func beside(host *bmov1alpha1.BareMetalHost, port, offset int) (string, bool) {
	bmc, err := url.Parse(host.Spec.BMC.Address)
	if err != nil || bmc.Hostname() == "" || management.SystemID(host) == "" {
		return "", false
	}
	name := bmc.Hostname()
	if offset > 0 {
		address, err := netip.ParseAddr(name)
		if err != nil {
			// No name is after another one.
			return "", false
		}
		for range offset {
			address = address.Next()
		}
		if !address.IsValid() {
			return "", false
		}
		name = address.String()
	}
	return "http://" + net.JoinHostPort(name, strconv.Itoa(port)), true
}
