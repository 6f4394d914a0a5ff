// Package management knows the objects of the management cluster that FKAS reads and writes: their kinds, the labels
// and annotations by which FKAS, the lab and its users talk to each other, and how little of each object the watch
// cache holds.
//
// The packages below it decide, each about one concern, and act on the objects:
//
//   - desired derives the fake cluster that belongs to a Cluster,
//   - queue releases queued Clusters and BareMetalHosts,
//   - assignment decides which host serves which Cluster,
//   - routing finds the FKAS of a Cluster that its user made,
//   - triggers makes CAPM3 reconcile a Metal3Machine at once,
//   - orphans deletes Machines whose owner gave up on them.
//
// They hold no state beyond what they have told. Package controller decides when they run, so that each of them can be
// tested with a fake client. The values of labels and annotations are part of the objects of running labs and never
// change.
package management
