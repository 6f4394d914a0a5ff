package power

import (
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"metal3-scale-lab/fkas/internal/management"
)

func TestTheFakeIPAOfAHostIsBesideItsBMC(t *testing.T) {
	g := NewWithT(t)
	var objects []client.Object
	for name, address := range map[string]string{
		"a": "redfish+http://192.0.2.16:8000/redfish/v1/Systems/a",
		"b": "redfish+http://192.0.2.16:8000/redfish/v1/Systems/b",
		"c": "redfish+http://192.0.2.255:8000/redfish/v1/Systems/c",
		"d": "redfish+http://pair.ns.svc:8000/redfish/v1/Systems/d",
		"e": "ipmi://192.0.2.30",
		"f": "redfish+https://[2001:db8::1]/redfish/v1/Systems/f",
		"g": "",
	} {
		host := &bmov1alpha1.BareMetalHost{}
		host.Namespace, host.Name, host.Spec.BMC.Address = "ns", name, address
		objects = append(objects, host)
	}
	c := fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(objects...).Build()
	g.Expect(OfHosts(c, 9999, 1)(t.Context())).To(Equal([]string{
		"http://192.0.2.17:9999", "http://192.0.3.0:9999", "http://[2001:db8::2]:9999",
	}))
	g.Expect(OfHosts(c, 80, 0)(t.Context())).To(Equal([]string{
		"http://192.0.2.16:80", "http://192.0.2.255:80", "http://[2001:db8::1]:80", "http://pair.ns.svc:80",
	}))
}
