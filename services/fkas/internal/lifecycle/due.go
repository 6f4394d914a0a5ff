package lifecycle

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	deploymentutil "k8s.io/kubernetes/pkg/controller/deployment/util"
	jobutil "k8s.io/kubernetes/pkg/controller/job/util"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

var (
	serviceKind    = corev1.SchemeGroupVersion.WithKind("Service")
	deploymentKind = appsv1.SchemeGroupVersion.WithKind("Deployment")
	daemonKind     = appsv1.SchemeGroupVersion.WithKind("DaemonSet")
	statefulKind   = appsv1.SchemeGroupVersion.WithKind("StatefulSet")
	jobKind        = batchv1.SchemeGroupVersion.WithKind("Job")
	cronJobKind    = batchv1.SchemeGroupVersion.WithKind("CronJob")
	workloadKinds  = []schema.GroupVersionKind{
		deploymentKind, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), daemonKind, statefulKind, jobKind, cronJobKind,
		podKind,
	}
)

// wakes says whether a write makes work for controllers. CoreDNS and kube-proxy of a cluster are there from its
// beginning: by themselves they make none, so that a cluster that nobody uses costs nothing. They get Pods when
// controllers run for something else.
func wakes(cluster *store.Cluster, event store.Event) bool {
	switch {
	case slices.Contains(workloadKinds, event.GVK):
		return !isOfCluster(event.Written) && (event.New != nil || event.GVK == podKind)
	case event.GVK == serviceKind:
		return event.New != nil && len(event.New.(*corev1.Service).Spec.Selector) > 0
	case event.GVK == nodeKind:
		return hasWorkloads(cluster)
	default:
		return false
	}
}

func hasWorkloads(cluster *store.Cluster) bool {
	return anyWorkload(cluster, func(client.Object) bool { return true })
}

// anyWorkload says whether something holds of a workload that is not of those that each cluster has.
func anyWorkload(cluster *store.Cluster, holds func(client.Object) bool) bool {
	return slices.ContainsFunc(workloadKinds, func(kind schema.GroupVersionKind) bool {
		found, _ := cluster.List(kind, "")
		return slices.ContainsFunc(found, func(obj client.Object) bool { return !isOfCluster(obj) && holds(obj) })
	})
}

// isOfCluster says whether a workload is of those that package workload gives to each cluster.
func isOfCluster(obj client.Object) bool {
	if store.IsStatic(obj) {
		return true
	}
	name := obj.GetName()
	return obj.GetNamespace() == metav1.NamespaceSystem && (name == "coredns" || name == "kube-proxy")
}

// due says whether something is to happen to a workload although nobody writes anything: controllers that have ended
// do not know what time it is. On a machine with too little CPU they may also end before they have done all.
func due(cluster *store.Cluster) bool { return anyWorkload(cluster, isDue) }

func isDue(obj client.Object) bool {
	switch workload := obj.(type) {
	case *appsv1.Deployment:
		progress := deploymentutil.GetDeploymentCondition(workload.Status, appsv1.DeploymentProgressing)
		if progress != nil && progress.Reason == deploymentutil.TimedOutReason {
			return false
		}
		return !workload.Spec.Paused && !deploymentutil.DeploymentComplete(workload, &workload.Status)
	case *appsv1.DaemonSet:
		return workload.Status.ObservedGeneration < workload.Generation ||
			workload.Status.CurrentNumberScheduled < workload.Status.DesiredNumberScheduled ||
			workload.Status.NumberAvailable < workload.Status.NumberReady
	case *appsv1.StatefulSet:
		return workload.Status.ObservedGeneration < workload.Generation ||
			workload.Status.AvailableReplicas < workload.Status.ReadyReplicas
	case *batchv1.Job:
		if jobutil.IsJobFinished(workload) {
			return workload.Spec.TTLSecondsAfterFinished != nil
		}
		isSuspended := workload.Spec.Suspend != nil && *workload.Spec.Suspend
		return !isSuspended && (workload.Status.StartTime == nil || workload.Status.Failed > 0 ||
			workload.Spec.ActiveDeadlineSeconds != nil)
	case *batchv1.CronJob:
		return workload.Spec.Suspend == nil || !*workload.Spec.Suspend
	case *corev1.Pod:
		// Nobody has looked at it yet, or its work is done.
		isNew := workload.Spec.NodeName == "" && len(workload.Status.Conditions) == 0 &&
			workload.Spec.SchedulerName == corev1.DefaultSchedulerName && len(workload.Spec.SchedulingGates) == 0
		return isNew || (workload.Status.Phase == corev1.PodRunning && completes(workload))
	default:
		return false
	}
}
