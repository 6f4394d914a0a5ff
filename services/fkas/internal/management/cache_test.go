package management

import (
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
)

func TestTheCacheKeepsTheFieldsThatTheQueuesRead(t *testing.T) {
	g := NewWithT(t)
	kept, err := Trim(
		&clusterv1.Cluster{
			ObjectMeta: metav1.ObjectMeta{UID: "uid", ResourceVersion: "7", Annotations: map[string]string{
				clusterv1.PausedAnnotation: "", QueuedAnnotation: "3", "kubectl.kubernetes.io/last-applied-configuration": "long",
			}},
		},
	)
	g.Expect(err).NotTo(HaveOccurred())
	cluster := kept.(*clusterv1.Cluster)
	g.Expect(ClusterQueued(cluster)).To(BeTrue())
	g.Expect(cluster.Annotations).To(Equal(map[string]string{QueuedAnnotation: "3"}))
	g.Expect([]string{string(cluster.UID), cluster.ResourceVersion}).
		To(Equal([]string{"uid", "7"}), "a release is conditional on both")

	kept, err = Trim(
		&bmov1alpha1.BareMetalHost{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{HostClusterLabel: "c", "other": "x"}},
		},
	)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kept.(*bmov1alpha1.BareMetalHost).Labels).To(Equal(map[string]string{HostClusterLabel: "c"}))
	kept, err = Trim(&bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"other": "x"}}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kept.(*bmov1alpha1.BareMetalHost).Labels).To(BeNil())
}

func TestTheCacheKeepsTheFieldsThatTheHostTriggerReads(t *testing.T) {
	g := NewWithT(t)
	secret := "m-bootstrap"
	ref := clusterv1.ContractVersionedObjectReference{Kind: "Metal3Machine", Name: "m"}
	kept, err := Trim(&clusterv1.Machine{Spec: clusterv1.MachineSpec{
		ClusterName: "c", ProviderID: "metal3://x", InfrastructureRef: ref,
		Bootstrap: clusterv1.Bootstrap{
			DataSecretName: &secret,
			ConfigRef:      clusterv1.ContractVersionedObjectReference{Name: "config"},
		},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kept.(*clusterv1.Machine).Spec).To(Equal(clusterv1.MachineSpec{
		ClusterName: "c", InfrastructureRef: ref,
		Bootstrap: clusterv1.Bootstrap{DataSecretName: &secret},
	}))
}

func TestTheCacheKeepsTheFieldsOfAHostThatTheAssignmentReads(t *testing.T) {
	g := NewWithT(t)
	annotations := map[string]string{
		LeavingAnnotation: "", bmov1alpha1.PausedAnnotation: "", bmov1alpha1.DetachedAnnotation: "",
		infrav1.UnhealthyAnnotation: "", infrav1.UnhealthyAnnotationDeprecated: "",
	}
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
	host.Spec.Online, host.Spec.ExternallyProvisioned = true, true
	host.Spec.Image = &bmov1alpha1.Image{URL: "http://images/x"}
	host.Spec.CustomDeploy = &bmov1alpha1.CustomDeploy{Method: "x"}
	host.Spec.BMC = bmov1alpha1.BMCDetails{Address: "redfish://x", CredentialsName: "secret"}
	host.Status.PoweredOn = true
	host.Status.ErrorMessage, host.Status.HardwareDetails = "no answer", &bmov1alpha1.HardwareDetails{}
	kept, err := Trim(host)
	g.Expect(err).NotTo(HaveOccurred())
	want := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
	want.Spec = bmov1alpha1.BareMetalHostSpec{
		Online: true, ExternallyProvisioned: true,
		Image: &bmov1alpha1.Image{}, CustomDeploy: &bmov1alpha1.CustomDeploy{},
	}
	want.Spec.BMC.Address = "redfish://x"
	want.Status.ErrorMessage, want.Status.PoweredOn = "no answer", true
	g.Expect(kept).To(Equal(want))
}
