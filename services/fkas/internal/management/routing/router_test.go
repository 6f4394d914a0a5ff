package routing_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/routing"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// newService is a Service that opens ports of the FKAS of an index, at the address that the test's Clusters declare.
func newService(name, index string, ports ...int32) *corev1.Service {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: name, Labels: map[string]string{management.IndexLabel: index},
	}}
	service.Spec.Type, service.Spec.ClusterIP = corev1.ServiceTypeLoadBalancer, "10.96.0.7"
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "127.0.0.1"}}
	for _, port := range ports {
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Port: port})
	}
	return service
}

var services = []client.Object{
	newService("fkas-0-0", "0", 20000, 20002), newService("fkas-1-0", "1", 20001, 20003),
	newService("fkas-0-1", "0", 20100),
}

// newCluster is a Cluster with a Metal3Cluster, and with the label of an FKAS unless index is empty.
func newCluster(index string, port int32) []client.Object {
	objects := lab.NewCluster("own", port)
	if index != "" {
		objects[0].GetLabels()[management.IndexLabel] = index
	}
	return objects
}

// route routes the Cluster twice and returns its label and the Events, which come once.
func route(t *testing.T, objects ...client.Object) (label string, events []string) {
	t.Helper()
	l := lab.New(t, objects...)
	router := &routing.Router{Client: l.Cached, Clusters: l.Management}
	for range 2 {
		if requeueAfter, err := router.Route(l.Ctx, lab.Key("own")); err != nil || requeueAfter != 0 {
			t.Fatal(requeueAfter, err)
		}
	}
	var cluster clusterv1.Cluster
	if err := l.Management.Get(l.Ctx, lab.Key("own"), &cluster); err != nil {
		t.Fatal(err)
	}
	var list corev1.EventList
	if err := l.Management.List(l.Ctx, &list); err != nil {
		t.Fatal(err)
	}
	for _, each := range list.Items {
		if each.InvolvedObject.UID != cluster.UID || each.InvolvedObject.Kind != "Cluster" {
			t.Errorf("the Event is of %v", each.InvolvedObject)
		}
		events = append(events, each.Type+" "+each.Reason+": "+each.Message)
	}
	return cluster.Labels[management.IndexLabel], events
}

func TestAClusterWithoutALabelGetsThatOfItsPort(t *testing.T) {
	g := NewWithT(t)
	label, events := route(t, append(newCluster("", 20003), services...)...)
	g.Expect(label).To(Equal("1"))
	g.Expect(events).To(Equal([]string{
		"Normal Served: The fake API server 1 serves its port 20003: label metal3-scale-lab/fake-api-server was set",
	}))
}

func TestAServiceWithoutAPublishedAddressIsReachedElsewhere(t *testing.T) {
	for name, spec := range map[string]corev1.ServiceSpec{
		"At its own address":                     {ClusterIP: "127.0.0.1"},
		"At the addresses that its user gave it": {ClusterIP: "10.96.0.7", ExternalIPs: []string{"127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			service := newService("fkas-3-0", "3", 20007)
			spec.Type, spec.Ports = corev1.ServiceTypeClusterIP, service.Spec.Ports
			service.Spec, service.Status = spec, corev1.ServiceStatus{}
			label, _ := route(t, append(newCluster("", 20007), service)...)
			NewWithT(t).Expect(label).To(Equal("3"))
		})
	}
}

func TestAClusterWaitsForTheAddressOfAService(t *testing.T) {
	g := NewWithT(t)
	unpublished := newService("fkas-3-0", "3", 20007)
	unpublished.Spec.ClusterIP, unpublished.Status = "127.0.0.1", corev1.ServiceStatus{}
	label, events := route(t, append(newCluster("", 20007), unpublished)...)
	g.Expect(label).To(BeEmpty())
	g.Expect(events).To(BeEmpty())
}

func TestAClusterWhosePortNoServiceOpensIsTold(t *testing.T) {
	for _, index := range []string{"", "0"} {
		g := NewWithT(t)
		label, events := route(t, append(newCluster(index, 20050), services...)...)
		g.Expect(label).To(Equal(index))
		g.Expect(events).To(Equal([]string{
			"Warning NotServed: No fake API server serves its controlPlaneEndpoint 127.0.0.1:20050: " +
				"the Services of the lab open 127.0.0.1:20000-20003, 127.0.0.1:20100-20100",
		}))
	}
}

func TestAClusterWithTheLabelOfAnotherFKASIsTold(t *testing.T) {
	g := NewWithT(t)
	label, events := route(t, append(newCluster("7", 20001), services...)...)
	g.Expect(label).To(Equal("7"), "a label that its user has set stays")
	g.Expect(events).To(Equal([]string{
		`Warning NotServed: Its label metal3-scale-lab/fake-api-server is "7", and its port 20001 leads to the fake API ` +
			`server 1: set the label to "1", or choose another port`,
	}))
}

func TestClustersThatNeedNothingAreLeftAlone(t *testing.T) {
	undeclared := newCluster("", 0)
	elsewhere := newCluster("", 20000)
	elsewhere[0].(*clusterv1.Cluster).Spec.InfrastructureRef.Kind = "DockerCluster"
	for name, objects := range map[string][]client.Object{
		"It has the label of its port":    append(newCluster("1", 20001), services...),
		"It declares no endpoint yet":     append(undeclared, services...),
		"It is no Cluster of Metal3":      append(elsewhere, services...),
		"FKAS is reached without Service": newCluster("", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			label, events := route(t, objects...)
			g.Expect(label).To(Equal(objects[0].GetLabels()[management.IndexLabel]))
			g.Expect(events).To(BeEmpty())
		})
	}
}
