package app

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/testkit"
)

func TestAProvisionedHostBecomesANode(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	portA, portB := testkit.FreePort(t), testkit.FreePort(t)
	a := newCluster("a", "0", portA)
	g.Expect(c.Create(ctx, a)).To(Succeed())
	g.Expect(c.Create(ctx, newCluster("b", "1", portB))).To(Succeed())

	// Two FKAS share the clusters by label.
	first, second := start(t, kube, "--index=0"), start(t, kube, "--index=1")
	testkit.Eventually(t, "both to be ready", func() error {
		if first.status("/readyz") != 200 || second.status("/readyz") != 200 {
			return fmt.Errorf("%d %d", first.status("/readyz"), second.status("/readyz"))
		}
		return nil
	})
	for _, name := range []string{"a", "b"} {
		nodes, err := nodesOf(ctx, c, name)
		g.Expect(err).NotTo(HaveOccurred(), "ready means served")
		g.Expect(nodes).To(BeEmpty())
	}

	machine, m3m, host := newMachine("a", "cp")
	for _, obj := range []client.Object{machine, m3m, host} {
		g.Expect(c.Create(ctx, obj)).To(Succeed())
	}
	host.Status.Provisioning.State = bmov1alpha1.StateProvisioned
	host.Status.OperationalStatus, host.Status.ErrorCount = bmov1alpha1.OperationalStatusOK, 0
	g.Expect(c.Status().Update(ctx, host)).To(Succeed())
	since := time.Now()
	expectNodes := func(want ...string) {
		t.Helper()
		testkit.Eventually(t, "the nodes", func() error {
			nodes, err := nodesOf(ctx, c, "a")
			if err != nil || fmt.Sprint(nodes) != fmt.Sprint(want) {
				return fmt.Errorf("%v (%v)", nodes, err)
			}
			return nil
		})
	}
	expectNodes("cp")
	t.Logf("node %v after the host was provisioned", time.Since(since))
	testkit.Eventually(t, "the trigger", func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(m3m), m3m); err != nil {
			return err
		}
		if m3m.Annotations[management.NodeCreatedAnnotation] != string(host.UID) {
			return fmt.Errorf("%v", m3m.Annotations)
		}
		return nil
	})

	// A new process has everything again, without anybody's help.
	first.stop()
	again := start(t, kube, "--index=0")
	testkit.Eventually(t, "the new process to be ready", func() error {
		if code := again.status("/readyz"); code != 200 {
			return fmt.Errorf("%d", code)
		}
		return nil
	})
	expectNodes("cp")

	before := runtime.NumGoroutine()
	for _, obj := range []client.Object{machine, m3m, host, a} {
		g.Expect(c.Delete(ctx, obj)).To(Succeed())
	}
	testkit.Eventually(t, "the cluster to be gone", func() error {
		if _, err := nodesOf(ctx, c, "a"); err == nil || !strings.Contains(err.Error(), "connection refused") {
			return fmt.Errorf("%v", err)
		}
		return nil
	})
	testkit.NoMoreGoroutines(t, before)
}

func TestAnOrphanIsDeletedWhenItsGraceEnds(t *testing.T) {
	kube := startManagementCluster(t)
	g, ctx := NewWithT(t), context.Background()
	c, err := client.New(kube.Config, client.Options{Scheme: management.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Create(ctx, newCluster("c", "0", testkit.FreePort(t)))).To(Succeed())
	made := func(name string, m3m, config bool) *clusterv1.Machine {
		machine, infra, _ := newMachine("c", name)
		machine.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
			&metav1.ObjectMeta{Name: "kcp", UID: "uid-kcp"}, controlplanev1.GroupVersion.WithKind("KubeadmControlPlane"))}
		machine.Spec.Bootstrap.DataSecretName = nil
		machine.Spec.Bootstrap.ConfigRef = clusterv1.ContractVersionedObjectReference{
			APIGroup: bootstrapv1.GroupVersion.Group,
			Kind:     "KubeadmConfig",
			Name:     name,
		}
		if m3m {
			g.Expect(c.Create(ctx, infra)).To(Succeed())
		}
		if config {
			g.Expect(c.Create(ctx, &bootstrapv1.KubeadmConfig{ObjectMeta: machine.ObjectMeta})).To(Succeed())
		}
		g.Expect(c.Create(ctx, machine)).To(Succeed())
		return machine
	}
	others := []*clusterv1.Machine{made("whole", true, true), made("half", false, true)}
	orphan := made("orphan", false, false)
	since := time.Now()
	start(t, kube, "--orphan-grace=15s")
	gone := func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(orphan), &clusterv1.Machine{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the orphan is still there (%v)", err)
		}
		return nil
	}
	// Past the first look, before the grace ends: nothing but its end can make FKAS look again.
	time.Sleep(time.Until(since.Add(10 * time.Second)))
	g.Expect(gone()).NotTo(Succeed())
	testkit.Eventually(t, "the orphan's deletion", gone)
	t.Logf("deleted %v after it was made", time.Since(since))
	for _, other := range others {
		g.Expect(c.Get(ctx, client.ObjectKeyFromObject(other), other)).To(Succeed())
		g.Expect(other.DeletionTimestamp.IsZero()).To(BeTrue(), other.Name)
	}
}
