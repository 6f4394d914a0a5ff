// Package assignment decides which BareMetalHost serves which Cluster. It writes the label that the hostSelector of the
// lab's ClusterClass asks for: CAPM3 gives a machine only hosts that have the label with the name of its Cluster.
//
// The package is level-triggered and stores nothing: every run derives the labels from the BareMetalHosts,
// Metal3Machines and Clusters that there are. A Cluster has as many free hosts with its label as it still needs
// machines. A host in use keeps the label of the Cluster that uses it.
//
// CAPM3 (v1.13.2, metal3machine_manager.go: chooseHost and Associate) takes a random available host with the label. It
// reads the hosts from its cache, and its write is not conditional on what it read. So a host that loses the label
// while CAPM3 chooses may still be taken, and if another Cluster's machine then chose the same host before CAPM3's
// cache shows the first one, the second would take the host from the first. Three rules prevent that:
//
//   - No available host is taken away from a Cluster one of whose Metal3Machines waits for a host. CAPM3 does not
//     choose for a Cluster without such a Metal3Machine.
//   - A host does not go from one Cluster to another in one run: it loses its label in one, and gets another in a later
//     one.
//   - Every write is conditional on the resourceVersion that was read, so a host that CAPM3 has taken since is left
//     alone.
//
// Where a machine takes a host of another Cluster in spite of them, the label follows: the host belongs to the
// machine's Cluster, and the other Cluster gets another host.
package assignment
