package apiserver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// clusterStorage is what a kube-apiserver has etcd for: the objects of one resource, of the cluster that the context
// names.
type clusterStorage struct {
	storage.APIObjectVersioner
	converter
	gvk        schema.GroupVersionKind
	prefix     string
	namespaced bool
	newFunc    func() runtime.Object
}

// converter knows the objects of a store and those of a registry.
type converter interface {
	// internal is the object as registries want it. It may share memory with the store.
	internal(obj client.Object) (runtime.Object, error)
	// external is the object as the store wants it, sharing no memory with in.
	external(in runtime.Object) (client.Object, error)
}

var _ storage.Interface = &clusterStorage{}

// Versioner reads and writes resource versions.
func (s *clusterStorage) Versioner() storage.Versioner { return s.APIObjectVersioner }

// key reads PREFIX/NAME or PREFIX/NAMESPACE/NAME; a part that is missing stays empty.
func (s *clusterStorage) key(path string) types.NamespacedName {
	rest := strings.Trim(strings.TrimPrefix(path, s.prefix), "/")
	if !s.namespaced {
		return types.NamespacedName{Name: rest}
	}
	namespace, name, _ := strings.Cut(rest, "/")
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// internalCopy is an object that may be changed.
func (s *clusterStorage) internalCopy(obj client.Object) (runtime.Object, error) {
	return s.internal(obj.DeepCopyObject().(client.Object))
}

// set copies an object of the store to where a registry wants its answer.
func (s *clusterStorage) set(obj client.Object, out runtime.Object) error {
	in, err := s.internalCopy(obj)
	if err != nil {
		return err
	}
	reflect.ValueOf(out).Elem().Set(reflect.ValueOf(in).Elem())
	return nil
}

// Create stores a new object. The time to live, which Events alone have, is kept by package store.
func (s *clusterStorage) Create(ctx context.Context, path string, obj, out runtime.Object, _ uint64) error {
	if version, err := s.ObjectResourceVersion(obj); err == nil && version != 0 {
		return storage.ErrResourceVersionSetOnCreate
	}
	next, err := s.external(obj)
	if err != nil {
		return err
	}
	stored, err := store.From(ctx).Commit(s.gvk, s.key(path), nil, next)
	if errors.Is(err, store.ErrConflict) {
		return storage.NewKeyExistsError(path, 0)
	}
	if err != nil || out == nil {
		return err
	}
	return s.set(stored, out)
}

// Get reads an object.
func (s *clusterStorage) Get(ctx context.Context, path string, options storage.GetOptions, out runtime.Object) error {
	cluster := store.From(ctx)
	if err := s.notOlder(options.ResourceVersion, cluster.Revision()); err != nil {
		return err
	}
	obj, ok := cluster.Get(s.gvk, s.key(path))
	switch {
	case ok:
		return s.set(renewed(cluster, obj), out)
	case options.IgnoreNotFound:
		return runtime.SetZeroValue(out)
	default:
		return storage.NewKeyNotFoundError(path, int64(cluster.Revision()))
	}
}

// notOlder refuses a version that this cluster does not have yet.
func (s *clusterStorage) notOlder(version string, current uint64) error {
	wanted, err := s.ParseResourceVersion(version)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err))
	}
	if wanted > current {
		return storage.NewTooLargeResourceVersionError(wanted, current, 1)
	}
	return nil
}

// GetList reads the objects that a predicate chooses, in parts if it has a limit.
func (s *clusterStorage) GetList(
	ctx context.Context,
	path string,
	options storage.ListOptions,
	list runtime.Object,
) error {
	key := s.key(path)
	prefix := strings.TrimSuffix(path, "/") + "/"
	_, after, err := storage.ValidateListOptions(prefix, s.APIObjectVersioner, options)
	if err != nil {
		return err
	}
	cluster := store.From(ctx)
	objects, revision := cluster.List(s.gvk, key.Namespace)
	if err := s.notOlder(options.ResourceVersion, revision); err != nil {
		return err
	}
	exact := options.ResourceVersionMatch == metav1.ResourceVersionMatchExact
	if exact && options.ResourceVersion != fmt.Sprint(revision) {
		return apierrors.NewResourceExpired("The provided resource version is not kept.")
	}
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return storage.NewInternalError(err)
	}
	slice := reflect.ValueOf(items).Elem()
	found := reflect.MakeSlice(slice.Type(), 0, len(objects))
	last, more, left := "", false, int64(0)
	for _, obj := range objects {
		at := s.path(obj)
		if (!options.Recursive && obj.GetName() != key.Name) || at < after {
			continue
		}
		if more {
			left++
			continue
		}
		item, err := s.internal(renewed(cluster, obj))
		if err != nil {
			return err
		}
		if matches, err := options.Predicate.Matches(item); err != nil || !matches {
			continue
		}
		if options.Predicate.Limit > 0 && int64(found.Len()) == options.Predicate.Limit {
			more, left = true, 1
			continue
		}
		found, last = reflect.Append(found, reflect.ValueOf(item).Elem()), at
	}
	slice.Set(found)
	token, remaining, err := storage.PrepareContinueToken(
		last, prefix, int64(revision), int64(found.Len())+left, more, options)
	if err != nil {
		return err
	}
	return s.UpdateList(list, revision, token, remaining)
}

// path is the key of an object as registries make it.
func (s *clusterStorage) path(obj client.Object) string {
	if s.namespaced {
		return s.prefix + "/" + obj.GetNamespace() + "/" + obj.GetName()
	}
	return s.prefix + "/" + obj.GetName()
}

// Stats counts the objects.
func (s *clusterStorage) Stats(ctx context.Context) (storage.Stats, error) {
	objects, _ := store.From(ctx).List(s.gvk, "")
	return storage.Stats{ObjectCount: int64(len(objects))}, nil
}

// GetCurrentResourceVersion is the version of the latest write to the cluster.
func (s *clusterStorage) GetCurrentResourceVersion(ctx context.Context) (uint64, error) {
	return store.From(ctx).Revision(), nil
}

// ReadinessCheck is always good.
func (s *clusterStorage) ReadinessCheck() error { return nil }

// RequestWatchProgress is for a cache in front of etcd, which there is not.
func (s *clusterStorage) RequestWatchProgress(context.Context) error { return nil }

// EnableResourceSizeEstimation is for metrics of etcd.
func (s *clusterStorage) EnableResourceSizeEstimation(storage.KeysFunc) error { return nil }

// CompactRevision is for etcd.
func (s *clusterStorage) CompactRevision() int64 { return 0 }
