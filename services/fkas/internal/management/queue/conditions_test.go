package queue_test

import (
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestAQueuedClusterIsReleasedWhenEnoughOfItsHostsAreReady(t *testing.T) {
	deleting := func(h *bmov1alpha1.BareMetalHost) {
		now := metav1.Now()
		h.DeletionTimestamp, h.Finalizers = &now, []string{"baremetalhost.metal3.io"}
	}
	claimed := func(h *bmov1alpha1.BareMetalHost) {
		h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "HostClaim", Name: "claim"}
	}
	foreign := func(h *bmov1alpha1.BareMetalHost) {
		h.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", Namespace: "elsewhere", Name: "m-m3m"}
	}
	first := lab.NewHost("h1", "c", available)
	second := func(state bmov1alpha1.ProvisioningState, change ...func(*bmov1alpha1.BareMetalHost)) []client.Object {
		return []client.Object{lab.NewHost("h2", "c", state, change...)}
	}
	for name, row := range map[string]struct {
		others   []client.Object
		released bool
	}{
		"the second host is available": {second(available), true},
		"the second host is ready":     {second(bmov1alpha1.StateReady), true},
		"a third host is being inspected": {
			append(second(available), lab.NewHost("h3", "c", inspecting)), true},
		"a machine of the cluster has the second host":         {consumed("c", "h2", "c", provisioned), true},
		"the second host is being provisioned for the cluster": {consumed("c", "h2", "c", provisioning), true},
		"there is one host only":                               {nil, false},
		"the second host is being inspected":                   {second(inspecting), false},
		"the second host is being deprovisioned":               {second(bmov1alpha1.StateDeprovisioning), false},
		"the second host is being deleted":                     {second(available, deleting), false},
		"the second host is in another namespace":              {second(available, inAnotherNamespace), false},
		"the second host is assigned to another cluster":       {[]client.Object{lab.NewHost("h2", "d", available)}, false},
		"another cluster's machine has the second host":        {consumed("d", "h2", "c", provisioned), false},
		"a HostClaim has the second host":                      {second(available, claimed), false},
		"a machine of the same name elsewhere has the second host": {
			append(second(provisioned, foreign), lab.NewMachine("c", "m", true, provisioned)[:2]...), false},
		"the machine of the second host is gone": {consumed("c", "h2", "c", provisioned)[2:], false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			objects := []client.Object{queuedCluster("2", time.Hour), first.DeepCopy()}
			for _, object := range row.others {
				objects = append(objects, object.DeepCopyObject().(client.Object))
			}
			l := lab.New(t, objects...)
			release, err := releaseCluster(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(release).To(Equal(queue.ClusterRelease{Released: row.released}), "changes of hosts cause events")
			if !row.released {
				g.Expect(annotations(l)).To(HaveLen(3))
				return
			}
			g.Expect(annotations(l)).To(beReleased())
			release, err = releaseCluster(l)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(release.Released).To(BeFalse(), "a Cluster is released once")
		})
	}
}
