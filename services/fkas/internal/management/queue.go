package management

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	bmov1alpha1 "github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	infrav1 "github.com/metal3-io/cluster-api-provider-metal3/api/v1beta2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// QueuedAnnotation on a Cluster, which is paused by annotation as well, says for how many hosts it waits: a whole
	// number from 1.
	QueuedAnnotation = "metal3-scale-lab/queued"
	// HostClusterLabel on a BareMetalHost names the Cluster, of the host's namespace, that it is set aside for.
	HostClusterLabel = "metal3-scale-lab/cluster"
)

// Queue lets Clusters start when their hosts are ready. A Machine that waits for a host is asked for all the while, by
// CAPM3 every 30 s and by KCP every 20 s; a Cluster that is paused has no Machine yet.
//
// The annotation on the Cluster pauses the Cluster and topology controllers (Cluster API v1.13.4, internal/controllers:
// cluster and topology/cluster), not those of its KubeadmControlPlane, MachineDeployments and Machines, which heed
// spec.paused and their own annotation only. So nothing is made for a Cluster that is new, and all that is there goes
// on where a Cluster is queued again. Neither controller filters out that an annotation goes: both start at once.
type Queue struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Patience is the age from which a Cluster starts although not one host is set aside for it; 0: never.
	Patience time.Duration
}

// Release is what a call of Queue.Release did.
type Release struct {
	Released bool
	// Again is when to look again, as no event will tell; 0: not at all.
	Again time.Duration
}

// Queued says whether a Cluster is in the queue.
func Queued(cluster *clusterv1.Cluster) bool {
	_, queued := cluster.Annotations[QueuedAnnotation]
	return queued
}

// Release takes a Cluster out of the queue if its hosts are ready. One that is not queued is left alone, paused or not.
func (q *Queue) Release(ctx context.Context, name types.NamespacedName) (Release, error) {
	var cluster clusterv1.Cluster
	if err := q.Client.Get(ctx, name, &cluster); err != nil || !Queued(&cluster) {
		return Release{}, client.IgnoreNotFound(err)
	}
	reason, again, err := q.judge(ctx, &cluster)
	if err != nil || reason == "" {
		return Release{Again: again}, err
	}
	err = letIn(ctx, q.Client, &cluster, &clusterv1.Cluster{}, time.Now(), clusterv1.PausedAnnotation)
	switch {
	case apierrors.IsConflict(err):
		// It changed since the cache heard of it, perhaps only in its status, of which no event tells.
		return Release{Again: afterConflict}, nil
	case apierrors.IsNotFound(err):
		return Release{}, nil
	case err != nil:
		return Release{}, fmt.Errorf("release queued cluster %s: %w", name, err)
	}
	log.FromContext(ctx).Info("Released a queued cluster", "cluster", name.String(), "queued", cluster.Annotations[QueuedAnnotation],
		"reason", reason, "age", time.Since(cluster.CreationTimestamp.Time).Round(time.Second).String())
	return Release{Released: true}, nil
}

// judge returns why a queued Cluster is to be released, "" if it is not (yet).
func (q *Queue) judge(ctx context.Context, cluster *clusterv1.Cluster) (reason string, again time.Duration, err error) {
	// Paused, it would keep its finalizer for ever.
	if !cluster.DeletionTimestamp.IsZero() {
		return "it is being deleted", 0, nil
	}
	value := cluster.Annotations[QueuedAnnotation]
	wanted, err := strconv.ParseUint(value, 10, 31)
	if err != nil || wanted == 0 {
		return fmt.Sprintf("annotation %s: %q: must be a whole number from 1", QueuedAnnotation, value), 0, nil
	}
	var hosts bmov1alpha1.BareMetalHostList
	if err := q.Client.List(ctx, &hosts, client.InNamespace(cluster.Namespace), client.MatchingFields{HostClusterIndex: cluster.Name}); err != nil {
		return "", 0, fmt.Errorf("list BareMetalHosts of cluster %s: %w", client.ObjectKeyFromObject(cluster), err)
	}
	if len(hosts.Items) == 0 {
		return q.judgeWithoutHosts(cluster)
	}
	var ready uint64
	for i := range hosts.Items {
		ok, err := q.ready(ctx, &hosts.Items[i], cluster)
		if err != nil {
			return "", 0, err
		}
		if ok {
			ready++
		}
	}
	if ready < wanted {
		return "", 0, nil
	}
	return fmt.Sprintf("%d hosts are ready for it", ready), 0, nil
}

// judgeWithoutHosts keeps a Cluster over hosts that somebody made without labels from waiting for ever. The lab makes a
// cluster's hosts before the Cluster.
func (q *Queue) judgeWithoutHosts(cluster *clusterv1.Cluster) (string, time.Duration, error) {
	if q.Patience == 0 {
		return "", 0, nil
	}
	if rest := q.Patience - time.Since(cluster.CreationTimestamp.Time); rest > 0 {
		return "", rest, nil
	}
	return fmt.Sprintf("no BareMetalHost has label %s=%s", HostClusterLabel, cluster.Name), 0, nil
}

// ready says whether a machine of the cluster could take the host at once, or has it.
func (q *Queue) ready(ctx context.Context, host *bmov1alpha1.BareMetalHost, cluster *clusterv1.Cluster) (bool, error) {
	if !host.DeletionTimestamp.IsZero() {
		return false, nil
	}
	if host.Spec.ConsumerRef == nil {
		return Free(host), nil
	}
	consumer, ok := Consumer(host)
	if !ok || consumer.Namespace != cluster.Namespace {
		return false, nil
	}
	var m3m infrav1.Metal3Machine
	err := q.Client.Get(ctx, consumer, &m3m)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("get Metal3Machine %s: %w", consumer, err)
	}
	return err == nil && m3m.Labels[clusterv1.ClusterNameLabel] == cluster.Name, nil
}

// letIn removes QueuedAnnotation and the pauses from an object, and notes when: in one patch that holds only for what was read. It names the annotations,
// because the cache does not hold the others. target is an empty object of the same kind, which the answer is written to.
func letIn(ctx context.Context, c client.Writer, obj, target client.Object, now time.Time, pauses ...string) error {
	annotations := map[string]any{QueuedAnnotation: nil, AdmittedAnnotation: now.UTC().Format(time.RFC3339)}
	for _, pause := range pauses {
		annotations[pause] = nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": obj.GetUID(), "resourceVersion": obj.GetResourceVersion(), "annotations": annotations,
	}})
	if err != nil {
		return err
	}
	target.SetNamespace(obj.GetNamespace())
	target.SetName(obj.GetName())
	return c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
}
