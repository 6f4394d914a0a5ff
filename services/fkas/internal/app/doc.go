// Package app puts the parts of FKAS together and runs them in one process: the watch caches and controllers, the
// listeners of the fake clusters, the HTTP API, and the endpoints for health and metrics.
//
// The process needs nothing but a kubeconfig and its options, so that tests run several of them beside one management
// cluster.
package app
