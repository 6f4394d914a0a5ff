// Package lab is a management cluster without controllers, in memory, and an FKAS that tests run by hand.
package lab

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"metal3-scale-lab/fkas/internal/controller"
	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/store"
	"metal3-scale-lab/fkas/internal/testkit"
)

// Namespace of everything in the lab.
const Namespace = "metal3"

// Lab is a management cluster without controllers, and an FKAS that is run by hand.
type Lab struct {
	T   *testing.T
	Ctx context.Context
	// Management is a client of the management cluster.
	Management client.WithWatch
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
	builder := fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(objects...)
	if err := management.AddIndexes(context.Background(), indexer{builder}); err != nil {
		t.Fatal(err)
	}
	return NewOn(t, builder.Build())
}

// NewOn starts an FKAS that knows nothing but what the management cluster holds.
func NewOn(t *testing.T, c client.WithWatch) *Lab {
	t.Helper()
	ctx := testkit.Context(t)
	objects, err := store.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	server, err := serving.New(serving.Options{Manager: objects, BindAddress: "127.0.0.1", Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	known := &registry.Registry{Client: c, Namespace: "fkas", Index: "0"}
	if err := known.Load(ctx); err != nil {
		t.Fatal(err)
	}
	return &Lab{T: t, Ctx: ctx, Management: c, Reconciler: controller.New(controller.Options{
		Client: c, Direct: c, Server: server, Registry: known, Precreate: true, EndpointHost: "127.0.0.1", OrphanGrace: 30 * time.Second, QueuePatience: time.Minute,
		Secrets: &pki.Store{Client: c, Algorithm: bootstrapv1.EncryptionAlgorithmECDSAP256},
	})}
}

// Restarted is a new process beside the same management cluster.
func (l *Lab) Restarted() *Lab {
	l.T.Helper()
	l.Server.Close()
	return NewOn(l.T, l.Management)
}

// MustRun brings a cluster up to date, and fails the test where that fails.
func (l *Lab) MustRun(name string) {
	l.T.Helper()
	if err := l.Run(l.Ctx, Key(name)); err != nil {
		l.T.Fatal(err)
	}
}

// Create makes objects.
func (l *Lab) Create(objects ...client.Object) {
	l.T.Helper()
	for _, obj := range objects {
		if err := l.Management.Create(l.Ctx, obj); err != nil {
			l.T.Fatal(err)
		}
	}
}

// Remove deletes for good, finalizers or not.
func (l *Lab) Remove(objects ...client.Object) {
	l.T.Helper()
	for _, obj := range objects {
		if err := l.Management.Delete(l.Ctx, obj); err != nil {
			l.T.Fatal(err)
		}
	}
}

// SetHostState is what the bare-metal operator would do.
func (l *Lab) SetHostState(host string, state bmov1alpha1.ProvisioningState) {
	l.T.Helper()
	var bmh bmov1alpha1.BareMetalHost
	if err := l.Management.Get(l.Ctx, types.NamespacedName{Namespace: Namespace, Name: host}, &bmh); err != nil {
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
	if err := l.Management.Get(l.Ctx, types.NamespacedName{Namespace: Namespace, Name: name + "-kubeconfig"}, &secret); err != nil {
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

// Key is the name of an object of the lab.
func Key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: Namespace, Name: name}
}

func meta(name, cluster string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: Namespace, Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{clusterv1.ClusterNameLabel: cluster},
	}
}

// NewCluster declares its endpoint in the Metal3Cluster, as a ClusterClass does.
func NewCluster(name string, port int32) []client.Object {
	cluster := &clusterv1.Cluster{ObjectMeta: meta(name, name)}
	cluster.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: infrav1.GroupName, Kind: "Metal3Cluster", Name: name + "-infra"}
	infra := &infrav1.Metal3Cluster{ObjectMeta: meta(name+"-infra", name)}
	infra.Spec.ControlPlaneEndpoint = infrav1.APIEndpoint{Host: "127.0.0.1", Port: port}
	return []client.Object{cluster, infra}
}

// NewMachine is a Machine with Metal3Machine and host, the host in the given state.
func NewMachine(cluster, name string, controlPlane bool, state bmov1alpha1.ProvisioningState) []client.Object {
	machine := &clusterv1.Machine{ObjectMeta: meta(name, cluster)}
	if controlPlane {
		machine.Labels[clusterv1.MachineControlPlaneLabel] = ""
	}
	machine.Spec.ClusterName = cluster
	machine.Spec.Version = "v1.35.4"
	machine.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: infrav1.GroupName, Kind: "Metal3Machine", Name: name + "-m3m"}
	m3m := &infrav1.Metal3Machine{ObjectMeta: meta(name+"-m3m", cluster)}
	host := &bmov1alpha1.BareMetalHost{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: name + "-host", UID: types.UID("uid-" + name + "-host")}}
	host.Spec.ConsumerRef = &corev1.ObjectReference{Kind: "Metal3Machine", APIVersion: infrav1.GroupVersion.String(), Namespace: Namespace, Name: name + "-m3m"}
	host.Status.Provisioning.State = state
	return []client.Object{machine, m3m, host}
}

// Failing makes a lab in which an API call of the management cluster fails.
func Failing(t *testing.T, funcs interceptor.Funcs, objects ...client.Object) *Lab {
	t.Helper()
	builder := fake.NewClientBuilder().WithScheme(management.Scheme()).WithObjects(objects...).WithInterceptorFuncs(funcs)
	if err := management.AddIndexes(context.Background(), indexer{builder}); err != nil {
		t.Fatal(err)
	}
	return NewOn(t, builder.Build())
}
