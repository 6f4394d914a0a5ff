package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	label   = "metal3-scale-lab/fkas-registration"
	dataKey = "registration.json"
)

// Registration is a cluster that was registered over HTTP, or a declared cluster with registered nodes.
type Registration struct {
	Namespace string `json:"namespace"`
	Cluster   string `json:"cluster"`
	// Port that the cluster was given. It is 0 if the Cluster declares an endpoint and only nodes were registered.
	Port int32 `json:"port"`
	// Created is when it was registered.
	Created time.Time `json:"created"`
	// Nodes that were registered with /updateNode, by name.
	Nodes map[string]Node `json:"nodes,omitempty"`
}

// Node is a node that was registered with /updateNode.
type Node struct {
	ProviderID string            `json:"providerID,omitempty"`
	UUID       string            `json:"uuid"`
	Labels     map[string]string `json:"labels,omitempty"`
	Version    string            `json:"k8sversion"`
	Created    time.Time         `json:"created"`
}

// Name is the Cluster's namespace and name.
func (r Registration) Name() types.NamespacedName {
	return types.NamespacedName{Namespace: r.Namespace, Name: r.Cluster}
}

// Registry is the set of registrations of one FKAS.
type Registry struct {
	// Client reads and writes the ConfigMaps past the cache. Index tells the ConfigMaps of several FKAS apart.
	Client    client.Client
	Namespace string
	Index     string

	// writing is held while a change is stored. mu is held only to read or replace an entry, so that readers never wait
	// for the management cluster.
	writing sync.Mutex
	mu      sync.RWMutex
	known   map[types.NamespacedName]Registration
}

func (r *Registry) labels() map[string]string {
	if r.Index == "" {
		return map[string]string{label: "all"}
	}
	return map[string]string{label: "index-" + r.Index}
}

// Load reads the registrations that earlier processes stored.
func (r *Registry) Load(ctx context.Context) error {
	var list corev1.ConfigMapList
	if err := r.Client.List(ctx, &list, client.InNamespace(r.Namespace), client.MatchingLabels(r.labels())); err != nil {
		return fmt.Errorf("list registrations in namespace %s: %w", r.Namespace, err)
	}
	known := map[types.NamespacedName]Registration{}
	for _, cm := range list.Items {
		var registration Registration
		if err := json.Unmarshal([]byte(cm.Data[dataKey]), &registration); err != nil {
			return fmt.Errorf("ConfigMap %s/%s, key %s: %w", cm.Namespace, cm.Name, dataKey, err)
		}
		known[registration.Name()] = registration
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = known
	return nil
}

// Get returns a copy of a registration, and false if there is none.
func (r *Registry) Get(name types.NamespacedName) (Registration, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	registration, ok := r.known[name]
	return registration.clone(), ok
}

// Names lists the registered clusters.
func (r *Registry) Names() []types.NamespacedName {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]types.NamespacedName, 0, len(r.known))
	for name := range r.known {
		names = append(names, name)
	}
	return names
}

// PortUser returns the cluster that a port was given to, and false if there is none.
func (r *Registry) PortUser(port int32) (types.NamespacedName, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for name, registration := range r.known {
		if registration.Port == port {
			return name, true
		}
	}
	return types.NamespacedName{}, false
}

// Update calls change with the registration of the cluster, or with an empty one, and stores the result. Updates happen
// one at a time. If change or storing fails, nothing is changed.
func (r *Registry) Update(
	ctx context.Context,
	name types.NamespacedName,
	change func(*Registration) error,
) (Registration, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	next, existed := r.Get(name)
	next.Namespace, next.Cluster = name.Namespace, name.Name
	if err := change(&next); err != nil {
		return Registration{}, err
	}
	data, err := json.Marshal(next)
	if err != nil {
		return Registration{}, err
	}
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.objectName(name), Labels: r.labels()},
		Data:       map[string]string{dataKey: string(data)},
	}
	if existed {
		err = r.Client.Update(ctx, cm)
	}
	if !existed || apierrors.IsNotFound(err) {
		err = r.Client.Create(ctx, cm)
	}
	if err != nil {
		return Registration{}, fmt.Errorf("store registration of cluster %s: %w", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[types.NamespacedName]Registration{}
	}
	r.known[name] = next
	return next.clone(), nil
}

// Delete deletes a registration and says whether there was one.
func (r *Registry) Delete(ctx context.Context, name types.NamespacedName) (bool, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	if _, ok := r.Get(name); !ok {
		return false, nil
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.objectName(name)}}
	if err := r.Client.Delete(ctx, cm); err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("delete registration of cluster %s: %w", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, name)
	return true, nil
}

// objectName is a hash, because namespace and name together may be longer than the name of an object.
func (r *Registry) objectName(name types.NamespacedName) string {
	sum := sha256.Sum256([]byte(r.Index + "\x00" + name.String()))
	return "fkas-registration-" + hex.EncodeToString(sum[:10])
}

func (r Registration) clone() Registration {
	out := r
	out.Nodes = make(map[string]Node, len(r.Nodes))
	for name, node := range r.Nodes {
		out.Nodes[name] = node
	}
	return out
}
