package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	// ReconcileErrors counts runs of a cluster that failed.
	ReconcileErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_reconcile_errors_total",
		Help: "Runs that failed to bring a fake cluster up to date.",
	})
	// OrphansDeleted counts Machines that were deleted because their owner gave up on them while it created them.
	OrphansDeleted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_orphaned_machines_deleted_total",
		Help: "Machines deleted because their owner had deleted their infrastructure object and bootstrap config again.",
	})
	// ReleasedClusters counts Clusters that were taken out of the queue.
	ReleasedClusters = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_released_clusters_total",
		Help: "Clusters taken out of the queue, mostly because their hosts were available.",
	})
	// ReleasedHosts counts BareMetalHosts that were taken out of the queue.
	ReleasedHosts = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_released_hosts_total",
		Help: "BareMetalHosts taken out of the queue, mostly because fewer than the limit were in progress.",
	})
	// HostsAtOnce is the number of BareMetalHosts in progress from which no queued one is released.
	HostsAtOnce = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fkas_hosts_at_once",
		Help: "BareMetalHosts in progress from which no queued one is released.",
	})
	// HostsInProgress is the number of BareMetalHosts in progress when the queue was last looked at.
	HostsInProgress = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fkas_hosts_in_progress",
		Help: "BareMetalHosts in progress, on their way to available or on to provisioned.",
	})
	// HostSeconds is how long the hosts of the last round were in progress.
	HostSeconds = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fkas_host_seconds",
		Help: "Seconds that BareMetalHosts of the last round were in progress, after which fkas_hosts_at_once was decided.",
	})
	// HostRounds counts the rounds after which FKAS decided how many hosts may be in progress.
	HostRounds = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_host_rounds_total",
		Help: "Rounds of BareMetalHosts, after each of which fkas_hosts_at_once was decided.",
	})
	// HostsAssigned counts BareMetalHosts that were given to a Cluster.
	HostsAssigned = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_assigned_hosts_total",
		Help: "BareMetalHosts that got the label of a Cluster, so that its machines can take them.",
	})

	triggered = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fkas_triggered_reconciles_total",
		Help: "Metal3Machines annotated so that CAPM3 reconciles them at once, by reason: node-created, host-free.",
	}, []string{"reason"})
	// TriggeredByNode counts the Metal3Machines that were annotated because their Node was created.
	TriggeredByNode = triggered.WithLabelValues("node-created")
	// TriggeredByHost counts the Metal3Machines that were annotated because a host became free.
	TriggeredByHost = triggered.WithLabelValues("host-free")
)

func init() {
	ctrlmetrics.Registry.MustRegister(
		ReconcileErrors, OrphansDeleted, ReleasedClusters, ReleasedHosts,
		HostsAtOnce, HostsInProgress, HostSeconds, HostRounds, HostsAssigned, triggered,
	)
}

// Counts are taken when metrics are scraped.
type Counts struct {
	Served, Waiting, Failed, Queued, Nodes int
}

// Source counts clusters and nodes.
type Source interface{ Counts() Counts }

var (
	clustersDesc = prometheus.NewDesc("fkas_clusters",
		"Fake clusters by state: served, waiting for their endpoint or authorities, failed.", []string{"state"}, nil)
	queuedDesc = prometheus.NewDesc("fkas_queued_clusters",
		"Clusters that are paused until their hosts are available. Those without an endpoint also count as waiting.",
		nil, nil)
	nodesDesc = prometheus.NewDesc("fkas_nodes", "Nodes in all fake clusters.", nil, nil)
)

type collector struct{ source Source }

// Collector exports the counts of source.
func Collector(source Source) prometheus.Collector { return collector{source} }

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- clustersDesc
	ch <- queuedDesc
	ch <- nodesDesc
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	counts := c.source.Counts()
	gauge := func(desc *prometheus.Desc, value int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(clustersDesc, counts.Served, "served")
	gauge(clustersDesc, counts.Waiting, "waiting")
	gauge(clustersDesc, counts.Failed, "failed")
	gauge(queuedDesc, counts.Queued)
	gauge(nodesDesc, counts.Nodes)
}
