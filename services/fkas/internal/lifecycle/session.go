package lifecycle

import (
	"context"
	"sync"

	"k8s.io/klog/v2"

	"metal3-scale-lab/fkas/internal/store"
)

// run runs the controllers of a cluster until the context ends, and returns when the last of their goroutines has. It
// closes started when they know all objects.
func (r *Runner) run(ctx context.Context, cluster *store.Cluster, started chan<- struct{}) error {
	ctx = klog.NewContext(ctx, calm(r.log))
	clients, err := newClient(r.api, cluster)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := newInformers(cluster, clients)
	controllers, err := newControllers(ctx, clients, factory)
	if err != nil {
		return err
	}
	life, err := newLife(ctx, r.log, cluster, factory)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	var running sync.WaitGroup
	for _, each := range append(controllers, life) {
		running.Go(func() { each.Run(ctx, 1) })
	}
	factory.WaitForCacheSync(ctx.Done())
	close(started)
	<-ctx.Done()
	running.Wait()
	factory.Shutdown()
	return nil
}
