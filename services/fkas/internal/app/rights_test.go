package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"metal3-scale-lab/fkas/internal/access"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/testkit"
)

// user is the configuration of a user that has the rights that FKAS declares for its options, and no others.
func (m *managementCluster) user(t *testing.T, o *options.Options) *rest.Config {
	t.Helper()
	rules, err := access.Rules(o)
	if err != nil {
		t.Fatal(err)
	}
	name := "fkas-" + o.Index
	everywhere := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}}
	registrations := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: o.RegistrationsNamespace, Name: name}}
	for _, rule := range rules {
		policy := rbacv1.PolicyRule{
			APIGroups: []string{rule.APIGroup}, Resources: []string{rule.Resource}, Verbs: rule.Verbs,
		}
		if rule.Scope == access.ClusterScope {
			everywhere.Rules = append(everywhere.Rules, policy)
		} else {
			registrations.Rules = append(registrations.Rules, policy)
		}
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}}
	admin, err := kubernetes.NewForConfig(m.Config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, rbac := testkit.Context(t), admin.RbacV1()
	_, errRole := rbac.ClusterRoles().Create(ctx, everywhere, metav1.CreateOptions{})
	_, errBinding := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}, metav1.CreateOptions{})
	_, errNamespaced := rbac.Roles(o.RegistrationsNamespace).Create(ctx, registrations, metav1.CreateOptions{})
	_, errNamespacedBinding := rbac.RoleBindings(o.RegistrationsNamespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}, metav1.CreateOptions{})
	for _, err := range []error{errRole, errBinding, errNamespaced, errNamespacedBinding} {
		// A second process of the same index has the same rights.
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	user, err := m.environment.AddUser(envtest.User{Name: name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return user.Config()
}

// TestTheFlagsWorkWithTheRightsThatTheyDeclare covers the two rights that only these flags need: to watch Secrets, and
// to patch BareMetalHosts.
func TestTheFlagsWorkWithTheRightsThatTheyDeclare(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	cluster := newCluster("c", "0", testkit.FreePort(t))
	g.Expect(c.Create(ctx, cluster)).To(Succeed())
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "queued", Annotations: map[string]string{management.QueuedAnnotation: ""},
	}}
	g.Expect(c.Create(ctx, host)).To(Succeed())
	start(t, kube, "--index=0", "--precreate-secrets=false", "--hosts-at-once=1")
	testkit.Eventually(t, "the release of the host", func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(host), host); err != nil {
			return err
		}
		if management.HostQueued(host) {
			return errors.New("it is still queued")
		}
		return nil
	})

	// The test plays KCP, which creates the authorities.
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	for _, certificate := range certificates {
		certificate.KeyEncryptionAlgorithm = bootstrapv1.EncryptionAlgorithmECDSAP256
	}
	key := client.ObjectKeyFromObject(cluster)
	g.Expect(certificates.LookupOrGenerate(ctx, c, key, metav1.OwnerReference{
		APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: "uid",
	})).To(Succeed())
	testkit.Eventually(t, "the cluster to be served", func() error {
		return listens(cluster.Spec.ControlPlaneEndpoint.Port)
	})
}

// listens is an error where nothing listens at a port of this machine.
func listens(port int32) error {
	connection, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	return connection.Close()
}

// TestAClusterOfAUserIsServedOnceAServiceOpensItsPort covers the way from a Service to its address, from each of the
// watches to the label and to an Event, and from the label to the FKAS that serves the Cluster.
func TestAClusterOfAUserIsServedOnceAServiceOpensItsPort(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	open := func(name string, port int32) {
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: name, Labels: map[string]string{management.IndexLabel: "0"},
		}}
		class := management.NodeAddressClass
		service.Spec.Type, service.Spec.LoadBalancerClass = corev1.ServiceTypeLoadBalancer, &class
		service.Spec.Ports = []corev1.ServicePort{{Port: port}}
		g.Expect(c.Create(ctx, service)).To(Succeed())
	}
	open("fkas-0-0", testkit.FreePort(t))
	own := newCluster("own", "", testkit.FreePort(t))
	own.Labels, own.Spec.ControlPlaneEndpoint.Host = nil, "192.0.2.1"
	own.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: infrav1.GroupName, Kind: management.Metal3ClusterKind, Name: "own",
	}
	g.Expect(c.Create(ctx, own)).To(Succeed())
	start(t, kube, "--index=0", "--assign-hosts", "--service-address=192.0.2.1")
	testkit.Eventually(t, "the Event that no Service opens the port", func() error {
		var events corev1.EventList
		if err := c.List(ctx, &events); err != nil {
			return err
		}
		for _, each := range events.Items {
			if each.InvolvedObject.UID == own.UID && each.Reason == "NotServed" {
				return nil
			}
		}
		return fmt.Errorf("there are %d Events", len(events.Items))
	})
	open("fkas-0-1", own.Spec.ControlPlaneEndpoint.Port)
	testkit.Eventually(t, "the cluster to be served", func() error {
		return listens(own.Spec.ControlPlaneEndpoint.Port)
	})
}

// TestHostsAreAssignedToTheClustersOfEveryInstance covers the way from each of the watches to the label.
func TestHostsAreAssignedToTheClustersOfEveryInstance(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"host-0", "host-1"} {
		host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
		host.Spec.Online = true
		g.Expect(c.Create(ctx, host)).To(Succeed())
	}
	assigned := func(host, cluster string) {
		t.Helper()
		testkit.Eventually(t, host+" to be assigned to "+cluster, func() error {
			var found bmov1alpha1.BareMetalHost
			if err := c.Get(ctx, client.ObjectKey{Namespace: "default", Name: host}, &found); err != nil {
				return err
			}
			if got := found.Labels[management.HostClusterLabel]; got != cluster {
				return fmt.Errorf("it is assigned to %q", got)
			}
			return nil
		})
	}
	start(t, kube, "--index=0", "--assign-hosts")

	other := newCluster("c", "1", testkit.FreePort(t))
	other.Spec.Topology.ClassRef.Name, other.Spec.Topology.Version = "class", "v1.35.4"
	one := int32(1)
	other.Spec.Topology.ControlPlane.Replicas = &one
	g.Expect(c.Create(ctx, other)).To(Succeed())
	assigned("host-0", "c")
	for _, name := range []string{"first", "second"} {
		_, machine, _ := newMachine("c", name)
		g.Expect(c.Create(ctx, machine)).To(Succeed())
	}
	assigned("host-1", "c")
	g.Expect(c.Delete(ctx, other)).To(Succeed())
	assigned("host-0", "")
	assigned("host-1", "")
}
