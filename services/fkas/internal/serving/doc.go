// Package serving gives each fake workload cluster its TLS endpoint: one port that answers as API server and as etcd.
//
// The API is that of package apiserver, the etcd protocol that of Cluster API's in-memory provider. The provider's
// multiplexer (inmemory/pkg/server.WorkloadClustersMux) is not used, because
//   - it knows one host for all clusters, as an IP, and puts only that into certificates, while here each cluster
//     declares its own host, which may be a name;
//   - it dials that host to learn whether a listener works and again for every port-forward: through a Service this
//     needs hairpin traffic and endpoints that are not ready, and it gives each dial 50 ms;
//   - it tells clusters apart by the port in the Host header, so a Service's port must be the listener's;
//   - it insists on RSA authorities, and on a debug port.
//
// Who sends a request is found out here (authentication.go), and so is what differs between the clusters: port-forwards
// to etcd (portforward.go) and the version (version.go).
package serving
