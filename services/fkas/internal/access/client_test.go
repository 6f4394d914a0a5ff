package access_test

import (
	"context"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"metal3-scale-lab/fkas/internal/access"
	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/addresses"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/management/routing"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/testkit"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

func TestTheGuardRefusesWhatTheRulesDoNotGrant(t *testing.T) {
	ctx := context.Background()
	configMap := func(namespace string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "x"}}
	}
	machine := func() *clusterv1.Machine {
		return &clusterv1.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "m"}}
	}
	config := &metav1.PartialObjectMetadata{}
	config.SetGroupVersionKind(bootstrapv1.GroupVersion.WithKind("KubeadmConfig"))
	key := client.ObjectKey{Namespace: "ns", Name: "m"}
	for name, row := range map[string]struct {
		options options.Options
		send    func(cached, direct client.Client) error
		refused string
	}{
		"A cached read needs list and watch only": {nothing, func(cached, _ client.Client) error {
			return client.IgnoreNotFound(cached.Get(ctx, key, machine()))
		}, ""},
		"A read past the cache needs get": {nothing, func(_, direct client.Client) error {
			return direct.Get(ctx, key, machine())
		}, `get machines.cluster.x-k8s.io in namespace "ns"`},
		"A read of metadata is a read of the kind": {nothing, func(_, direct client.Client) error {
			return direct.Get(ctx, key, config)
		}, `get kubeadmconfigs.bootstrap.cluster.x-k8s.io in namespace "ns"`},
		"Secrets are not cached": {nothing, func(cached, _ client.Client) error {
			return cached.List(ctx, &corev1.SecretList{})
		}, `list secrets in namespace ""`},
		"A deletion needs delete": {nothing, func(_, direct client.Client) error {
			return direct.Delete(ctx, machine())
		}, `delete machines.cluster.x-k8s.io in namespace "ns"`},
		"A write of a status is granted to nobody": {everything, func(_, direct client.Client) error {
			return direct.Status().Patch(ctx, machine(), client.RawPatch("x", nil))
		}, `patch machines/status.cluster.x-k8s.io in namespace "ns"`},
		"A rule of the Role holds in its namespace": {nothing, func(_, direct client.Client) error {
			return direct.Create(ctx, configMap("fkas"))
		}, ""},
		"A rule of the Role does not hold elsewhere": {nothing, func(_, direct client.Client) error {
			return direct.Create(ctx, configMap("ns"))
		}, `create configmaps in namespace "ns"`},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			refused := ""
			guard := &access.Guard{
				Rules: rules(t, row.options), RegistrationsNamespace: "fkas",
				Refused: func(request string) { refused += request },
			}
			c := fake.NewClientBuilder().WithScheme(management.Scheme()).Build()
			err := row.send(guard.Cached(c), guard.Direct(c))
			g.Expect(apierrors.IsForbidden(err)).To(Equal(row.refused != ""), "%v", err)
			g.Expect(refused).To(Equal(row.refused))
		})
	}
}

// TestEveryGrantedRequestIsSent plays a lab in which FKAS does everything that it can do, and so shows that no rule
// grants more than FKAS needs.
func TestEveryGrantedRequestIsSent(t *testing.T) {
	g := NewWithT(t)
	orphan := lab.NewMachine("c", "orphan", true, bmov1alpha1.StateNone)[0].(*clusterv1.Machine)
	orphan.CreationTimestamp = lab.Ago(time.Hour)
	orphan.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "kcp", UID: "uid-kcp"}, controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))}
	orphan.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: bootstrapv1.GroupVersion.Group, Kind: "KubeadmConfig", Name: "orphan",
	}
	hooked := orphan.DeepCopy()
	hooked.Name, hooked.UID = "hooked", "uid-hooked"
	hooked.Annotations = map[string]string{controlplanev1.PreTerminateHookCleanupAnnotation: ""}
	hooked.DeletionTimestamp, hooked.Finalizers = &hooked.CreationTimestamp, []string{clusterv1.MachineFinalizer}
	hooked.Status.Conditions = []metav1.Condition{{
		Type: clusterv1.MachineDeletingCondition, Status: metav1.ConditionTrue,
		Reason: clusterv1.MachineDeletingWaitingForPreTerminateHookReason,
	}}
	objects := append(
		lab.NewCluster("c", testkit.FreePort(t)),
		orphan,
		hooked,
		lab.NewHost("free", "c", bmov1alpha1.StateAvailable),
		lab.NewHost("queued", "c", "", lab.Queued),
	)
	cluster := objects[0].(*clusterv1.Cluster)
	cluster.Annotations = map[string]string{clusterv1.PausedAnnotation: "", management.QueuedAnnotation: "1"}
	objects = append(objects, lab.NewMachine("c", "cp", true, bmov1alpha1.StateProvisioned)...)
	l := lab.New(t, objects...)

	// The first run releases the Cluster and gives it a Node. Only a Cluster that is not paused has its orphans
	// deleted.
	_, err := l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = l.ReconcileCluster("c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(l.Nodes("c")).To(ConsistOf("cp"))
	hosts := queue.HostQueue{Client: l.Cached, Clusters: l.Cached, Limit: 5}
	_, err = hosts.Release(l.Ctx)
	g.Expect(err).NotTo(HaveOccurred())

	// A cluster is registered over HTTP, gets a node and is removed.
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	g.Expect(certificates.LookupOrGenerate(l.Ctx, l.Management, lab.Key("r"), metav1.OwnerReference{})).To(Succeed())
	port := testkit.FreePort(t)
	_, _, err = l.Register(l.Ctx, lab.Key("r"), controller.PortRange{First: port, Last: port})
	g.Expect(err).NotTo(HaveOccurred())
	labels := map[string]string{clusterv1.MachineControlPlaneLabel: ""}
	node := registry.Node{UUID: "uid", Version: "v1.35.4", Labels: labels}
	g.Expect(l.UpdateNode(l.Ctx, lab.Key("r"), "n", node)).To(Succeed())
	g.Expect(l.Unregister(l.Ctx, lab.Key("r"))).To(Succeed())

	// A Cluster that its user made is given the FKAS of its port.
	router := routing.Router{Client: l.Cached, Clusters: l.Management}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.Namespace, Name: "fkas-0-0", Labels: map[string]string{management.IndexLabel: "0"},
	}}
	service.Spec.ClusterIP, service.Spec.Ports = "127.0.0.1", []corev1.ServicePort{{Port: 20000}}
	g.Expect(l.Management.Create(l.Ctx, service)).To(Succeed())
	l.Create(lab.NewCluster("own", 20000)...)
	_, err = router.Route(l.Ctx, lab.Key("own"))
	g.Expect(err).NotTo(HaveOccurred())

	// A Service of its own, in the namespace of FKAS, gets the address of a node.
	class := management.NodeAddressClass
	asking := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "fkas", Name: "asking"}}
	asking.Spec.Type, asking.Spec.LoadBalancerClass = corev1.ServiceTypeLoadBalancer, &class
	g.Expect(l.Management.Create(l.Ctx, asking)).To(Succeed())
	publisher := addresses.Publisher{Client: l.Cached, Address: "192.0.2.1"}
	g.Expect(publisher.Publish(l.Ctx, client.ObjectKeyFromObject(asking))).To(Succeed())

	g.Expect(l.Guard.Unused()).To(BeEmpty())
}
