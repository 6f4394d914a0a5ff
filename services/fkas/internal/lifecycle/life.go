package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

var (
	podKind  = corev1.SchemeGroupVersion.WithKind("Pod")
	nodeKind = corev1.SchemeGroupVersion.WithKind("Node")
)

// life is the scheduler and all kubelets of a cluster.
type life struct {
	log     logr.Logger
	cluster *store.Cluster
	queue   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	synced  []cache.InformerSynced
}

func newLife(
	ctx context.Context, log logr.Logger, cluster *store.Cluster, factory informers.SharedInformerFactory,
) (*life, error) {
	pods, nodes := factory.Core().V1().Pods().Informer(), factory.Core().V1().Nodes().Informer()
	l := &life{
		log:     log,
		cluster: cluster,
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.DefaultTypedControllerRateLimiter[types.NamespacedName]()),
		synced: []cache.InformerSynced{pods.HasSynced, nodes.HasSynced},
	}
	_, err := pods.AddEventHandlerWithOptions(cache.ResourceEventHandlerFuncs{
		AddFunc:    l.add,
		UpdateFunc: func(_, obj any) { l.add(obj) },
	}, cache.HandlerOptions{Logger: loggerOf(ctx)})
	if err != nil {
		return nil, fmt.Errorf("watch Pods: %w", err)
	}
	waiting := func(any) {
		for _, pod := range podsOf(cluster) {
			if pod.Status.Phase == corev1.PodPending || pod.Status.Phase == "" {
				l.add(pod)
			}
		}
	}
	_, err = nodes.AddEventHandlerWithOptions(cache.ResourceEventHandlerFuncs{
		AddFunc: waiting, UpdateFunc: func(_, obj any) { waiting(obj) },
	}, cache.HandlerOptions{Logger: loggerOf(ctx)})
	if err != nil {
		return nil, fmt.Errorf("watch Nodes: %w", err)
	}
	return l, nil
}

func loggerOf(ctx context.Context) *klog.Logger {
	logger := klog.FromContext(ctx)
	return &logger
}

func (l *life) add(obj any) { l.queue.Add(client.ObjectKeyFromObject(obj.(*corev1.Pod))) }

// Run looks after Pods, one at a time, until the context ends.
func (l *life) Run(ctx context.Context, _ int) {
	var worker sync.WaitGroup
	if cache.WaitForCacheSync(ctx.Done(), l.synced...) {
		worker.Go(func() { l.work(ctx) })
	}
	<-ctx.Done()
	l.queue.ShutDown()
	worker.Wait()
}

func (l *life) work(ctx context.Context) {
	for {
		key, end := l.queue.Get()
		if end {
			return
		}
		again, err := l.look(ctx, key)
		switch {
		case errors.Is(err, store.ErrConflict):
			l.queue.AddRateLimited(key)
		case err != nil:
			l.log.Error(err, "Cannot look after a Pod", "pod", key)
		default:
			l.queue.Forget(key)
			if again > 0 {
				l.queue.AddAfter(key, again)
			}
		}
		l.queue.Done(key)
	}
}

// look brings a Pod one step further, and says after how long the next step is due; 0: when something changes.
func (l *life) look(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	obj, ok := l.cluster.Get(podKind, key)
	if !ok || obj.GetDeletionTimestamp() != nil || store.IsStatic(obj) {
		return 0, nil
	}
	current := obj.(*corev1.Pod)
	next := current.DeepCopy()
	if next.Spec.NodeName == "" {
		schedule(ctx, next, l.nodes(), podsOf(l.cluster))
	}
	var again time.Duration
	if node, ok := l.cluster.Get(nodeKind, types.NamespacedName{Name: next.Spec.NodeName}); ok {
		again = runPod(next, node.(*corev1.Node), l.cluster, time.Now())
	}
	if same(current, next) {
		return again, nil
	}
	_, err := l.cluster.Commit(podKind, key, current, next)
	return again, err
}

func (l *life) nodes() []*corev1.Node {
	found, _ := l.cluster.List(nodeKind, "")
	nodes := make([]*corev1.Node, 0, len(found))
	for _, obj := range found {
		nodes = append(nodes, obj.(*corev1.Node))
	}
	return nodes
}

func podsOf(cluster *store.Cluster) []*corev1.Pod {
	found, _ := cluster.List(podKind, "")
	pods := make([]*corev1.Pod, 0, len(found))
	for _, obj := range found {
		pods = append(pods, obj.(*corev1.Pod))
	}
	return pods
}
