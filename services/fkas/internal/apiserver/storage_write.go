package apiserver

import (
	"context"
	"errors"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// Delete removes an object that preconditions and validation agree to.
func (s *clusterStorage) Delete(
	ctx context.Context,
	path string,
	out runtime.Object,
	preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc,
	_ runtime.Object,
	_ storage.DeleteOptions,
) error {
	cluster, key := store.From(ctx), s.key(path)
	for {
		current, ok := cluster.Get(s.gvk, key)
		if !ok {
			return storage.NewKeyNotFoundError(path, int64(cluster.Revision()))
		}
		existing, err := s.internalCopy(current)
		if err != nil {
			return err
		}
		if err := preconditions.Check(path, existing); err != nil {
			return err
		}
		if err := validate(ctx, existing); err != nil {
			return err
		}
		deleted, err := cluster.Commit(s.gvk, key, current, nil)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		return s.set(deleted, out)
	}
}

// GuaranteedUpdate changes an object, again and again until nobody else writes it at the same time.
func (s *clusterStorage) GuaranteedUpdate(
	ctx context.Context,
	path string,
	out runtime.Object,
	ignoreNotFound bool,
	preconditions *storage.Preconditions,
	update storage.UpdateFunc,
	_ runtime.Object,
) error {
	cluster, key := store.From(ctx), s.key(path)
	for {
		current, existing, err := s.current(cluster, path, ignoreNotFound)
		if err != nil {
			return err
		}
		if err := preconditions.Check(path, existing); err != nil {
			return err
		}
		version, err := s.ObjectResourceVersion(existing)
		if err != nil {
			return storage.NewInternalError(err)
		}
		changed, _, err := update(existing, storage.ResponseMeta{ResourceVersion: version})
		if err != nil {
			return err
		}
		next, err := s.external(changed)
		if err != nil {
			return err
		}
		if current != nil {
			// A write that changes nothing is none.
			next.SetResourceVersion(current.GetResourceVersion())
			next.GetObjectKind().SetGroupVersionKind(s.gvk)
			if equality.Semantic.DeepEqual(current, next) {
				return s.set(current, out)
			}
		}
		stored, err := cluster.Commit(s.gvk, key, current, next)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		return s.set(stored, out)
	}
}

// current is the object at a path, as it is stored and as a registry may change it.
func (s *clusterStorage) current(
	cluster *store.Cluster,
	path string,
	ignoreNotFound bool,
) (client.Object, runtime.Object, error) {
	obj, ok := cluster.Get(s.gvk, s.key(path))
	if ok {
		existing, err := s.internalCopy(obj)
		return obj, existing, err
	}
	if !ignoreNotFound {
		return nil, nil, storage.NewKeyNotFoundError(path, int64(cluster.Revision()))
	}
	empty := s.newFunc()
	if custom, ok := empty.(runtime.Unstructured); ok {
		return nil, custom.NewEmptyInstance(), nil
	}
	return nil, reflect.New(reflect.TypeOf(empty).Elem()).Interface().(runtime.Object), nil
}
