// Package metrics holds FKAS's own metrics, which are exported beside those of controller-runtime. The metrics of the
// requests to fake clusters are in package serving, which also takes the metrics of the in-memory server off the
// registry.
package metrics
