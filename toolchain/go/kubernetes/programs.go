package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// A program is one of the Kubernetes commands inside this binary.
type program struct {
	// name is the command's usual name, and the link it is called by.
	name string
	// run runs it on os.Args and returns its exit code. Nothing of a program
	// may be made before run: commands register flags and feature gates that
	// all of them share.
	run func() int
}

// programs lists what the binary can be. Each does what the main function
// under k8s.io/kubernetes/cmd does.
var programs = []program{
	{"kube-apiserver", component(apiserver.NewAPIServerCommand)},
	{"kube-controller-manager", component(controllermanager.NewControllerManagerCommand)},
	{"kube-scheduler", component(func() *cobra.Command { return scheduler.NewSchedulerCommand() })},
	{"kubelet", component(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) })},
	{"kube-proxy", component(proxy.NewProxyCommand)},
	{"kubectl", runKubectl},
}

func component(command func() *cobra.Command) func() int {
	return func() int { return cli.Run(command()) }
}

func runKubectl() int {
	// The command is built with plugins and kuberc at hand, which log: the
	// verbosity must be known before the flags are parsed.
	_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints it as kubectl does, and exits
	}
	return 0
}
