package controller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"metal3-scale-lab/fkas/internal/management/desired"
	"metal3-scale-lab/fkas/internal/pki"
	"metal3-scale-lab/fkas/internal/registry"
)

// runTimeout limits a run that an HTTP request waits for.
const runTimeout = 20 * time.Second

// PortRange is the inclusive range of ports for clusters that are registered over HTTP.
type PortRange struct{ First, Last int32 }

// Refusal is a request that cannot be met, with the HTTP status that says why.
type Refusal struct {
	Status  int
	Message string
}

func (e *Refusal) Error() string { return e.Message }

func refuse(status int, format string, args ...any) error {
	return &Refusal{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Register serves a cluster and returns its host and port: the endpoint that its objects declare, else the port that an
// earlier registration was given, else the lowest free port of ports.
func (r *Reconciler) Register(ctx context.Context, name types.NamespacedName, ports PortRange) (string, int32, error) {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	_, declared, err := r.declared(ctx, name)
	if err != nil {
		return "", 0, err
	}
	if !declared {
		if _, err := r.Secrets.Load(ctx, name); errors.Is(err, pki.ErrNotYet) {
			return "", 0, refuse(http.StatusConflict,
				"Secrets %s-ca and %s-etcd must exist in namespace %s before the cluster is registered",
				name.Name, name.Name, name.Namespace)
		} else if err != nil {
			return "", 0, err
		}
		if registration, ok := r.Registry.Get(name); !ok || registration.Port == 0 {
			if err := r.givePort(ctx, name, ports); err != nil {
				return "", 0, err
			}
		}
	}
	if err := r.Run(ctx, name); err != nil {
		return "", 0, err
	}
	spec, ok := r.Server.Get(name)
	if !ok {
		e, _ := r.status.get(name)
		return "", 0, refuse(http.StatusConflict, "cluster %s is not served yet: %s", name, e.outcome.waiting)
	}
	return spec.Host, spec.Port, nil
}

// declared says whether the cluster exists with an endpoint of its own.
func (r *Reconciler) declared(ctx context.Context, name types.NamespacedName) (*clusterv1.Cluster, bool, error) {
	cluster := &clusterv1.Cluster{}
	if err := r.Client.Get(ctx, name, cluster); apierrors.IsNotFound(err) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, fmt.Errorf("get Cluster %s: %w", name, err)
	}
	_, ok, err := desired.Endpoint(ctx, r.Client, cluster)
	return cluster, ok, err
}

func (r *Reconciler) givePort(ctx context.Context, name types.NamespacedName, ports PortRange) error {
	var list clusterv1.ClusterList
	if err := r.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("list Clusters: %w", err)
	}
	var taken []int32
	for i := range list.Items {
		endpoint, ok, err := desired.Endpoint(ctx, r.Client, &list.Items[i])
		if err != nil {
			return err
		}
		if ok {
			taken = append(taken, endpoint.Port)
		}
	}
	_, err := r.Registry.Update(ctx, name, func(registration *registry.Registration) error {
		if registration.Port != 0 {
			return nil
		}
		for port := ports.First; port <= ports.Last; port++ {
			_, registered := r.Registry.PortUser(port)
			_, served := r.Server.PortUser(port)
			if !registered && !served && !slices.Contains(taken, port) {
				registration.Port, registration.Created = port, time.Now().UTC()
				return nil
			}
		}
		return refuse(http.StatusServiceUnavailable, "all ports from %d to %d are taken", ports.First, ports.Last)
	})
	return err
}

// UpdateNode registers a node of a cluster. A node of a Machine is derived from that Machine, whatever the request
// says; for such a node the call only makes sure that it exists.
func (r *Reconciler) UpdateNode(
	ctx context.Context, name types.NamespacedName, node string, update registry.Node,
) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	cluster, declared, err := r.declared(ctx, name)
	if err != nil {
		return err
	}
	if _, registered := r.Registry.Get(name); !registered && !declared {
		return refuse(http.StatusInternalServerError, "cluster %s is not registered", name)
	}
	isMachine, err := r.hasMachine(ctx, cluster, node)
	if err != nil {
		return err
	}
	if !isMachine {
		if err := r.storeNode(ctx, name, node, update); err != nil {
			return err
		}
	}
	if err := r.Run(ctx, name); err != nil {
		return err
	}
	if e, _ := r.status.get(name); !slices.Contains(e.outcome.result.Nodes, node) {
		if isMachine {
			return refuse(
				http.StatusInternalServerError,
				"node %s of cluster %s is not up: its BareMetalHost or the control plane is not provisioned",
				node,
				name,
			)
		}
		return refuse(http.StatusInternalServerError,
			"node %s of cluster %s cannot join yet: %s", node, name, e.outcome.waiting)
	}
	return nil
}

func (r *Reconciler) storeNode(
	ctx context.Context, name types.NamespacedName, node string, update registry.Node,
) error {
	_, controlPlane := update.Labels[clusterv1.MachineControlPlaneLabel]
	if e, _ := r.status.get(name); !controlPlane && len(e.outcome.result.Nodes) == 0 {
		return refuse(http.StatusInternalServerError,
			"cluster %s has no control-plane node yet, worker %s cannot join", name, node)
	}
	_, err := r.Registry.Update(ctx, name, func(registration *registry.Registration) error {
		update.Created = time.Now().UTC()
		if old, ok := registration.Nodes[node]; ok {
			update.Created = old.Created
		}
		if registration.Nodes == nil {
			registration.Nodes = map[string]registry.Node{}
		}
		registration.Nodes[node] = update
		return nil
	})
	return err
}

// hasMachine says whether a node is the node of one of the cluster's Machines.
func (r *Reconciler) hasMachine(ctx context.Context, cluster *clusterv1.Cluster, node string) (bool, error) {
	if cluster == nil {
		return false, nil
	}
	machine := &clusterv1.Machine{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: cluster.Namespace, Name: node}, machine)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("get Machine %s/%s: %w", cluster.Namespace, node, err)
	}
	return machine.Spec.ClusterName == cluster.Name, nil
}

// Unregister deletes a registration with its nodes, and stops serving the cluster unless a Cluster declares it.
func (r *Reconciler) Unregister(ctx context.Context, name types.NamespacedName) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	_, declared, err := r.declared(ctx, name)
	if err != nil {
		return err
	}
	existed, err := r.Registry.Delete(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case !existed && declared:
		return refuse(http.StatusConflict,
			"cluster %s is declared by its Cluster object and is removed when that is deleted", name)
	case !existed:
		return refuse(http.StatusNotFound, "cluster %s is not registered", name)
	}
	return r.Run(ctx, name)
}
