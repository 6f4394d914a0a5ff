// Package lifecycle brings the workloads of fake clusters to life: Deployments, DaemonSets, StatefulSets and Jobs get
// Pods, the Pods get Nodes and turn Ready, and Services get EndpointSlices.
//
// The controllers are those of kube-controller-manager. Run for good in each of a thousand clusters, they would take
// more memory and goroutines than all else in this process. So they run in a cluster only from a write to a workload
// until nothing has been written for some seconds (runner.go). They hold no state of their own: what they find when
// they start again is what they would have found out by watching. A cluster at rest costs nothing, also one that has
// workloads.
//
// Controllers read the store past the API: their informers share its objects (informers.go). They write through the
// API, without a connection (client.go), so that defaults, validation and Events are those of Kubernetes.
//
// The scheduler and the kubelets are our own (scheduler.go, kubelet.go): a Pod goes to the Ready Node with the fewest
// Pods that takes it, and runs at once.
package lifecycle
