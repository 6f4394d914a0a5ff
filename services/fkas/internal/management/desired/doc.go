// Package desired derives the fake cluster that belongs to a Cluster from the objects of the management cluster: the
// endpoint at which the fake cluster is served, and the machines that have a Node in it.
//
// Nothing is remembered and nothing is written, so a process that has been restarted derives the same fake clusters.
// All reads come from the watch cache.
package desired
