// Package routing gives a Cluster that its user made the label of the FKAS that serves the Cluster's port, and says in
// an Event of the Cluster why none does.
package routing
