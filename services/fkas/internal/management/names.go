package management

import "time"

// Labels and annotations that FKAS and the lab's program share. A test of the program compares these values with its
// own: plan/manifests/cluster-objects.ts and components/hosts.ts.
const (
	// IndexLabel on a Cluster is the index of the FKAS that serves it.
	IndexLabel = "metal3-scale-lab/fake-api-server"
	// NodeAddressClass is the loadBalancerClass of a Service that is reached at an address of a node. Whoever answers
	// behind the Service publishes the address.
	NodeAddressClass = "metal3-scale-lab/node-address"
	// HostClusterLabel on a BareMetalHost names the Cluster, of the host's namespace, that the host is assigned to.
	HostClusterLabel = "metal3-scale-lab/cluster"
	// QueuedAnnotation on a paused Cluster is the number of hosts that the Cluster waits for, a whole number from 1.
	// On a paused BareMetalHost it marks the host as queued, whatever its value.
	QueuedAnnotation = "queue.metal3-scale-lab/queued"
	// FormerQueuedAnnotation is what earlier versions of the lab's program wrote instead.
	FormerQueuedAnnotation = "metal3-scale-lab/queued"
	// LeavingAnnotation on a BareMetalHost, whatever its value, says that the host is about to leave the lab.
	LeavingAnnotation = "metal3-scale-lab/leaving"
	// ReleasedAnnotation on a BareMetalHost or Cluster that was queued is the time of its release: RFC 3339, in UTC.
	ReleasedAnnotation = "queue.metal3-scale-lab/released"
)

// Annotations that only FKAS writes, each to make CAPM3 reconcile a Metal3Machine.
const (
	// NodeCreatedAnnotation on a Metal3Machine is the UID of the BareMetalHost for which FKAS has created the Node.
	NodeCreatedAnnotation = "metal3-scale-lab/node-created"
	// FreeHostAnnotation on a Metal3Machine names a BareMetalHost that became free while the Metal3Machine had none.
	FreeHostAnnotation = "metal3-scale-lab/free-host"
)

// Kinds to which references of other objects point.
const (
	Metal3MachineKind = "Metal3Machine"
	Metal3ClusterKind = "Metal3Cluster"
)

// RetryAfterConflict is the time until FKAS looks again at an object that changed between its being read and written.
const RetryAfterConflict = time.Second
