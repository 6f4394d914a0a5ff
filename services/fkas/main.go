// fkas serves the API of fake workload clusters, so that Cluster API finds behind each fake bare-metal host a node that
// behaves as if kubeadm had run there. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"metal3-scale-lab/fkas/internal/app"
	"metal3-scale-lab/fkas/internal/options"
)

func main() {
	o, err := options.Parse(os.Args[1:], os.LookupEnv)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	log := zap.New(zap.Level(zapcore.Level(-o.Verbosity)))
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	if err := run(o); err != nil {
		log.Error(err, "FKAS failed")
		os.Exit(1)
	}
}

func run(o *options.Options) error {
	kube, err := restConfig(o.Kubeconfig)
	if err != nil {
		return fmt.Errorf("find the management cluster: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	fkas, err := app.New(ctx, o, kube)
	if err != nil {
		return err
	}
	return fkas.Run(ctx)
}

func restConfig(path string) (*rest.Config, error) {
	if path != "" {
		return clientcmd.BuildConfigFromFlags("", path)
	}
	return ctrl.GetConfig()
}
