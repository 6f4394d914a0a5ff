// Package store makes the in-memory store that holds the objects of all fake clusters.
package store

import (
	"context"
	"errors"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	inmemorymanager "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/manager"
)

// New makes an empty store. A fake cluster's objects are a resource group in it.
//
// The store is started and stopped at once: started, because deleting an object with finalizers needs its queue, which
// is nil otherwise; stopped, because its periodic sync sends watch events of a type that clients do not know
// ("GENERIC"), at which they break off their watches. So an object with finalizers stays as it is deleted: no
// controller of a fake cluster would remove them either.
func New(ctx context.Context) (inmemorymanager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	manager := inmemorymanager.New(scheme)
	starting, stop := context.WithCancel(ctx)
	defer stop()
	return manager, manager.Start(starting)
}
