package serving

import (
	"errors"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	// Registers the vector that upstream() looks up.
	_ "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/etcd"
)

// vector is a metric whose series can be deleted by label.
type vector interface {
	prometheus.Collector
	DeletePartialMatch(prometheus.Labels) int
}

// upstreamVectors are the metrics of the in-memory etcd. It labels them with the cluster and never deletes a series. So
// they are taken off the registry, which exports the metrics below instead, and the series of a cluster are deleted
// with the cluster. The in-memory etcd does not export its vectors, so they are found by registering copies: the
// registry then returns the vector that has the same description. The copy repeats
// inmemory/pkg/server/etcd/metrics.go.
var upstreamVectors = upstream(
	prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: "inmemory_etcd_request_duration_seconds", Help: "Request latency in seconds."},
		[]string{"grpc_method", "cluster_name"},
	),
)

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
		Name: "fkas_workload_requests_total",
		Help: "Requests to the API servers and etcd members of all fake clusters.",
	}, []string{"method", "code"})
	latency = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "fkas_workload_request_duration_seconds", Help: "Time to answer, without watches and port-forwards.",
		Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
	}, []string{"method"})
)

func init() { ctrlmetrics.Registry.MustRegister(requests, latency) }

// measured counts the answers of a handler and measures their time.
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

// forgetMetrics deletes the series of a cluster that has been removed.
func forgetMetrics(group string) {
	for _, v := range upstreamVectors {
		v.DeletePartialMatch(prometheus.Labels{"cluster_name": group})
	}
}
