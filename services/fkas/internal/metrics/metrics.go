// Package metrics holds FKAS's own metrics, beside those of controller-runtime and the in-memory server.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	// ReconcileErrors counts runs of a cluster that failed.
	ReconcileErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_reconcile_errors_total", Help: "Runs that failed to bring a fake cluster up to date.",
	})
	// Pokes counts Metal3Machines annotated so that CAPM3 looks for a new Node.
	Pokes = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_pokes_total", Help: "Metal3Machines annotated to make CAPM3 look for a new Node at once.",
	})
	// Offers counts Metal3Machines annotated so that CAPM3 looks for a host again.
	Offers = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_offers_total", Help: "Metal3Machines annotated to make CAPM3 take a host at once that has become free.",
	})
	// OrphansDeleted counts Machines deleted because their owner gave up on them while it made them.
	OrphansDeleted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_orphaned_machines_deleted_total", Help: "Machines deleted because their owner had deleted their infrastructure object and bootstrap config again.",
	})
	// Released counts Clusters taken out of the queue.
	Released = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_released_clusters_total", Help: "Clusters taken out of the queue, mostly because their hosts were ready.",
	})
	// HostsAdmitted counts BareMetalHosts taken out of the queue.
	HostsAdmitted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fkas_admitted_hosts_total", Help: "BareMetalHosts taken out of the queue, because fewer than the limit were in work.",
	})
)

func init() {
	ctrlmetrics.Registry.MustRegister(ReconcileErrors, Pokes, Offers, OrphansDeleted, Released, HostsAdmitted)
}

// Counts are taken when metrics are scraped.
type Counts struct {
	Served, Waiting, Failed, Queued, Nodes int
}

// Source counts clusters and nodes.
type Source interface{ Counts() Counts }

var (
	clustersDesc = prometheus.NewDesc("fkas_clusters", "Fake clusters by state: served, waiting for their declaration or authorities, failed.", []string{"state"}, nil)
	queuedDesc   = prometheus.NewDesc("fkas_queued_clusters", "Clusters that are paused until their hosts are ready; those never released are waiting as well.", nil, nil)
	nodesDesc    = prometheus.NewDesc("fkas_nodes", "Nodes in all fake clusters.", nil, nil)
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
