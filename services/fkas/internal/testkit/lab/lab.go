package lab

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/access"
	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/options"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/power"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/testkit"
)

// Namespace is the namespace of everything in the lab.
const Namespace = "metal3"

// registrationsNamespace is where the FKAS keeps what is registered over HTTP.
const registrationsNamespace = "fkas"

// Lab is a management cluster without controllers, and an FKAS that tests run by hand.
type Lab struct {
	T   *testing.T
	Ctx context.Context
	// Management is a client of the management cluster for the test itself. It may do everything.
	Management client.WithWatch
	// Cached and DirectClient are the clients of the FKAS. They may do what its declared rules grant. Cached reads only
	// the fields that the watch cache holds.
	Cached, DirectClient client.WithWatch
	// Guard restricts the clients of the FKAS and fails the test when the FKAS does something else.
	Guard *access.Guard
	*controller.Reconciler
}

// indexer registers the real indexes with the fake client.
type indexer struct{ builder *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, obj client.Object, field string, extract client.IndexerFunc) error {
	i.builder.WithIndex(obj, field, extract)
	return nil
}

// New makes a lab that holds objects.
func New(t *testing.T, objects ...client.Object) *Lab {
	t.Helper()
	return Failing(t, interceptor.Funcs{}, objects...)
}

// Failing makes a lab that holds objects, and in which funcs answer requests to the management cluster.
func Failing(t *testing.T, funcs interceptor.Funcs, objects ...client.Object) *Lab {
	t.Helper()
	builder := fake.NewClientBuilder().
		WithScheme(management.Scheme()).
		WithObjects(objects...).
		WithStatusSubresource(&corev1.Service{}).
		WithInterceptorFuncs(funcs)
	if err := management.AddIndexes(context.Background(), indexer{builder}); err != nil {
		t.Fatal(err)
	}
	return NewOn(t, builder.Build())
}

// NewOn starts an FKAS beside an existing management cluster. The FKAS knows only what the management cluster holds. It
// may send the requests that access.Rules grants an FKAS that does all that it can do.
func NewOn(t *testing.T, c client.WithWatch) *Lab {
	t.Helper()
	rules, err := access.Rules(&options.Options{
		PrecreateSecrets: true, OrphanGrace: time.Minute, HostsAtOnce: 1, AssignHosts: true, ServiceAddress: "192.0.2.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	guard := &access.Guard{
		Rules: rules, RegistrationsNamespace: registrationsNamespace,
		Refused: func(request string) { t.Errorf("FKAS's rules do not grant: %s", request) },
	}
	return newLab(t, c, guard)
}

func newLab(t *testing.T, c client.WithWatch, guard *access.Guard) *Lab {
	t.Helper()
	ctx := testkit.Context(t)
	server, err := serving.New(serving.Options{BindAddress: "127.0.0.1", Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	cached, direct := guard.Cached(trimmed(c)), guard.Direct(c)
	known := &registry.Registry{Client: direct, Namespace: registrationsNamespace, Index: "0"}
	if err := known.Load(ctx); err != nil {
		t.Fatal(err)
	}
	reconciler := controller.New(controller.Options{
		Client:        cached,
		Direct:        direct,
		Server:        server,
		Secrets:       &pki.Store{Client: direct, Algorithm: bootstrapv1.EncryptionAlgorithmECDSAP256},
		Registry:      known,
		Precreate:     true,
		EndpointHost:  "127.0.0.1",
		OrphanGrace:   30 * time.Second,
		QueuePatience: time.Minute,
		Power:         power.New(nil, logr.Discard()),
	})
	return &Lab{
		T: t, Ctx: ctx, Management: c, Cached: cached, DirectClient: direct, Guard: guard, Reconciler: reconciler,
	}
}

// trimmed answers reads with what the watch cache would hold of the objects.
func trimmed(c client.WithWatch) client.WithWatch {
	trim := func(obj runtime.Object) error {
		_, err := management.Trim(obj)
		return err
	}
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(
			ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
		) error {
			if err := c.Get(ctx, key, obj, opts...); err != nil {
				return err
			}
			return trim(obj)
		},
		List: func(
			ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption,
		) error {
			if err := c.List(ctx, list, opts...); err != nil {
				return err
			}
			return apimeta.EachListItem(list, trim)
		},
	})
}

// Restarted stops the FKAS and returns a lab with a new one beside the same management cluster.
func (l *Lab) Restarted() *Lab {
	l.T.Helper()
	l.Server.Close()
	return newLab(l.T, l.Management, l.Guard)
}

// MustRun brings a cluster up to date, and fails the test if that fails.
func (l *Lab) MustRun(name string) {
	l.T.Helper()
	if err := l.Run(l.Ctx, Key(name)); err != nil {
		l.T.Fatal(err)
	}
}

// Create creates objects.
func (l *Lab) Create(objects ...client.Object) {
	l.T.Helper()
	for _, obj := range objects {
		if err := l.Management.Create(l.Ctx, obj); err != nil {
			l.T.Fatal(err)
		}
	}
}

// Remove deletes objects that have no finalizers.
func (l *Lab) Remove(objects ...client.Object) {
	l.T.Helper()
	for _, obj := range objects {
		if err := l.Management.Delete(l.Ctx, obj); err != nil {
			l.T.Fatal(err)
		}
	}
}

// SetHostState gives a host a state, as the bare-metal operator would.
func (l *Lab) SetHostState(host string, state bmov1alpha1.ProvisioningState) {
	l.T.Helper()
	var bmh bmov1alpha1.BareMetalHost
	if err := l.Management.Get(l.Ctx, Key(host), &bmh); err != nil {
		l.T.Fatal(err)
	}
	bmh.Status.Provisioning.State = state
	if err := l.Management.Update(l.Ctx, &bmh); err != nil {
		l.T.Fatal(err)
	}
}

// Workload is a client made from the cluster's kubeconfig Secret, as Cluster API and people use it.
func (l *Lab) Workload(name string) *kubernetes.Clientset {
	l.T.Helper()
	var secret corev1.Secret
	if err := l.Management.Get(l.Ctx, Key(name+"-kubeconfig"), &secret); err != nil {
		l.T.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data["value"])
	if err != nil {
		l.T.Fatal(err)
	}
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		l.T.Fatal(err)
	}
	return c
}

// Nodes are the names of the Nodes that a cluster's API shows.
func (l *Lab) Nodes(name string) []string {
	l.T.Helper()
	list, err := l.Workload(name).CoreV1().Nodes().List(l.Ctx, metav1.ListOptions{})
	if err != nil {
		l.T.Fatal(err)
	}
	names := []string{}
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names
}

// ReconcileCluster runs the Reconciler for a cluster, as an event would.
func (l *Lab) ReconcileCluster(name string) (ctrl.Result, error) {
	return l.Reconcile(l.Ctx, ctrl.Request{NamespacedName: Key(name)})
}
