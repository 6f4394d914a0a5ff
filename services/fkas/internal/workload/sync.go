package workload

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	cloudv1 "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Result describes a fake cluster after Sync.
type Result struct {
	// Nodes are the names of the Nodes that exist, control plane and workers.
	Nodes []string
	// Waiting are the names of machines that are up but have no Node yet, workers before the first control-plane
	// machine.
	Waiting []string
	// RequeueAfter is the time until the next Node of a machine that is off becomes unknown; 0: there is none.
	RequeueAfter time.Duration
}

// Sync makes the resource group behind c match cluster. It may be called any number of times, whatever an earlier call,
// Cluster API or nobody left there. It must not run twice at the same time for one cluster.
func Sync(ctx context.Context, c inmemoryclient.Client, cluster Cluster) (Result, error) {
	for _, ns := range namespaces() {
		if err := createMissing(ctx, c, ns); err != nil {
			return Result{}, err
		}
	}
	nodes, now := sortNodes(cluster.Nodes), time.Now()
	if err := removeOthers(ctx, c, nodes); err != nil {
		return Result{}, err
	}

	var result Result
	initialised := false
	for _, n := range nodes {
		if !n.ControlPlane {
			continue
		}
		if !initialised {
			for _, obj := range kubeadmObjects(cluster, n) {
				if err := createMissing(ctx, c, obj); err != nil {
					return Result{}, err
				}
			}
			initialised = true
		}
		if err := createMissing(ctx, c, newEtcdPod(cluster, n, now)); err != nil {
			return Result{}, err
		}
		// The leader comes before the Node: as soon as KCP sees the Node, it asks the etcd member for the leader.
		if err := ensureLeader(ctx, c, nodes); err != nil {
			return Result{}, err
		}
		if err := ensureNode(ctx, c, n, now); err != nil {
			return Result{}, err
		}
		for _, component := range staticPods {
			if err := createMissing(ctx, c, newStaticPod(component, n, now)); err != nil {
				return Result{}, err
			}
		}
		result.Nodes = append(result.Nodes, n.Name)
	}

	if !initialised {
		var err error
		if initialised, err = hasKubeadmConfig(ctx, c); err != nil {
			return Result{}, err
		}
	}
	for _, n := range nodes {
		if n.ControlPlane {
			continue
		}
		// A worker joins a cluster. Before `kubeadm init` there is none that it could join.
		if !initialised {
			result.Waiting = append(result.Waiting, n.Name)
			continue
		}
		if err := ensureNode(ctx, c, n, now); err != nil {
			return Result{}, err
		}
		result.Nodes = append(result.Nodes, n.Name)
	}
	result.RequeueAfter = nextLoss(nodes, now)
	return result, nil
}

// removeOthers deletes the Nodes and control-plane pods of machines that are gone. If one of them led etcd, another
// member takes over.
func removeOthers(ctx context.Context, c inmemoryclient.Client, nodes []Node) error {
	wanted := map[string]bool{}
	pods := map[string]bool{}
	for _, n := range nodes {
		wanted[n.Name] = true
		if n.ControlPlane {
			pods[podName(etcdComponent, n.Name)] = true
			for _, component := range staticPods {
				pods[podName(component, n.Name)] = true
			}
		}
	}
	var nodeList corev1.NodeList
	if err := c.List(ctx, &nodeList); err != nil {
		return fmt.Errorf("list Nodes: %w", err)
	}
	for i := range nodeList.Items {
		if !wanted[nodeList.Items[i].Name] {
			if err := deleteExisting(ctx, c, &nodeList.Items[i]); err != nil {
				return err
			}
		}
	}
	var podList corev1.PodList
	controlPlane := client.MatchingLabels{"tier": "control-plane"}
	if err := c.List(ctx, &podList, client.InNamespace(metav1.NamespaceSystem), controlPlane); err != nil {
		return fmt.Errorf("list control-plane pods: %w", err)
	}
	removed := false
	for i := range podList.Items {
		if !pods[podList.Items[i].Name] {
			if err := deleteExisting(ctx, c, &podList.Items[i]); err != nil {
				return err
			}
			removed = true
		}
	}
	if removed {
		return ensureLeader(ctx, c, nodes)
	}
	return nil
}

// ensureLeader makes the oldest member the leader if no remaining member leads: at the start, after a restart, and when
// the leader's machine vanished before KCP had moved the lead. Real etcd would elect a leader; the in-memory one would
// answer "no leader found" for ever.
func ensureLeader(ctx context.Context, c inmemoryclient.Client, nodes []Node) error {
	var list corev1.PodList
	etcd := client.MatchingLabels{"component": etcdComponent}
	if err := c.List(ctx, &list, client.InNamespace(metav1.NamespaceSystem), etcd); err != nil {
		return fmt.Errorf("list etcd pods: %w", err)
	}
	members := map[string]*corev1.Pod{}
	for i := range list.Items {
		pod := &list.Items[i]
		if _, gone := pod.Annotations[cloudv1.EtcdMemberRemoved]; gone {
			continue
		}
		if _, err := time.Parse(time.RFC3339, pod.Annotations[cloudv1.EtcdLeaderFromAnnotationName]); err == nil {
			return nil
		}
		members[pod.Name] = pod
	}
	for _, n := range nodes {
		pod, ok := members[podName(etcdComponent, n.Name)]
		if !ok || !n.ControlPlane {
			continue
		}
		// The latest leader counts, and the time has a resolution of one second. A time in the past lets KCP move the
		// lead within the second of the election.
		from := n.Created.Time
		if from.IsZero() {
			from = time.Now().Add(-time.Second)
		}
		return update(ctx, c, pod, func() bool {
			pod.Annotations[cloudv1.EtcdLeaderFromAnnotationName] = from.UTC().Format(time.RFC3339)
			return true
		})
	}
	return nil
}

func hasKubeadmConfig(ctx context.Context, c inmemoryclient.Client) (bool, error) {
	err := c.Get(ctx, client.ObjectKey{Namespace: metav1.NamespaceSystem, Name: "kubeadm-config"}, &corev1.ConfigMap{})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("get kubeadm-config: %w", err)
	}
	return err == nil, nil
}

// update applies mutate to obj and stores it. After a conflict it tries again with a fresh copy, because Cluster API
// patches the same objects through the API.
func update(ctx context.Context, c inmemoryclient.Client, obj client.Object, mutate func() bool) error {
	fresh := true
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if !fresh {
			if err := c.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
				return err
			}
		}
		fresh = false
		if !mutate() {
			return nil
		}
		return c.Update(ctx, obj)
	})
}

func createMissing(ctx context.Context, c inmemoryclient.Client, obj client.Object) error {
	if err := c.Create(ctx, obj); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	return nil
}

func deleteExisting(ctx context.Context, c inmemoryclient.Client, obj client.Object) error {
	if err := c.Delete(ctx, obj); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	return nil
}
