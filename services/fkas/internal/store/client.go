package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// Client reads and writes a cluster past its API server: no validation, no history of managers. Package workload and
// Cluster API's in-memory etcd use it.
type Client struct {
	cluster *Cluster
	scheme  *runtime.Scheme
}

var _ inmemoryclient.Client = Client{}

// GetClient makes a Client a resource group of the in-memory provider.
func (c Client) GetClient() inmemoryclient.Client { return c }

func (c Client) gvk(obj runtime.Object) (schema.GroupVersionKind, error) {
	gvk, err := apiutil.GVKForObject(obj, c.scheme)
	if err != nil {
		return gvk, apierrors.NewInternalError(err)
	}
	return gvk, nil
}

func resource(gvk schema.GroupVersionKind) schema.GroupResource {
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return plural.GroupResource()
}

// Get copies an object into obj.
func (c Client) Get(_ context.Context, key client.ObjectKey, obj client.Object) error {
	gvk, err := c.gvk(obj)
	if err != nil {
		return err
	}
	stored, ok := c.cluster.Get(gvk, key)
	if !ok {
		return apierrors.NewNotFound(resource(gvk), key.Name)
	}
	return assign(stored.DeepCopyObject(), obj)
}

// assign sets the object that out points to.
func assign(in runtime.Object, out runtime.Object) error {
	from, to := reflect.ValueOf(in), reflect.ValueOf(out)
	if from.Type() != to.Type() {
		return apierrors.NewInternalError(fmt.Errorf("%T is stored, and %T was asked for", in, out))
	}
	to.Elem().Set(from.Elem())
	return nil
}

// List copies the objects that options choose into list. Of selectors it knows those of labels.
func (c Client) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	gvk, err := c.gvk(list)
	if err != nil {
		return err
	}
	gvk.Kind = gvk.Kind[:len(gvk.Kind)-len("List")]
	var options client.ListOptions
	options.ApplyOptions(opts)
	if options.FieldSelector != nil && !options.FieldSelector.Empty() {
		return apierrors.NewInternalError(errors.New("the store knows no field selectors"))
	}
	found, revision := c.cluster.List(gvk, options.Namespace)
	items := make([]runtime.Object, 0, len(found))
	for _, obj := range found {
		if options.LabelSelector == nil || options.LabelSelector.Matches(labelSet(obj)) {
			items = append(items, obj.DeepCopyObject())
		}
	}
	list.SetResourceVersion(fmt.Sprint(revision))
	return meta.SetList(list, items)
}

// Create stores an object with a new UID. obj gets what the store has added.
func (c Client) Create(_ context.Context, obj client.Object) error {
	gvk, err := c.gvk(obj)
	if err != nil {
		return err
	}
	next := obj.DeepCopyObject().(client.Object)
	c.scheme.Default(next)
	next.SetUID(uuid.NewUUID())
	next.SetCreationTimestamp(metav1.Now())
	next.SetGeneration(1)
	key := client.ObjectKeyFromObject(obj)
	stored, err := c.cluster.Commit(gvk, key, nil, next)
	if errors.Is(err, ErrConflict) {
		return apierrors.NewAlreadyExists(resource(gvk), key.Name)
	}
	if err != nil {
		return err
	}
	return assign(stored.DeepCopyObject(), obj)
}

// Update stores obj in the place of the object with the same resource version.
func (c Client) Update(_ context.Context, obj client.Object) error {
	gvk, err := c.gvk(obj)
	if err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(obj)
	current, ok := c.cluster.Get(gvk, key)
	if !ok {
		return apierrors.NewNotFound(resource(gvk), key.Name)
	}
	next := obj.DeepCopyObject().(client.Object)
	if next.GetResourceVersion() != current.GetResourceVersion() {
		return apierrors.NewConflict(resource(gvk), key.Name, ErrConflict)
	}
	return c.replace(gvk, key, current, next, obj)
}

func (c Client) replace(
	gvk schema.GroupVersionKind,
	key types.NamespacedName,
	current, next, out client.Object,
) error {
	next.SetUID(current.GetUID())
	next.SetCreationTimestamp(current.GetCreationTimestamp())
	next.GetObjectKind().SetGroupVersionKind(gvk)
	if reflect.DeepEqual(current, next) {
		return nil
	}
	stored, err := c.cluster.Commit(gvk, key, current, next)
	if errors.Is(err, ErrConflict) {
		return apierrors.NewConflict(resource(gvk), key.Name, err)
	}
	if err != nil {
		return err
	}
	return assign(stored.DeepCopyObject(), out)
}

// Patch applies a merge patch.
func (c Client) Patch(_ context.Context, obj client.Object, patch client.Patch) error {
	gvk, err := c.gvk(obj)
	if err != nil {
		return err
	}
	if patch.Type() != types.MergePatchType {
		return apierrors.NewBadRequest(fmt.Sprintf("patch of type %s is not supported", patch.Type()))
	}
	data, err := patch.Data(obj)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	key := client.ObjectKeyFromObject(obj)
	current, ok := c.cluster.Get(gvk, key)
	if !ok {
		return apierrors.NewNotFound(resource(gvk), key.Name)
	}
	before, err := json.Marshal(current)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	after, err := jsonpatch.MergePatch(before, data)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	next := reflect.New(reflect.TypeOf(current).Elem()).Interface().(client.Object)
	if err := json.Unmarshal(after, next); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return c.replace(gvk, key, current, next, obj)
}

// Delete removes an object. One with finalizers is only marked.
func (c Client) Delete(_ context.Context, obj client.Object) error {
	gvk, err := c.gvk(obj)
	if err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(obj)
	if !c.cluster.remove(gvk, key) {
		return apierrors.NewNotFound(resource(gvk), key.Name)
	}
	return nil
}
