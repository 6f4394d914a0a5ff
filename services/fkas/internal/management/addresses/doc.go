// Package addresses publishes the address at which the Services of an FKAS are reached from outside of the cluster.
package addresses
