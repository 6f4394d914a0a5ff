// Package workload holds the content of a fake workload cluster: the objects that a cluster built by kubeadm would show
// to Cluster API, and Sync, which makes the store of a fake cluster match them.
//
// Sync is level-triggered. It may be called at any time and for any state of the store, and it keeps what Cluster API
// wrote there: labels, taints, cordons. The order in which it creates objects matters, because KCP and CAPM3 watch: an
// etcd member and its leader exist before the Node, and kubeadm's ConfigMap only once a control-plane machine is up.
package workload
