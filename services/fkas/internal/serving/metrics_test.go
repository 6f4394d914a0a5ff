package serving

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestUpstreamMetricsAreFoundAndForgotten fails when a new version of the in-memory etcd changes their names or labels.
func TestUpstreamMetricsAreFoundAndForgotten(t *testing.T) {
	if len(upstreamVectors) != 1 {
		t.Fatalf("found %d of 1", len(upstreamVectors))
	}
	vector, ok := upstreamVectors[0].(*prometheus.HistogramVec)
	if !ok {
		t.Fatalf("it is a %T", upstreamVectors[0])
	}
	series := func() int {
		ch := make(chan prometheus.Metric, 1000)
		vector.Collect(ch)
		return len(ch)
	}
	vector.WithLabelValues("Status", "ns/gone").Observe(1)
	before := series()
	forgetMetrics("ns/gone")
	if after := series(); after != before-1 {
		t.Errorf("%d series before, %d after, want one less", before, after)
	}
}
