// Package triggers makes CAPM3 reconcile a Metal3Machine at once, where CAPM3 by itself would wait.
//
// CAPM3 (v1.13.2) watches neither the Nodes of workload clusters nor BareMetalHosts that no Metal3Machine consumes.
// Where it waits for one of these, it reconciles the Metal3Machine again after 30 s (baremetal.requeueAfter). It does
// watch Metal3Machines, so FKAS writes an annotation to the Metal3Machine: any change of the object triggers a
// reconcile.
//
// CAPM3 ignores the annotations. Without a trigger everything works as well, up to 30 s later.
package triggers
