package controller

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/management"
	"metal3-scale-lab/fkas/internal/management/desired"
	"metal3-scale-lab/fkas/internal/management/triggers"
	"metal3-scale-lab/fkas/internal/metrics"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/registry"
	"metal3-scale-lab/fkas/internal/serving"
	"metal3-scale-lab/fkas/internal/workload"
)

// outcome is the result of a run, for /clusters, metrics and readiness.
type outcome struct {
	// gone says that neither a Cluster nor a registration exists.
	gone bool
	// queued says that the Cluster is in the queue.
	queued bool
	// waiting says what has to happen elsewhere before the cluster can be served.
	waiting string
	// declared says that host and port are known.
	declared bool
	host     string
	port     int32
	result   workload.Result
}

func (r *Reconciler) run(ctx context.Context, name types.NamespacedName) (outcome, error) {
	var cluster *clusterv1.Cluster
	found := &clusterv1.Cluster{}
	switch err := r.Client.Get(ctx, name, found); {
	case err == nil:
		cluster = found
	case !apierrors.IsNotFound(err):
		return outcome{}, fmt.Errorf("get Cluster %s: %w", name, err)
	}
	registration, registered := r.Registry.Get(name)
	if cluster == nil && !registered {
		r.Server.Remove(name)
		return outcome{gone: true}, nil
	}

	out, err := r.endpoint(ctx, name, cluster, registration)
	out.queued = cluster != nil && management.ClusterQueued(cluster)
	if out.queued && out.waiting != "" {
		// The topology of a queued Cluster declares the endpoint only after the release. Until then the cluster costs
		// neither keys nor a port.
		out.waiting = "the Cluster is queued until its hosts are available"
	}
	if err != nil || !out.declared {
		return out, err
	}
	if err := r.serve(ctx, name, cluster, out); err != nil {
		return out, err
	}
	out.result, err = r.populate(ctx, name, cluster, registration, out)
	return out, err
}

// endpoint decides where a cluster is served: at the endpoint that it declares, else at the one that was registered.
func (r *Reconciler) endpoint(
	ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, registration registry.Registration,
) (outcome, error) {
	if cluster != nil {
		declared, ok, err := desired.Endpoint(ctx, r.Client, cluster)
		if err != nil {
			return outcome{}, err
		}
		if ok {
			return outcome{declared: true, host: declared.Host, port: declared.Port}, nil
		}
	}
	if registration.Port != 0 {
		return outcome{declared: true, host: r.EndpointHost, port: registration.Port}, nil
	}
	if _, served := r.Server.Get(name); served {
		r.Server.Remove(name)
	}
	return outcome{waiting: "neither the Cluster nor its Metal3Cluster declares a controlPlaneEndpoint"}, nil
}

// serve opens the cluster's port. The kubeconfig is created last: from the moment it exists, Cluster API connects.
func (r *Reconciler) serve(
	ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, out outcome,
) error {
	identity := identityOf(name, cluster)
	spec, served := r.Server.Get(name)
	upToDate := served && spec.Identity == identity && spec.Host == out.host && spec.Port == out.port
	if upToDate && r.status.secretsDone(name, identity) {
		return nil
	}
	// KCP creates no authorities once the control plane is initialized. One that is missing then was deleted, and a new
	// one would not match the certificates that were signed with it.
	precreate := r.Precreate && cluster != nil && cluster.DeletionTimestamp.IsZero() && !initialized(cluster)
	var authorities pki.Authorities
	var err error
	if precreate {
		authorities, err = r.Secrets.EnsureAuthorities(ctx, name, pki.ClusterOwner(cluster))
	} else {
		authorities, err = r.Secrets.Load(ctx, name)
	}
	if err != nil {
		return err
	}
	if err := r.Server.Ensure(serving.Spec{
		Name: name, Identity: identity, Host: out.host, Port: out.port, CA: authorities.CA, EtcdCA: authorities.EtcdCA,
		ServiceAccounts: authorities.ServiceAccounts,
	}); err != nil {
		return err
	}
	if precreate {
		owner := pki.ClusterOwner(cluster)
		if err := r.Secrets.EnsureKubeconfig(ctx, name, owner, out.host, out.port); err != nil {
			return err
		}
	}
	r.status.setSecretsDone(name, identity)
	return nil
}

// populate gives the fake cluster the Nodes of its machines and of its registration, and tells CAPM3 of new ones.
func (r *Reconciler) populate(
	ctx context.Context, name types.NamespacedName, cluster *clusterv1.Cluster, registration registry.Registration,
	out outcome,
) (workload.Result, error) {
	store, ok := r.Server.Client(name)
	if !ok {
		return workload.Result{}, fmt.Errorf("cluster %s is no longer served", name)
	}
	wanted := workload.Cluster{Name: name, Identity: identityOf(name, cluster), Host: out.host, Port: out.port}
	var machines []desired.Machine
	if cluster != nil {
		nodeExists := func(node string) bool {
			return store.Get(ctx, client.ObjectKey{Name: node}, &corev1.Node{}) == nil
		}
		r.Power.Settle(ctx)
		var err error
		if machines, err = desired.Machines(ctx, r.Client, name, nodeExists, r.Power.Of); err != nil {
			return workload.Result{}, err
		}
	}
	derived := map[string]bool{}
	for _, machine := range machines {
		wanted.Nodes = append(wanted.Nodes, machine.Node)
		derived[machine.Name] = true
	}
	wanted.Nodes = append(wanted.Nodes, registeredNodes(registration, derived)...)
	result, err := workload.Sync(ctx, store, wanted)
	if err != nil {
		return result, fmt.Errorf("fill cluster %s: %w", name, err)
	}
	return result, r.triggerNodes(ctx, machines, result)
}

// triggerNodes makes CAPM3 look for the Nodes that exist.
func (r *Reconciler) triggerNodes(ctx context.Context, machines []desired.Machine, result workload.Result) error {
	present := map[string]bool{}
	for _, node := range result.Nodes {
		present[node] = true
	}
	var errs []error
	for _, machine := range machines {
		if !present[machine.Name] {
			continue
		}
		triggered, err := triggers.NodeCreated(ctx, r.Client, machine)
		if triggered {
			metrics.TriggeredByNode.Inc()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// registeredNodes are the nodes of a registration that are not derived from a Machine.
func registeredNodes(registration registry.Registration, derived map[string]bool) []workload.Node {
	var nodes []workload.Node
	for name, node := range registration.Nodes {
		if derived[name] {
			continue
		}
		_, controlPlane := node.Labels[clusterv1.MachineControlPlaneLabel]
		nodes = append(nodes, workload.Node{
			Name:         name,
			Identity:     registration.Name().String() + "/" + name + "/" + node.UUID,
			ControlPlane: controlPlane,
			Version:      node.Version,
			ProviderID:   node.ProviderID,
			HostUID:      node.UUID,
			Labels:       node.Labels,
			Created:      metav1.NewTime(node.Created),
		})
	}
	return nodes
}

func identityOf(name types.NamespacedName, cluster *clusterv1.Cluster) string {
	if cluster != nil {
		return string(cluster.UID)
	}
	return "registered/" + name.String()
}

func initialized(cluster *clusterv1.Cluster) bool {
	done := cluster.Status.Initialization.ControlPlaneInitialized
	return done != nil && *done
}
