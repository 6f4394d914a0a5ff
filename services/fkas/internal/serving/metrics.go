package serving

import (
	"errors"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// The in-memory server labels its metrics with cluster, path and user agent: hundreds of lines a cluster, which no scrape
// of hundreds of clusters should carry, and it never drops a series. So its vectors are taken off the registry, where
// requests below stand for them, and are emptied cluster by cluster. They are not exported: registering an equal
// description makes the registry hand out the registered one. The descriptions repeat those of
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
				ctrlmetrics.Registry.Unregister(v)
			}
		}
	}
	return found
}

var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fkas_workload_requests_total", Help: "Requests to the API servers and etcd members of all fake clusters.",
	}, []string{"method", "code"})
	latency = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "fkas_workload_request_duration_seconds", Help: "Time to answer, without watches and port-forwards.",
		Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
	}, []string{"method"})
)

func init() { ctrlmetrics.Registry.MustRegister(requests, latency) }

// measured counts and times what handler answers.
func measured(handler http.Handler) http.Handler {
	timed := promhttp.InstrumentHandlerDuration(latency, handler)
	return promhttp.InstrumentHandlerCounter(requests, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if watches(r) || strings.HasSuffix(r.URL.Path, portForwardSuffix) {
			handler.ServeHTTP(w, r)
			return
		}
		timed.ServeHTTP(w, r)
	}))
}

// forgetMetrics drops the series of a cluster that is gone.
func forgetMetrics(group string) {
	for _, v := range upstreamVectors {
		v.DeletePartialMatch(prometheus.Labels{"cluster_name": group})
	}
}
