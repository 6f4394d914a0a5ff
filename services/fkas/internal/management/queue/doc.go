// Package queue releases Clusters and BareMetalHosts that were created paused and queued.
//
// An object that waits in the middle of its work costs CPU: CAPM3 reconciles a Machine without a host every 30 s and
// KCP every 20 s, and BMO asks Ironic about each host in progress every 10 to 15 s. A paused object costs nothing. So a
// lab with more hosts than its machine can work on at once creates the rest paused, with management.QueuedAnnotation:
//
//   - ClusterQueue releases a Cluster once enough of its hosts are available,
//   - HostQueue releases hosts while fewer than a given number are in progress, or than Flow decides by Window.
//
// A release is one patch. It removes the annotations that queue and pause the object, and it is conditional on the
// object's UID and resourceVersion, so that nothing is released on the strength of an outdated cache.
package queue
