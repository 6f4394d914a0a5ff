// Command kube is every Kubernetes program the lab runs, linked once: the
// control plane (kube-apiserver, kube-controller-manager, kube-scheduler), the
// node (kubelet, kube-proxy) and kubectl.
//
// Which one runs is told by the name it is called by (a link named kubelet is
// the kubelet), or, called by any other name, by its first argument:
//
//	kube kubectl get nodes
//
// One binary instead of six saves five links of a minute's work and about
// 300 MB of image.
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // CronJob time zones, where the image has no zoneinfo

	_ "k8s.io/client-go/plugin/pkg/client/auth"           // kubectl's credential plugins
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // the build's version as a metric
)

func main() {
	program, args, err := choose(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	// Every program below reads os.Args itself (kubectl also for its plugins).
	os.Args = args
	os.Exit(program.run())
}
