package addresses

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"metal3-scale-lab/fkas/internal/management"
)

// Publisher is the load balancer of an FKAS's own Services: traffic for an address of a node needs no other. kube-proxy
// opens a Service at each address in its status.
type Publisher struct {
	// Client reads Services from the cache, and writes their status.
	Client client.Client
	// Address is the IP address of a node.
	Address string
}

// asksForAddress tells whether a Service asks for an address of a node.
func asksForAddress(service *corev1.Service) bool {
	class := service.Spec.LoadBalancerClass
	return service.DeletionTimestamp.IsZero() && service.Spec.Type == corev1.ServiceTypeLoadBalancer &&
		class != nil && *class == management.NodeAddressClass
}

// Publish writes the address into the status of a Service that asks for one, unless it is there.
func (p *Publisher) Publish(ctx context.Context, name types.NamespacedName) error {
	var service corev1.Service
	if err := p.Client.Get(ctx, name, &service); err != nil {
		return client.IgnoreNotFound(err)
	}
	ingress := service.Status.LoadBalancer.Ingress
	if !asksForAddress(&service) || len(ingress) == 1 && ingress[0].IP == p.Address {
		return nil
	}
	// The whole list: a merge patch replaces it, and with it what others may have written.
	status := corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: p.Address}}}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"loadBalancer": status}})
	if err != nil {
		return err
	}
	target := &corev1.Service{}
	target.Namespace, target.Name = name.Namespace, name.Name
	err = p.Client.Status().Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish the address of Service %s: %w", name, err)
	}
	log.FromContext(ctx).Info("Published the address of a Service", "service", name.String(), "address", p.Address)
	return nil
}
