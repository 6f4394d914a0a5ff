package apiserver

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// bookmarkPeriod is how often a watch that wants bookmarks gets one, if anything was written to its cluster.
const bookmarkPeriod = time.Minute

// Watch begins with all objects, with those after a version, or with a streaming list.
func (s *clusterStorage) Watch(
	ctx context.Context,
	path string,
	options storage.ListOptions,
) (watch.Interface, error) {
	cluster, key := store.From(ctx), s.key(path)
	version, err := s.ParseResourceVersion(options.ResourceVersion)
	if err != nil {
		return nil, err
	}
	streaming := options.SendInitialEvents != nil && *options.SendInitialEvents
	w := &clusterWatch{
		storage: s, cluster: cluster, predicate: options.Predicate, result: make(chan watch.Event),
	}
	if !options.Recursive {
		w.name = key.Name
	}
	w.namespace = key.Namespace
	var initial []client.Object
	if version == 0 || streaming {
		if err := s.notOlder(options.ResourceVersion, cluster.Revision()); err != nil {
			return nil, err
		}
		var snapshot store.Snapshot
		snapshot, w.source = cluster.WatchAll(s.gvk, key.Namespace)
		initial, w.told = snapshot.Objects, snapshot.Revision
		if options.SendInitialEvents != nil && !streaming {
			initial = nil
		}
	} else {
		var ok bool
		if w.source, ok = cluster.WatchFrom(s.gvk, version); !ok {
			return nil, apierrors.NewResourceExpired("too old resource version: " + options.ResourceVersion)
		}
		w.told = version
	}
	go w.run(ctx, initial, streaming)
	return w, nil
}

// clusterWatch chooses and converts the events of a store for one client.
type clusterWatch struct {
	storage         *clusterStorage
	cluster         *store.Cluster
	source          *store.Watch
	namespace, name string
	predicate       storage.SelectionPredicate
	result          chan watch.Event
	// told is the version up to which the client has been told everything.
	told uint64
}

// ResultChan is closed when the watch has ended.
func (w *clusterWatch) ResultChan() <-chan watch.Event { return w.result }

// Stop ends the watch.
func (w *clusterWatch) Stop() { w.source.Stop() }

func (w *clusterWatch) run(ctx context.Context, initial []client.Object, streaming bool) {
	defer close(w.result)
	defer w.source.Stop()
	for _, obj := range initial {
		if item, ok := w.choose(obj); ok && !w.send(ctx, watch.Added, item) {
			return
		}
	}
	if streaming && w.predicate.AllowWatchBookmarks && !w.bookmark(ctx, w.told, true) {
		return
	}
	var tick <-chan time.Time
	if w.predicate.AllowWatchBookmarks {
		ticker := time.NewTicker(bookmarkPeriod)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if !w.progress(ctx) {
				return
			}
		case event, ok := <-w.source.Events:
			if !ok {
				return
			}
			if !w.forward(ctx, event) {
				return
			}
		}
	}
}

// progress sends a bookmark, if the client knows everything and there is something to say.
func (w *clusterWatch) progress(ctx context.Context) bool {
	revision := w.cluster.Revision()
	if revision == w.told || len(w.source.Events) > 0 {
		return true
	}
	return w.bookmark(ctx, revision, false)
}

// forward sends an event if it is one for the client: an object that no longer matches is deleted for it.
func (w *clusterWatch) forward(ctx context.Context, event store.Event) bool {
	w.told = event.Revision
	_, before := w.choose(event.Old)
	after, now := w.choose(event.New)
	switch {
	case now && before:
		return w.send(ctx, watch.Modified, after)
	case now:
		return w.send(ctx, watch.Added, after)
	case before:
		gone := event.Old.DeepCopyObject().(client.Object)
		gone.SetResourceVersion(event.Written.GetResourceVersion())
		item, err := w.storage.internal(gone)
		return err != nil || w.send(ctx, watch.Deleted, item)
	default:
		return true
	}
}

func (w *clusterWatch) choose(obj client.Object) (runtime.Object, bool) {
	if obj == nil || !isOne(w.namespace, obj.GetNamespace()) || !isOne(w.name, obj.GetName()) {
		return nil, false
	}
	item, err := w.storage.internal(obj)
	if err != nil {
		return nil, false
	}
	matches, err := w.predicate.Matches(item)
	return item, err == nil && matches
}

// isOne says whether a name is the wanted one, where one is wanted.
func isOne(wanted, name string) bool { return wanted == "" || wanted == name }

func (w *clusterWatch) bookmark(ctx context.Context, revision uint64, endOfList bool) bool {
	obj := w.storage.newFunc()
	if err := w.storage.UpdateObject(obj, revision); err != nil {
		return false
	}
	if endOfList {
		if err := storage.AnnotateInitialEventsEndBookmark(obj); err != nil {
			return false
		}
	}
	w.told = revision
	return w.send(ctx, watch.Bookmark, obj)
}

func (w *clusterWatch) send(ctx context.Context, kind watch.EventType, obj runtime.Object) bool {
	select {
	case w.result <- watch.Event{Type: kind, Object: obj}:
		return true
	case <-ctx.Done():
		return false
	}
}
