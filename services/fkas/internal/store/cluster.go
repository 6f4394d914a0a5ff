package store

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrConflict says that the object was written by somebody else in the meantime.
var ErrConflict = errors.New("the object has been modified")

// Cluster holds the objects of one fake cluster.
type Cluster struct {
	mu       sync.RWMutex
	objects  map[schema.GroupVersionKind]map[types.NamespacedName]client.Object
	revision uint64
	history  history
	watches  map[*Watch]struct{}
	// authority is the certificate of the cluster's authority.
	authority string
	// written is told each write, and may be nil.
	written func(Event)
}

func newCluster() *Cluster {
	// Versions begin with the time, in microseconds, so that those of an earlier process are smaller than all of this
	// one: a client that watches from one of them gets the answer that it is too old, and lists again.
	begin := uint64(time.Now().UnixMicro())
	return &Cluster{
		objects:  map[schema.GroupVersionKind]map[types.NamespacedName]client.Object{},
		revision: begin,
		history:  history{known: begin},
		watches:  map[*Watch]struct{}{},
	}
}

// Revision is the resource version of the latest write.
func (c *Cluster) Revision() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.revision
}

// Get returns a stored object, and false if there is none.
func (c *Cluster) Get(gvk schema.GroupVersionKind, key types.NamespacedName) (client.Object, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	obj, ok := c.objects[gvk][key]
	return obj, ok
}

// List returns the stored objects of a kind, in order of namespace and name, and the revision at which they were so. An
// empty namespace means all.
func (c *Cluster) List(gvk schema.GroupVersionKind, namespace string) ([]client.Object, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.list(gvk, namespace), c.revision
}

func (c *Cluster) list(gvk schema.GroupVersionKind, namespace string) []client.Object {
	found := make([]client.Object, 0, len(c.objects[gvk]))
	for key, obj := range c.objects[gvk] {
		if namespace == "" || key.Namespace == namespace {
			found = append(found, obj)
		}
	}
	slices.SortFunc(found, func(a, b client.Object) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return found
}

// Commit stores next in the place of current, which must be what Get returned, or nil if there was nothing. A next of
// nil deletes. It returns the object with its new version, or ErrConflict. The store owns next from then on. What a
// controller of a real cluster would do upon the write is done when Commit returns, see settle.go.
func (c *Cluster) Commit(
	gvk schema.GroupVersionKind,
	key types.NamespacedName,
	current, next client.Object,
) (client.Object, error) {
	if definition, ok := next.(*apiextensionsv1.CustomResourceDefinition); ok {
		definitions.adopt(definition)
	}
	stored, err := c.commit(gvk, key, current, next)
	if err != nil || (current == nil && next == nil) {
		return stored, err
	}
	c.settle(gvk, key, current, next)
	if c.written != nil {
		c.written(Event{GVK: gvk, Old: current, New: next, Written: stored})
	}
	return stored, nil
}

func (c *Cluster) commit(
	gvk schema.GroupVersionKind,
	key types.NamespacedName,
	current, next client.Object,
) (client.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	present, ok := c.objects[gvk][key]
	if ok != (current != nil) || (ok && present != current) {
		return nil, ErrConflict
	}
	if current == nil && next == nil {
		return nil, nil
	}
	c.revision++
	written := next
	if next == nil {
		delete(c.objects[gvk], key)
		if len(c.objects[gvk]) == 0 {
			delete(c.objects, gvk)
		}
		written = current.DeepCopyObject().(client.Object)
	}
	written.SetResourceVersion(strconv.FormatUint(c.revision, 10))
	if next != nil {
		next.GetObjectKind().SetGroupVersionKind(gvk)
		if c.objects[gvk] == nil {
			c.objects[gvk] = map[types.NamespacedName]client.Object{}
		}
		c.objects[gvk][key] = next
	}
	c.publish(Event{GVK: gvk, Revision: c.revision, Old: current, New: next, Written: written})
	return written, nil
}

// kinds lists the kinds of which there are objects.
func (c *Cluster) kinds() []schema.GroupVersionKind {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Keys(c.objects))
}
