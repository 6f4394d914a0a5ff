package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/httpapi"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/queue"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/power"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
)

// App is a running FKAS.
type App struct {
	options    *options.Options
	manager    ctrl.Manager
	reconciler *controller.Reconciler
	server     *serving.Server
	ready      atomic.Bool
	apiAddress chan net.Addr
}

// New connects to the management cluster and sets everything up, without starting it.
func New(ctx context.Context, o *options.Options, kube *rest.Config) (*App, error) {
	kube = rest.CopyConfig(kube)
	kube.QPS, kube.Burst = float32(o.QPS), o.Burst
	mgr, err := newManager(o, kube)
	if err != nil {
		return nil, fmt.Errorf("connect to the management cluster: %w", err)
	}
	server, err := serving.New(serving.Options{
		BindAddress: o.BindAddress,
		ExtraSANs:   append([]string{o.EndpointHost}, o.ExtraSANs...),
		Log:         ctrl.Log.WithName("serving"),
	})
	if err != nil {
		return nil, err
	}
	direct, err := client.New(kube, client.Options{
		Scheme: mgr.GetScheme(), HTTPClient: mgr.GetHTTPClient(), Mapper: mgr.GetRESTMapper(),
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the management cluster: %w", err)
	}
	registrations := &registry.Registry{Client: direct, Namespace: o.RegistrationsNamespace, Index: o.Index}
	if err := registrations.Load(ctx); err != nil {
		return nil, err
	}
	reconciler := controller.New(controller.Options{
		Client:        mgr.GetClient(),
		Direct:        direct,
		Server:        server,
		Secrets:       &pki.Store{Client: direct, Algorithm: o.KeyAlgorithm},
		Registry:      registrations,
		Precreate:     o.PrecreateSecrets,
		EndpointHost:  o.EndpointHost,
		OrphanGrace:   o.OrphanGrace,
		QueuePatience: o.QueuePatience,
		Power:         power.New(powerSources(mgr, o), ctrl.Log.WithName("power")),
	})
	if err := reconciler.Setup(ctx, mgr, o.Concurrency); err != nil {
		return nil, err
	}
	if err := errors.Join(controller.SetupHostTrigger(mgr), setupAddresses(mgr, o), setupFleet(mgr, kube, o)); err != nil {
		return nil, err
	}
	a := &App{options: o, manager: mgr, reconciler: reconciler, server: server, apiAddress: make(chan net.Addr, 1)}
	return a, errors.Join(
		mgr.AddHealthzCheck("ping", func(*http.Request) error { return nil }),
		mgr.AddReadyzCheck("clusters", func(r *http.Request) error { return a.Ready(r.Context()) }),
		mgr.Add(apiServer{a}),
	)
}

func newManager(o *options.Options, kube *rest.Config) (ctrl.Manager, error) {
	grace := 5 * time.Second
	skip := true
	return ctrl.NewManager(kube, ctrl.Options{
		Scheme: management.Scheme(),
		Cache:  management.CacheOptions(o.Namespace, o.Index),
		Client: client.Options{Cache: &client.CacheOptions{
			DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}},
		}},
		Metrics:                 metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:  o.HealthAddress,
		PprofBindAddress:        o.PprofAddress,
		GracefulShutdownTimeout: &grace,
		// The names of controllers are unique in a process, and tests run several FKAS in one.
		Controller: config.Controller{SkipNameValidation: &skip},
	})
}

func setupAddresses(mgr ctrl.Manager, o *options.Options) error {
	if o.ServiceAddress == "" {
		return nil
	}
	return controller.SetupAddresses(mgr, o.ServiceAddress, o.RegistrationsNamespace, o.Index)
}

// setupFleet adds the host queue, the assignment of hosts and the routing of Clusters, if the options make this process
// run them, and the cache of the Clusters of every FKAS that they need.
func setupFleet(mgr ctrl.Manager, kube *rest.Config, o *options.Options) error {
	if o.HostsAtOnce == 0 && !o.AssignHosts {
		return nil
	}
	cacheOptions := management.TopologyCacheOptions(o.Namespace)
	cacheOptions.Scheme = mgr.GetScheme()
	cacheOptions.HTTPClient = mgr.GetHTTPClient()
	cacheOptions.Mapper = mgr.GetRESTMapper()
	clusters, err := cache.New(kube, cacheOptions)
	if err != nil {
		return fmt.Errorf("make a cache of all Clusters: %w", err)
	}
	if err := mgr.Add(clusters); err != nil {
		return fmt.Errorf("add the cache of all Clusters: %w", err)
	}
	var errs []error
	var flow *queue.Flow
	if o.HostsAtOnce == options.Auto {
		// The CPUs that this process may run on. Where nodes are containers on one machine, each says that it has all CPUs
		// of the machine, also those that its cpuset keeps from it. On several machines it is a low beginning: most of the
		// work is that of the control plane and of controllers with one replica.
		flow = queue.NewFlow(runtime.NumCPU())
		ctrl.Log.WithName("host-queue").Info("Decides how many hosts may be in progress",
			"cpus", runtime.NumCPU(), "first", flow.Size())
	}
	if o.HostsAtOnce != 0 {
		errs = append(errs, controller.SetupHostQueue(mgr, clusters, o.HostsAtOnce, flow))
	}
	if o.AssignHosts {
		errs = append(errs, controller.SetupAssignment(mgr, clusters, rolloutsAtOnce(o, flow)))
	}
	// Without an index this process serves every Cluster, whatever its label.
	if o.AssignHosts && o.Index != "" {
		errs = append(errs, controller.SetupRouting(mgr, clusters))
	}
	return errors.Join(errs...)
}

// rolloutsAtOnce says how many Clusters may have machines replaced at the same time; 0: there is no limit.
func rolloutsAtOnce(o *options.Options, flow *queue.Flow) func() int {
	switch {
	case o.RolloutsAtOnce != options.Auto:
		return func() int { return o.RolloutsAtOnce }
	case flow != nil:
		return flow.Size
	default:
		return func() int { return o.HostsAtOnce }
	}
}

// Run runs until ctx ends, then stops serving all clusters.
func (a *App) Run(ctx context.Context) error {
	defer a.server.Close()
	collector := metrics.Collector(a.reconciler)
	if err := ctrlmetrics.Registry.Register(collector); err == nil {
		defer ctrlmetrics.Registry.Unregister(collector)
	}
	return a.manager.Start(ctx)
}

// Ready returns nil once the caches are complete and every cluster declared by then is served, or failed
// controller.TriesBeforeReady times. It returns nil from then on, because a cluster that is new must not take the
// others out of the Service.
func (a *App) Ready(ctx context.Context) error {
	if a.ready.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if !a.manager.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the watch caches are not complete yet")
	}
	pending, err := a.reconciler.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return fmt.Errorf("%d declared clusters are not served yet, the first is %s", len(pending), pending[0])
	}
	a.ready.Store(true)
	return nil
}

// APIAddress returns the address at which the HTTP API listens. It blocks until the API listens.
func (a *App) APIAddress(ctx context.Context) (net.Addr, error) {
	select {
	case address := <-a.apiAddress:
		a.apiAddress <- address
		return address, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// apiServer runs the HTTP API as a part of the manager.
type apiServer struct{ app *App }

func (s apiServer) Start(ctx context.Context) error {
	log := ctrl.Log.WithName("api")
	l, err := net.Listen("tcp", s.app.options.APIAddress)
	if err != nil {
		return fmt.Errorf("listen for the HTTP API: %w", err)
	}
	s.app.apiAddress <- l.Addr()
	server := httpapi.NewServer(&httpapi.Reconciler{
		Reconciler: s.app.reconciler,
		Ports:      controller.PortRange{First: s.app.options.FirstPort, Last: s.app.options.LastPort},
		ReadyFunc:  s.app.Ready,
	}, log)
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	log.Info("Serving HTTP API", "address", l.Addr().String())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: FKAS has no leader election.
func (apiServer) NeedLeaderElection() bool { return false }
