// Package orphans deletes Machines whose owner gave up on them while it created them, so that the owner creates others.
//
// Such a Machine exists, its infrastructure object and its bootstrap config have been deleted, and nobody creates new
// ones. Two owners of Cluster API v1.13.4 leave such Machines behind:
//
//   - KubeadmControlPlane (controlplane/kubeadm/internal/controllers/helpers.go: cloneConfigsAndGenerateMachine,
//     createMachine) deletes both objects when the Machine, although created, is not in its own cache within 10 s, or
//     when the answer to the Machine's creation was lost. It counts the Machine as a replica all the same and creates
//     no other.
//   - MachineSet (internal/controllers/machineset/machineset_controller.go: createMachines) deletes both objects only
//     when the answer was lost; its wait for the cache deletes nothing. From then on its syncMachines fails at that
//     Machine.
//
// Both owners create the two objects before the Machine. So if the objects of an existing Machine are missing, they
// have been deleted; they cannot be late.
//
// Deleting the Machine is enough. Once a Machine is being deleted, the Machine controller takes absent objects for
// deleted ones (internal/controllers/machine: reconcileBootstrap, reconcileInfrastructure, reconcileDelete), and the
// bootstrap provider releases an init lock whose Machine is gone.
//
// KCP's pre-terminate hook needs care. KCP removes its hook where the Machine is its only one, or where another Machine
// has a healthy control plane (controlplane/kubeadm/internal/controllers/controller.go: reconcilePreTerminateHook).
// When KCP's cache was late more than once, a cluster has several Machines and no control plane, and neither may ever
// become true. Then this package removes the hook. The hook guards an etcd member, which such a Machine never had.
package orphans
