package apiserver

import (
	"context"
	"net"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	api "k8s.io/kubernetes/pkg/apis/core"
	endpointstore "k8s.io/kubernetes/pkg/registry/core/endpoint/storage"
	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"
	"k8s.io/kubernetes/pkg/registry/core/service/portallocator"
)

const (
	firstNodePort  = 30000
	countNodePorts = 2768
)

// serviceAddresses gives addresses to Services: any that a Service asks for, else the next of kubeadm's range. An
// allocator is not told the cluster, so all clusters share the numbers, and it does not refuse one that is taken.
type serviceAddresses struct{ last atomic.Uint32 }

var _ ipallocator.Interface = &serviceAddresses{}

// Allocate accepts an address.
func (*serviceAddresses) Allocate(net.IP) error { return nil }

// AllocateNext returns an address of 10.96.0.0/12, from 10.96.1.1 on: kubeadm's own Services are before.
func (a *serviceAddresses) AllocateNext() (net.IP, error) {
	offset := 256 + a.last.Add(1)%(1<<20-512)
	return net.IPv4(10, 96+byte(offset>>16), byte(offset>>8), byte(offset)).To4(), nil
}

// Release does nothing.
func (*serviceAddresses) Release(net.IP) error { return nil }

// ForEach knows no addresses.
func (*serviceAddresses) ForEach(func(net.IP)) {}

// CIDR is kubeadm's range.
func (*serviceAddresses) CIDR() net.IPNet {
	return net.IPNet{IP: net.IPv4(10, 96, 0, 0).To4(), Mask: net.CIDRMask(12, 32)}
}

// IPFamily is IPv4.
func (*serviceAddresses) IPFamily() api.IPFamily { return api.IPv4Protocol }

// Has knows no addresses.
func (*serviceAddresses) Has(net.IP) bool { return false }

// Destroy does nothing.
func (*serviceAddresses) Destroy() {}

// EnableMetrics does nothing.
func (*serviceAddresses) EnableMetrics() {}

// DryRun is the same: nothing is kept.
func (a *serviceAddresses) DryRun() ipallocator.Interface { return a }

// nodePorts gives node ports to Services, by the same rules.
type nodePorts struct{ last atomic.Uint32 }

var _ portallocator.Interface = &nodePorts{}

// Allocate accepts a port.
func (*nodePorts) Allocate(int) error { return nil }

// AllocateNext returns a port of Kubernetes' default range, 30000 to 32767.
func (p *nodePorts) AllocateNext() (int, error) {
	return firstNodePort + int(p.last.Add(1)%countNodePorts), nil
}

// Release does nothing.
func (*nodePorts) Release(int) error { return nil }

// ForEach knows no ports.
func (*nodePorts) ForEach(func(int)) {}

// Has knows no ports.
func (*nodePorts) Has(int) bool { return false }

// Destroy does nothing.
func (*nodePorts) Destroy() {}

// EnableMetrics does nothing.
func (*nodePorts) EnableMetrics() {}

// serviceEndpoints are the Endpoints of Services. The registry of Services deletes them with a context of its own,
// which names no cluster: so package store does it.
type serviceEndpoints struct{ *endpointstore.REST }

// Delete does nothing.
func (serviceEndpoints) Delete(
	context.Context, string, rest.ValidateObjectFunc, *metav1.DeleteOptions,
) (runtime.Object, bool, error) {
	return nil, true, nil
}
