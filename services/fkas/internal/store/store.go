// Package store makes the in-memory store of Cluster API's in-memory provider. The store holds the objects of all fake
// clusters, each cluster's in a resource group of its own, and is lost with the process: package workload fills it
// again.
package store

import (
	"context"
	"errors"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	inmemorymanager "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/manager"
)

// New makes an empty store.
//
// The store is started and stopped at once. It must be started, because the deletion of an object with finalizers uses
// its queue, which is nil otherwise. It must be stopped, because its periodic sync sends watch events of the type
// "GENERIC", which clients do not know, so that they end their watches. Without the sync, an object that is deleted
// while it has finalizers stays: a fake cluster has no controller that would remove them.
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
