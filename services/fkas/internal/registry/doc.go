// Package registry stores the clusters and nodes that were registered over HTTP by upstream's protocol.
//
// A Cluster object declares its endpoint and its machines. A cluster that is registered over HTTP has no such object,
// so what the requests said is the only state that FKAS has to keep. Each registration is one ConfigMap, so that it
// outlives the process. Reads are answered from memory. A write takes effect only after it has been stored.
package registry
