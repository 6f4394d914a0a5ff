package lifecycle

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// kinds are those that the controllers read.
var kinds = map[schema.GroupVersionKind]client.Object{
	corev1.SchemeGroupVersion.WithKind("Pod"):                   &corev1.Pod{},
	corev1.SchemeGroupVersion.WithKind("Node"):                  &corev1.Node{},
	corev1.SchemeGroupVersion.WithKind("Service"):               &corev1.Service{},
	corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"): &corev1.PersistentVolumeClaim{},
	appsv1.SchemeGroupVersion.WithKind("Deployment"):            &appsv1.Deployment{},
	appsv1.SchemeGroupVersion.WithKind("ReplicaSet"):            &appsv1.ReplicaSet{},
	appsv1.SchemeGroupVersion.WithKind("DaemonSet"):             &appsv1.DaemonSet{},
	appsv1.SchemeGroupVersion.WithKind("StatefulSet"):           &appsv1.StatefulSet{},
	appsv1.SchemeGroupVersion.WithKind("ControllerRevision"):    &appsv1.ControllerRevision{},
	batchv1.SchemeGroupVersion.WithKind("Job"):                  &batchv1.Job{},
	batchv1.SchemeGroupVersion.WithKind("CronJob"):              &batchv1.CronJob{},
	discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"):    &discoveryv1.EndpointSlice{},
}

// newInformers makes informers whose objects are those of the store itself. Controllers never change what an informer
// gives them.
func newInformers(cluster *store.Cluster, clients kubernetes.Interface) informers.SharedInformerFactory {
	factory := informers.NewSharedInformerFactory(clients, 0)
	for gvk, obj := range kinds {
		factory.InformerFor(obj, func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer {
			return cache.NewSharedIndexInformer(source{cluster, gvk}.listWatch(), obj, 0,
				cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
		})
	}
	return factory
}

// source lists and watches the objects of one kind in the store.
type source struct {
	cluster *store.Cluster
	gvk     schema.GroupVersionKind
}

// listWatch is a ListWatch that gets its list by a list, not by a watch.
type listWatch struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported says that a watch does not begin with a list.
func (listWatch) IsWatchListSemanticsUnSupported() bool { return true }

func (s source) listWatch() cache.ListerWatcher {
	return listWatch{&cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			return s.list(), nil
		},
		WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return s.watch(options)
		},
		DisableChunking: true,
	}}
}

func (s source) list() runtime.Object {
	found, revision := s.cluster.List(s.gvk, "")
	// A typed list would copy the objects.
	list := &metav1.List{ListMeta: metav1.ListMeta{ResourceVersion: strconv.FormatUint(revision, 10)}}
	for _, obj := range found {
		list.Items = append(list.Items, runtime.RawExtension{Object: obj})
	}
	return list
}

func (s source) watch(options metav1.ListOptions) (watch.Interface, error) {
	revision, err := strconv.ParseUint(options.ResourceVersion, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("watch %s from version %q: %w", s.gvk.Kind, options.ResourceVersion, err)
	}
	events, ok := s.cluster.WatchFrom(s.gvk, revision)
	if !ok {
		return nil, apierrors.NewResourceExpired("too old resource version: " + options.ResourceVersion)
	}
	w := &storeWatch{source: events, result: make(chan watch.Event), stopped: make(chan struct{})}
	go w.run()
	return w, nil
}

// storeWatch is a watch of the store as informers want it.
type storeWatch struct {
	source  *store.Watch
	result  chan watch.Event
	stopped chan struct{}
	once    sync.Once
}

// ResultChan is closed when the watch has ended.
func (w *storeWatch) ResultChan() <-chan watch.Event { return w.result }

// Stop ends the watch.
func (w *storeWatch) Stop() {
	w.source.Stop()
	w.once.Do(func() { close(w.stopped) })
}

func (w *storeWatch) run() {
	defer close(w.result)
	for event := range w.source.Events {
		kind := watch.Modified
		switch {
		case event.New == nil:
			kind = watch.Deleted
		case event.Old == nil:
			kind = watch.Added
		}
		select {
		case w.result <- watch.Event{Type: kind, Object: event.Written}:
		case <-w.stopped:
			return
		}
	}
}
