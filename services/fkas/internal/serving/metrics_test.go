package serving

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestUpstreamMetricsAreFoundAndForgotten fails when a new version of the in-memory server changes their names or
// labels.
func TestUpstreamMetricsAreFoundAndForgotten(t *testing.T) {
	if len(upstreamVectors) != 3 {
		t.Fatalf("found %d of 3", len(upstreamVectors))
	}
	series := func(v prometheus.Collector) int {
		ch := make(chan prometheus.Metric, 1000)
		v.Collect(ch)
		return len(ch)
	}
	for i, v := range upstreamVectors {
		var seen prometheus.Collector
		switch vec := v.(type) {
		case *prometheus.CounterVec:
			labels := values(14, "ns/gone", 12)
			vec.WithLabelValues(labels...).Inc()
			seen = vec
		case *prometheus.HistogramVec:
			if i == 1 {
				vec.WithLabelValues(values(13, "ns/gone", 11)...).Observe(1)
			} else {
				vec.WithLabelValues("Status", "ns/gone").Observe(1)
			}
			seen = vec
		}
		before := series(seen)
		forgetMetrics("ns/gone")
		if after := series(seen); after != before-1 {
			t.Errorf("vector %d: %d series before, %d after, want one less", i, before, after)
		}
	}
}

// values are n label values, with cluster at the position of cluster_name.
func values(n int, cluster string, position int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "x"
	}
	out[position] = cluster
	return out
}
