package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

var (
	ctx         = context.Background()
	configMaps  = corev1.SchemeGroupVersion.WithKind("ConfigMap")
	namespaces  = corev1.SchemeGroupVersion.WithKind("Namespace")
	accountKind = corev1.SchemeGroupVersion.WithKind("ServiceAccount")
)

func newCluster(t *testing.T) (*store.Cluster, inmemoryclient.Client) {
	t.Helper()
	s := store.New(clientgoscheme.Scheme)
	s.AddResourceGroup("c")
	return s.Cluster("c"), s.GetResourceGroup("c").GetClient()
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
}

func TestAWriteOfAnOldVersionIsAConflict(t *testing.T) {
	g := NewWithT(t)
	_, c := newCluster(t)
	obj := configMap("a")
	g.Expect(c.Create(ctx, obj)).To(Succeed())
	g.Expect(obj.UID).NotTo(BeEmpty())
	g.Expect(apierrors.IsAlreadyExists(c.Create(ctx, configMap("a")))).To(BeTrue())

	first, second := obj.DeepCopy(), obj.DeepCopy()
	first.Data = map[string]string{"k": "first"}
	g.Expect(c.Update(ctx, first)).To(Succeed())
	second.Data = map[string]string{"k": "second"}
	g.Expect(apierrors.IsConflict(c.Update(ctx, second))).To(BeTrue())
	// What the caller does with its object later does not reach the store.
	first.Data["k"] = "later"
	g.Expect(c.Get(ctx, client.ObjectKeyFromObject(obj), obj)).To(Succeed())
	g.Expect(obj.Data).To(Equal(map[string]string{"k": "first"}))
	g.Expect(obj.UID).To(Equal(second.UID))

	changed := obj.DeepCopy()
	changed.Labels = map[string]string{"l": "x"}
	g.Expect(c.Patch(ctx, changed, client.MergeFrom(obj))).To(Succeed())
	g.Expect(changed.Data).To(HaveKeyWithValue("k", "first"))
	version := changed.ResourceVersion
	g.Expect(c.Update(ctx, changed)).To(Succeed())
	g.Expect(changed.ResourceVersion).To(Equal(version), "a write that changes nothing is none")
}

func TestAWatchBeginsWhereItIsTold(t *testing.T) {
	g := NewWithT(t)
	cluster, c := newCluster(t)
	begin := cluster.Revision()
	for i := range 70 {
		g.Expect(c.Create(ctx, configMap(fmt.Sprint("c", i)))).To(Succeed())
	}
	_, ok := cluster.WatchFrom(configMaps, begin)
	g.Expect(ok).To(BeFalse(), "writes that are no longer remembered")
	_, ok = cluster.WatchFrom(configMaps, cluster.Revision()+1)
	g.Expect(ok).To(BeFalse(), "a version of another process")
	w, ok := cluster.WatchFrom(configMaps, begin+68)
	g.Expect(ok).To(BeTrue())
	g.Expect((<-w.Events).New.GetName()).To(Equal("c68"))
	g.Expect((<-w.Events).New.GetName()).To(Equal("c69"))
	g.Expect(c.Delete(ctx, configMap("c69"))).To(Succeed())
	event := <-w.Events
	g.Expect(event.New).To(BeNil())
	g.Expect(event.Old.GetName()).To(Equal("c69"))
	g.Expect(event.Written.GetResourceVersion()).To(Equal(fmt.Sprint(event.Revision)))
	w.Stop()
	w.Stop()
	_, open := <-w.Events
	g.Expect(open).To(BeFalse())
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	g := NewWithT(t)
	cluster, c := newCluster(t)
	_, slow := cluster.WatchAll(configMaps, "")
	obj := configMap("a")
	g.Expect(c.Create(ctx, obj)).To(Succeed())
	begin := time.Now()
	for i := range 1000 {
		obj.Data = map[string]string{"i": fmt.Sprint(i)}
		g.Expect(c.Update(ctx, obj)).To(Succeed())
	}
	g.Expect(time.Since(begin)).To(BeNumerically("<", 10*time.Second), "writers do not wait")
	events := 0
	for range slow.Events {
		events++
	}
	g.Expect(events).To(BeNumerically("<", 200), "and the rest is not kept")
}

func TestWhatControllersWouldDoIsDone(t *testing.T) {
	g := NewWithT(t)
	cluster, c := newCluster(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
	g.Expect(c.Create(ctx, ns)).To(Succeed())
	accounts, _ := cluster.List(accountKind, "n")
	g.Expect(accounts).To(HaveLen(1))
	g.Expect(accounts[0].GetName()).To(Equal("default"))

	in := func(name string, owners ...metav1.Object) *corev1.ConfigMap {
		obj := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
		for _, owner := range owners {
			obj.OwnerReferences = append(obj.OwnerReferences, metav1.OwnerReference{
				APIVersion: "v1", Kind: "ConfigMap", Name: owner.GetName(), UID: owner.GetUID(),
			})
		}
		return obj
	}
	owner, other := in("owner"), in("other")
	g.Expect(c.Create(ctx, owner)).To(Succeed())
	g.Expect(c.Create(ctx, other)).To(Succeed())
	g.Expect(c.Create(ctx, in("child", owner))).To(Succeed())
	g.Expect(c.Create(ctx, in("shared", owner, other))).To(Succeed())
	held := in("held")
	held.Finalizers = []string{"example.com/hold"}
	g.Expect(c.Create(ctx, held)).To(Succeed())
	names := func() []string {
		found, _ := cluster.List(configMaps, "n")
		var names []string
		for _, obj := range found {
			names = append(names, obj.GetName())
		}
		return names
	}
	g.Expect(c.Delete(ctx, owner)).To(Succeed())
	g.Expect(names()).To(Equal([]string{"held", "other", "shared"}))

	// A namespace is gone when its last object is.
	g.Expect(c.Get(ctx, client.ObjectKeyFromObject(ns), ns)).To(Succeed())
	ns.Finalizers = []string{"example.com/wait"}
	g.Expect(c.Update(ctx, ns)).To(Succeed())
	g.Expect(c.Delete(ctx, ns)).To(Succeed())
	g.Expect(names()).To(Equal([]string{"held"}))
	g.Expect(c.Get(ctx, client.ObjectKeyFromObject(ns), ns)).To(Succeed())
	ns.Finalizers = nil
	g.Expect(c.Update(ctx, ns)).To(Succeed())
	_, ok := cluster.Get(namespaces, client.ObjectKeyFromObject(ns))
	g.Expect(ok).To(BeTrue(), "there is an object in it")
	g.Expect(c.Get(ctx, client.ObjectKeyFromObject(held), held)).To(Succeed())
	held.Finalizers = nil
	g.Expect(c.Update(ctx, held)).To(Succeed())
	_, ok = cluster.Get(namespaces, client.ObjectKeyFromObject(ns))
	g.Expect(ok).To(BeFalse())
}
