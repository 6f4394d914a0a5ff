// Package controller keeps the fake clusters in step with the management cluster.
//
// It runs three controllers of controller-runtime:
//
//   - the Reconciler, once per Cluster: it serves the fake cluster at its declared endpoint, gives it the Nodes of its
//     provisioned machines, releases the Cluster if it is queued, and deletes its orphaned Machines,
//   - the host queue, once for the whole management cluster, in one FKAS only,
//   - the host trigger, once per BareMetalHost that becomes free.
//
// The fake clusters are derived from the objects, so a process that has been restarted arrives at the same ones. Only
// what was registered over HTTP is stored, by package registry. The Reconciler also answers the HTTP API; it works on a
// cluster for one caller at a time, be it a watch or an HTTP request.
package controller
