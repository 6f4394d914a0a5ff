package serving

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	// Registers the vectors that upstream() looks up.
	_ "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/api"
	_ "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/etcd"
)

// vector is a metric whose series can be dropped by label.
type vector interface {
	prometheus.Collector
	DeletePartialMatch(prometheus.Labels) int
}

// The in-memory server labels its metrics with the cluster and never drops a series, nor does it export the vectors.
// Registering an equal description makes the registry hand out the registered one. The descriptions repeat those of
// inmemory/pkg/server/{api,etcd}/metrics.go.
var upstreamVectors = upstream(
	prometheus.NewCounterVec(prometheus.CounterOpts{Name: "inmemory_apiserver_request_total", Help: "Number of HTTP requests"},
		append(requestLabels(), "code", "method", "host", "path", "cluster_name", "user_agent")),
	prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "inmemory_apiserver_request_duration_seconds", Help: "Request latency in seconds."},
		append(requestLabels(), "method", "host", "path", "cluster_name", "user_agent")),
	prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "inmemory_etcd_request_duration_seconds", Help: "Request latency in seconds."},
		[]string{"grpc_method", "cluster_name"}),
)

func requestLabels() []string {
	return []string{"verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"}
}

func upstream(copies ...vector) []vector {
	var found []vector
	for _, copied := range copies {
		var already prometheus.AlreadyRegisteredError
		if err := ctrlmetrics.Registry.Register(copied); errors.As(err, &already) {
			if v, ok := already.ExistingCollector.(vector); ok {
				found = append(found, v)
			}
		}
	}
	return found
}

// forgetMetrics drops the series of a cluster that is gone.
func forgetMetrics(group string) {
	for _, v := range upstreamVectors {
		v.DeletePartialMatch(prometheus.Labels{"cluster_name": group})
	}
}
