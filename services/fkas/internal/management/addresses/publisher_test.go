package addresses_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/addresses"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

const address = "192.0.2.7"

// newService is a Service that asks for an address of a node, and has the given ones.
func newService(published ...string) *corev1.Service {
	class := management.NodeAddressClass
	// The namespace of FKAS.
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "fkas", Name: "fkas-0-0", ResourceVersion: "1"}}
	service.Spec.Type, service.Spec.LoadBalancerClass = corev1.ServiceTypeLoadBalancer, &class
	for _, ip := range published {
		ingress := &service.Status.LoadBalancer.Ingress
		*ingress = append(*ingress, corev1.LoadBalancerIngress{IP: ip})
	}
	return service
}

// publish runs the publisher and returns the Service as it is then.
func publish(t *testing.T, service *corev1.Service) *corev1.Service {
	t.Helper()
	l := lab.New(t, service.DeepCopy())
	publisher := addresses.Publisher{Client: l.Cached, Address: address}
	if err := publisher.Publish(l.Ctx, client.ObjectKeyFromObject(service)); err != nil {
		t.Fatal(err)
	}
	found := &corev1.Service{}
	if err := l.Management.Get(l.Ctx, client.ObjectKeyFromObject(service), found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAServiceThatAsksForTheAddressOfANodeGetsIt(t *testing.T) {
	for name, service := range map[string]*corev1.Service{
		"It has none":                   newService(),
		"Somebody wrote another":        newService("10.96.0.4"),
		"Somebody wrote another beside": newService(address, "10.96.0.4"),
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(publish(t, service).Status).To(Equal(newService(address).Status))
		})
	}
}

func TestAServiceThatHasTheAddressIsNotWritten(t *testing.T) {
	NewWithT(t).Expect(publish(t, newService(address)).ResourceVersion).To(Equal("1"))
}

func TestAServiceThatAsksForNoneIsLeftAlone(t *testing.T) {
	g := NewWithT(t)
	other := "example.org/balancer"
	elsewhere, inCluster := newService(), newService()
	elsewhere.Spec.LoadBalancerClass = &other
	inCluster.Spec.Type, inCluster.Spec.LoadBalancerClass = corev1.ServiceTypeClusterIP, nil
	for _, service := range []*corev1.Service{elsewhere, inCluster} {
		g.Expect(publish(t, service).Status.LoadBalancer.Ingress).To(BeEmpty())
	}
}

func TestAServiceThatIsGoneNeedsNoAddress(t *testing.T) {
	l := lab.New(t)
	publisher := addresses.Publisher{Client: l.Cached, Address: address}
	NewWithT(t).Expect(publisher.Publish(l.Ctx, lab.Key("gone"))).To(Succeed())
}
