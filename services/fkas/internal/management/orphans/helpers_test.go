package orphans_test

import (
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management/orphans"
	"metal3-scale-lab/fkas/internal/testkit/lab"
)

// The grace of these tests, and ages on either side of it.
const (
	grace = 30 * time.Second
	young = 10 * time.Second
	old   = time.Minute
)

// orphan is a Machine of that age which KCP leaves behind in cluster c when its cache is late.
func orphan(name string, age time.Duration, change ...func(*clusterv1.Machine)) *clusterv1.Machine {
	machine := lab.NewMachine("c", name, true, bmov1alpha1.StateProvisioning)[0].(*clusterv1.Machine)
	machine.CreationTimestamp = lab.Ago(age)
	machine.Annotations = map[string]string{controlplanev1.PreTerminateHookCleanupAnnotation: ""}
	machine.Finalizers = []string{clusterv1.MachineFinalizer}
	ownedBy(controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))(machine)
	machine.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{
		APIGroup: bootstrapv1.GroupVersion.Group, Kind: "KubeadmConfig", Name: name,
	}
	for _, f := range change {
		f(machine)
	}
	return machine
}

func ownedBy(kind schema.GroupVersionKind) func(*clusterv1.Machine) {
	owner := metav1.NewControllerRef(&metav1.ObjectMeta{Name: "owner", UID: "uid-owner"}, kind)
	return func(m *clusterv1.Machine) { m.OwnerReferences = []metav1.OwnerReference{*owner} }
}

// with is cluster c, changed by change unless that is nil, and the other objects.
func with(change func(*clusterv1.Cluster), others ...client.Object) []client.Object {
	objects := lab.NewCluster("c", 20000)
	if change != nil {
		change(objects[0].(*clusterv1.Cluster))
	}
	return append(objects, others...)
}

// repair repairs cluster c.
func repair(l *lab.Lab) (orphans.Result, error) {
	repairer := orphans.Repairer{Cache: l.Cached, Direct: l.DirectClient, Grace: grace}
	return repairer.Repair(l.Ctx, lab.Key("c"))
}

// machine returns a Machine, and nil when it is gone.
func machine(l *lab.Lab, name string) *clusterv1.Machine {
	l.T.Helper()
	found := &clusterv1.Machine{}
	if err := l.Management.Get(l.Ctx, lab.Key(name), found); apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		l.T.Fatal(err)
	}
	return found
}

// isDeleted says whether the deletion of a Machine has begun.
func isDeleted(t *testing.T, l *lab.Lab, name string) bool {
	t.Helper()
	found := machine(l, name)
	if found == nil {
		t.Fatalf("Machine %s is gone, though it has a finalizer", name)
	}
	return !found.DeletionTimestamp.IsZero()
}
