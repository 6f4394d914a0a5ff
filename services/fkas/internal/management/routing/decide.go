package routing

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"metal3-scale-lab/fkas/internal/management"
)

// verdict is what is to be done about one Cluster.
type verdict struct {
	// label is the value that the Cluster's label is to get; empty: it stays as it is.
	label string
	// problem says why no FKAS serves the Cluster; empty: one does, or will.
	problem string
}

// decide finds the Service that opens the port of an endpoint. index is the Cluster's label, empty where it has none.
// services are those with the label of an FKAS.
func decide(index string, endpoint clusterv1.APIEndpoint, services []corev1.Service) verdict {
	if len(services) == 0 {
		// These FKAS are reached by other means, of which nothing is known here.
		return verdict{}
	}
	for i := range services {
		service := &services[i]
		if !opens(service, endpoint) {
			continue
		}
		server := service.Labels[management.IndexLabel]
		switch index {
		case server:
			return verdict{}
		case "":
			return verdict{label: server}
		default:
			return verdict{problem: fmt.Sprintf("Its label %s is %q, and its port %d leads to the fake API server %s: "+
				"set the label to %q, or choose another port", management.IndexLabel, index, endpoint.Port, server, server)}
		}
	}
	if slices.ContainsFunc(services, func(service corev1.Service) bool { return waits(&service) }) {
		// Its update follows.
		return verdict{}
	}
	return verdict{problem: fmt.Sprintf(
		"No fake API server serves its controlPlaneEndpoint %s: the Services of the lab open %s",
		endpoint.String(), opened(services))}
}

func opens(service *corev1.Service, endpoint clusterv1.APIEndpoint) bool {
	return slices.Contains(addresses(service), endpoint.Host) &&
		slices.ContainsFunc(service.Spec.Ports, func(port corev1.ServicePort) bool { return port.Port == endpoint.Port })
}

// addresses are those at which Clusters reach a Service: its external ones, or its own where it has no others.
func addresses(service *corev1.Service) []string {
	external := slices.Clone(service.Spec.ExternalIPs)
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		external = append(external, ingress.IP)
	}
	if len(external) > 0 || service.Spec.ClusterIP == "" || waits(service) {
		return external
	}
	return []string{service.Spec.ClusterIP}
}

// waits tells whether the address of a Service is still to be published.
func waits(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0
}

// opened lists all ports that Services open, by address: "192.168.222.2:20000-20049".
func opened(services []corev1.Service) string {
	ports := map[string][]int32{}
	for i := range services {
		for _, address := range addresses(&services[i]) {
			for _, port := range services[i].Spec.Ports {
				ports[address] = append(ports[address], port.Port)
			}
		}
	}
	var ranges []string
	for address, list := range ports {
		slices.Sort(list)
		list = slices.Compact(list)
		for first := 0; first < len(list); {
			last := first
			for last+1 < len(list) && list[last+1] == list[last]+1 {
				last++
			}
			ranges = append(ranges, fmt.Sprintf("%s:%d-%d", address, list[first], list[last]))
			first = last + 1
		}
	}
	slices.Sort(ranges)
	return strings.Join(ranges, ", ")
}
