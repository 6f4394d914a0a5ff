package store

import (
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Most fake clusters run no controllers. What a client waits for after a write is done here, at once and without a
// goroutine: deleted pods end, namespaces are emptied, dependents go with their owner, a namespace has its
// ServiceAccount, a Node its Lease, and the definition of a resource is established. Package lifecycle looks after
// workloads.

var (
	configMapKind      = corev1.SchemeGroupVersion.WithKind("ConfigMap")
	namespaceKind      = corev1.SchemeGroupVersion.WithKind("Namespace")
	podKind            = corev1.SchemeGroupVersion.WithKind("Pod")
	serviceKind        = corev1.SchemeGroupVersion.WithKind("Service")
	endpointsKind      = corev1.SchemeGroupVersion.WithKind("Endpoints")
	nodeKind           = corev1.SchemeGroupVersion.WithKind("Node")
	leaseKind          = coordinationv1.SchemeGroupVersion.WithKind("Lease")
	serviceAccountKind = corev1.SchemeGroupVersion.WithKind("ServiceAccount")
	definitionKind     = apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")
)

// settle does what follows from the write of an object. old is nil if it was created, next is nil if it was deleted.
func (c *Cluster) settle(gvk schema.GroupVersionKind, key types.NamespacedName, old, next client.Object) {
	switch {
	case next == nil:
		c.collect(old.GetUID())
		switch gvk {
		case nodeKind:
			c.emptyNode(key.Name)
		case serviceKind:
			c.remove(endpointsKind, key)
		}
		c.finish(key.Namespace)
	case next.GetDeletionTimestamp() != nil:
		c.terminate(gvk, key, next)
	case old == nil && c.ownerIsGone(next):
		c.remove(gvk, key)
	case old == nil && gvk == namespaceKind:
		c.create(serviceAccountKind, &corev1.ServiceAccount{
			ObjectMeta: metav1.ObjectMeta{Namespace: key.Name, Name: "default"},
		})
		c.publishAuthority(key.Name)
	case old == nil && gvk == nodeKind:
		c.create(leaseKind, leaseOf(next))
	case gvk == definitionKind:
		c.establish(key, next)
	}
}

// terminate brings the deletion of an object to its end.
func (c *Cluster) terminate(gvk schema.GroupVersionKind, key types.NamespacedName, obj client.Object) {
	for finalizer, act := range map[string]func(types.UID){
		metav1.FinalizerOrphanDependents: c.orphan, metav1.FinalizerDeleteDependents: c.collect,
		apiextensionsv1.CustomResourceCleanupFinalizer: func(types.UID) { c.removeCustom(obj) },
	} {
		if slices.Contains(obj.GetFinalizers(), finalizer) {
			act(obj.GetUID())
			c.change(gvk, key, func(next client.Object) {
				next.SetFinalizers(slices.DeleteFunc(next.GetFinalizers(), func(f string) bool { return f == finalizer }))
			})
			// The change has come here again.
			return
		}
	}
	switch {
	case gvk == namespaceKind:
		for _, kind := range c.kinds() {
			for _, content := range c.namespaced(kind, key.Name) {
				c.remove(kind, content)
			}
		}
		c.finish(key.Name)
	case len(obj.GetFinalizers()) == 0:
		// An API server deletes such an object itself, except for a pod that a kubelet has to stop.
		c.remove(gvk, key)
	}
}

// finish deletes a namespace that is terminating and empty.
func (c *Cluster) finish(namespace string) {
	key := types.NamespacedName{Name: namespace}
	ns, ok := c.Get(namespaceKind, key)
	if !ok || ns.GetDeletionTimestamp() == nil || len(ns.GetFinalizers()) > 0 {
		return
	}
	for _, kind := range c.kinds() {
		if len(c.namespaced(kind, namespace)) > 0 {
			return
		}
	}
	c.remove(namespaceKind, key)
}

func (c *Cluster) namespaced(kind schema.GroupVersionKind, namespace string) []types.NamespacedName {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var found []types.NamespacedName
	for key := range c.objects[kind] {
		if namespace != "" && key.Namespace == namespace {
			found = append(found, key)
		}
	}
	return found
}

// SetAuthority says which certificate authority, as PEM, the pods of the cluster are to trust.
func (c *Cluster) SetAuthority(pem string) {
	c.mu.Lock()
	c.authority = pem
	c.mu.Unlock()
	namespaces, _ := c.List(namespaceKind, "")
	for _, ns := range namespaces {
		c.publishAuthority(ns.GetName())
	}
}

// publishAuthority makes the ConfigMap by which a namespace has the authority say the present one.
func (c *Cluster) publishAuthority(namespace string) {
	c.mu.RLock()
	pem := c.authority
	c.mu.RUnlock()
	if pem == "" {
		return
	}
	key := types.NamespacedName{Namespace: namespace, Name: "kube-root-ca.crt"}
	wanted := map[string]string{"ca.crt": pem}
	c.create(configMapKind, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Data: wanted,
	})
	if found, ok := c.Get(configMapKind, key); ok && found.(*corev1.ConfigMap).Data["ca.crt"] != pem {
		c.change(configMapKind, key, func(next client.Object) { next.(*corev1.ConfigMap).Data = wanted })
	}
}

// leaseOf is the Lease of a Node. A kubelet renews it every 10 s; here it is renewed when it is read: see package
// apiserver.
func leaseOf(node client.Object) *coordinationv1.Lease {
	name, seconds, now := node.GetName(), int32(40), metav1.NowMicro()
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: corev1.NamespaceNodeLease,
			Name:      name,
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Node", Name: name, UID: node.GetUID()},
			},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now},
	}
}

// create stores an object that is not there yet.
func (c *Cluster) create(gvk schema.GroupVersionKind, obj client.Object) {
	obj.SetUID(uuid.NewUUID())
	obj.SetCreationTimestamp(metav1.Now())
	// There is nothing to do if it is there already.
	_, _ = c.Commit(gvk, client.ObjectKeyFromObject(obj), nil, obj)
}

// change writes an object, unless it is gone.
func (c *Cluster) change(gvk schema.GroupVersionKind, key types.NamespacedName, mutate func(client.Object)) {
	for {
		current, ok := c.Get(gvk, key)
		if !ok {
			return
		}
		next := current.DeepCopyObject().(client.Object)
		mutate(next)
		if _, err := c.Commit(gvk, key, current, next); err == nil {
			return
		}
	}
}

// remove deletes an object, or marks it if it has finalizers. It returns false if there is none.
func (c *Cluster) remove(gvk schema.GroupVersionKind, key types.NamespacedName) bool {
	for {
		current, ok := c.Get(gvk, key)
		if !ok {
			return false
		}
		var next client.Object
		if len(current.GetFinalizers()) > 0 {
			if current.GetDeletionTimestamp() != nil {
				return true
			}
			now := metav1.Now()
			next = current.DeepCopyObject().(client.Object)
			next.SetDeletionTimestamp(&now)
		}
		if _, err := c.Commit(gvk, key, current, next); err == nil {
			return true
		}
	}
}

func labelSet(obj client.Object) labels.Set { return obj.GetLabels() }
