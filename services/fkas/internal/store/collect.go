package store

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// dependent is an object with an owner.
type dependent struct {
	gvk schema.GroupVersionKind
	key types.NamespacedName
}

func (c *Cluster) dependents(owner types.UID) []dependent {
	if owner == "" {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var found []dependent
	for gvk, objects := range c.objects {
		for key, obj := range objects {
			if slices.ContainsFunc(obj.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == owner }) {
				found = append(found, dependent{gvk, key})
			}
		}
	}
	return found
}

// collect deletes the objects that only an owner which is gone holds.
func (c *Cluster) collect(owner types.UID) {
	for _, d := range c.dependents(owner) {
		obj, ok := c.Get(d.gvk, d.key)
		switch {
		case !ok:
		case len(obj.GetOwnerReferences()) == 1:
			c.remove(d.gvk, d.key)
		default:
			c.disown(d, owner)
		}
	}
}

// ownerIsGone says whether the controller of an object, of a kind that Kubernetes itself has, was deleted before the
// object was created: a controller that does not know it yet goes on creating.
func (c *Cluster) ownerIsGone(obj client.Object) bool {
	reference := metav1.GetControllerOfNoCopy(obj)
	if reference == nil || (!strings.HasPrefix(reference.APIVersion, "apps/") &&
		!strings.HasPrefix(reference.APIVersion, "batch/")) {
		return false
	}
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: reference.Name}
	owner, ok := c.Get(schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind), key)
	return !ok || owner.GetUID() != reference.UID
}

// emptyNode deletes the pods of a Node that is gone. Those of its static pods are deleted by who made them.
func (c *Cluster) emptyNode(name string) {
	pods, _ := c.List(podKind, "")
	for _, pod := range pods {
		if !IsStatic(pod) && pod.(*corev1.Pod).Spec.NodeName == name {
			c.remove(podKind, client.ObjectKeyFromObject(pod))
		}
	}
}

// IsStatic says whether a Pod is that of a control plane's component, which package workload looks after.
func IsStatic(pod client.Object) bool {
	_, ok := pod.GetAnnotations()[corev1.MirrorPodAnnotationKey]
	return ok
}

// orphan takes an owner off the objects that it owns.
func (c *Cluster) orphan(owner types.UID) {
	for _, d := range c.dependents(owner) {
		c.disown(d, owner)
	}
}

func (c *Cluster) disown(d dependent, owner types.UID) {
	c.change(d.gvk, d.key, func(next client.Object) {
		next.SetOwnerReferences(slices.DeleteFunc(
			next.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == owner },
		))
	})
}
