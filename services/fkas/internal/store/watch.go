package store

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// remembered is the number of writes to a cluster from which a watch can be continued. Each keeps an object in
	// memory. A client that missed more lists again.
	remembered = 64
	// behind is the number of events that may wait for one client. A client that reads no faster is cut off, so that it
	// holds up nobody and takes no memory; it lists again.
	behind = 128
)

// Event is a write to a cluster.
type Event struct {
	GVK      schema.GroupVersionKind
	Revision uint64
	// Old is the object before, nil if it was created; New is the object after, nil if it was deleted.
	Old, New client.Object
	// Written is New, or the deleted object with the version of the deletion.
	Written client.Object
}

// history is the latest writes, oldest first. All since revision known are there.
type history struct {
	events []Event
	known  uint64
}

func (h *history) add(event Event) {
	if len(h.events) == remembered {
		h.known = h.events[0].Revision
		copy(h.events, h.events[1:])
		h.events = h.events[:remembered-1]
	}
	h.events = append(h.events, event)
}

// Watch is a stream of the writes to the objects of one kind. Events is closed when the watch was stopped, the cluster
// is gone, or the reader is too slow.
type Watch struct {
	Events  chan Event
	gvk     schema.GroupVersionKind
	cluster *Cluster
}

// Snapshot is the objects with which a watch begins.
type Snapshot struct {
	Objects  []client.Object
	Revision uint64
}

// WatchAll begins with all objects of a kind and goes on with the writes from then on.
func (c *Cluster) WatchAll(gvk schema.GroupVersionKind, namespace string) (Snapshot, *Watch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Snapshot{Objects: c.list(gvk, namespace), Revision: c.revision}, c.watch(gvk, 0)
}

// WatchFrom begins with the writes after a revision. It returns false if not all of them are remembered, or if the
// revision is none of this cluster's.
func (c *Cluster) WatchFrom(gvk schema.GroupVersionKind, revision uint64) (*Watch, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if revision < c.history.known || revision > c.revision {
		return nil, false
	}
	w := c.watch(gvk, remembered)
	for _, event := range c.history.events {
		if event.Revision > revision && event.GVK == gvk {
			w.Events <- event
		}
	}
	return w, true
}

func (c *Cluster) watch(gvk schema.GroupVersionKind, more int) *Watch {
	w := &Watch{Events: make(chan Event, behind+more), gvk: gvk, cluster: c}
	c.watches[w] = struct{}{}
	return w
}

// publish tells the watches. The caller holds the lock.
func (c *Cluster) publish(event Event) {
	c.history.add(event)
	for w := range c.watches {
		if w.gvk != event.GVK {
			continue
		}
		select {
		case w.Events <- event:
		default:
			c.end(w)
		}
	}
}

// Stop ends the watch.
func (w *Watch) Stop() {
	w.cluster.mu.Lock()
	defer w.cluster.mu.Unlock()
	w.cluster.end(w)
}

func (c *Cluster) end(w *Watch) {
	if _, ok := c.watches[w]; ok {
		delete(c.watches, w)
		close(w.Events)
	}
}

func (c *Cluster) endWatches() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watches {
		c.end(w)
	}
}
