// Command storage-provisioner makes the volumes of minikube's StorageClass `standard`, with minikube's own code. It
// stands in the place of minikube's image, whose program cannot be built any more: it elects a leader by Endpoints,
// which client-go has removed. One machine has one provisioner, so it needs no leader.
package main

import (
	"context"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/minikube/pkg/storage"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v6/controller"
)

const (
	// name is that of the provisioner in minikube's StorageClass.
	name = "k8s.io/minikube-hostpath"
	// folder is where minikube's machine keeps volumes.
	folder = "/tmp/hostpath-provisioner"
)

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		klog.Exit(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Exit(err)
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		klog.Exit(err)
	}
	provisioner := storage.NewHostPathProvisioner(folder)
	controller.NewProvisionController(client, name, provisioner, version.GitVersion, controller.LeaderElection(false)).
		Run(context.Background())
}
