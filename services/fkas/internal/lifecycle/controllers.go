package lifecycle

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/kubernetes/pkg/controller/cronjob"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/kubernetes/pkg/controller/ttlafterfinished"
)

const (
	// burst is kube-controller-manager's: how many Pods of a ReplicaSet are made at once.
	burst = 500
	// endpointsPerSlice is kube-controller-manager's default.
	endpointsPerSlice = 100
)

// controller runs with a number of workers until the context ends.
type controller interface {
	Run(ctx context.Context, workers int)
}

// newControllers are those of kube-controller-manager that workloads wait for. What its garbage collector does, and
// its controllers of namespaces and ServiceAccounts, is done by package store.
func newControllers(
	ctx context.Context, clients kubernetes.Interface, factory informers.SharedInformerFactory,
) ([]controller, error) {
	apps, batch, core := factory.Apps().V1(), factory.Batch().V1(), factory.Core().V1()
	deployments, err := deployment.NewDeploymentController(
		ctx, apps.Deployments(), apps.ReplicaSets(), core.Pods(), clients)
	if err != nil {
		return nil, fmt.Errorf("make the controller of Deployments: %w", err)
	}
	daemons, err := daemon.NewDaemonSetsController(
		ctx, apps.DaemonSets(), apps.ControllerRevisions(), core.Pods(), core.Nodes(), clients,
		flowcontrol.NewBackOff(time.Second, 15*time.Minute))
	if err != nil {
		return nil, fmt.Errorf("make the controller of DaemonSets: %w", err)
	}
	jobs, err := job.NewController(ctx, core.Pods(), batch.Jobs(), clients)
	if err != nil {
		return nil, fmt.Errorf("make the controller of Jobs: %w", err)
	}
	cronJobs, err := cronjob.NewControllerV2(ctx, batch.Jobs(), batch.CronJobs(), clients)
	if err != nil {
		return nil, fmt.Errorf("make the controller of CronJobs: %w", err)
	}
	return []controller{
		deployments, daemons, jobs, cronJobs,
		replicaset.NewReplicaSetController(ctx, apps.ReplicaSets(), core.Pods(), clients, burst),
		statefulset.NewStatefulSetController(
			ctx, core.Pods(), apps.StatefulSets(), core.PersistentVolumeClaims(), apps.ControllerRevisions(), clients),
		ttlafterfinished.New(ctx, batch.Jobs(), clients),
		endpointslice.NewController(
			ctx, core.Pods(), core.Services(), core.Nodes(), factory.Discovery().V1().EndpointSlices(),
			endpointsPerSlice, clients, 0),
	}, nil
}
