package options

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
)

// defaultRegisterPorts lie below the ports that the lab declares for its clusters (plan/addresses.ts: CLUSTER_PORTS)
// and below Kubernetes's node ports, which begin at 30000.
const defaultRegisterPorts = "18000-19999"

// Auto is the value of HostsAtOnce and RolloutsAtOnce that are decided while the process runs.
const Auto = -1

// Options of the process.
type Options struct {
	BindAddress            string
	EndpointHost           string
	ExtraSANs              []string
	Index                  string
	Namespace              string
	RegistrationsNamespace string
	PrecreateSecrets       bool
	KeyAlgorithm           bootstrapv1.EncryptionAlgorithmType
	OrphanGrace            time.Duration
	QueuePatience          time.Duration
	HostsAtOnce            int
	AssignHosts            bool
	RolloutsAtOnce         int
	ServiceAddress         string
	FakeIPAPort            int
	FakeIPAOffset          int
	APIAddress             string
	HealthAddress          string
	MetricsAddress         string
	PprofAddress           string
	FirstPort, LastPort    int32
	Concurrency            int
	QPS                    float64
	Burst                  int
	Kubeconfig             string
	Verbosity              int
}

// Environment is os.LookupEnv, or a replacement of it in tests.
type Environment func(string) (string, bool)

// texts are the values of flags that Parse takes apart.
type texts struct{ sans, ports, algorithm, hostsAtOnce, rolloutsAtOnce string }

// Parse reads and validates arguments and environment. The error names every problem.
func Parse(args []string, env Environment) (*Options, error) {
	o := &Options{}
	var text texts
	fs := flags(o, &text, env)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected arguments: %s", strings.Join(fs.Args(), " "))
	}
	problems := fromEnvironment(fs, env)
	o.KeyAlgorithm = bootstrapv1.EncryptionAlgorithmType(text.algorithm)
	for _, san := range strings.Split(text.sans, ",") {
		if san = strings.TrimSpace(san); san != "" {
			o.ExtraSANs = append(o.ExtraSANs, san)
		}
	}
	problems = append(problems, o.validate(&text)...)
	return o, errors.Join(problems...)
}

// flags defines the flags of the process, with their defaults.
func flags(o *Options, text *texts, env Environment) *flag.FlagSet {
	get := func(key, otherwise string) string {
		if value, ok := env(key); ok && value != "" {
			return value
		}
		return otherwise
	}
	verbosity := 0
	if get("DEBUG", "") == "true" {
		verbosity = 4
	}
	fs := flag.NewFlagSet("fkas", flag.ContinueOnError)
	fs.SetOutput(os.Stderr)
	fs.StringVar(&o.BindAddress, "bind-address", "", "IP address to listen on for workload clusters; empty: all")
	fs.StringVar(&o.EndpointHost, "endpoint-host", get("POD_IP", ""),
		"IP address or name that /register answers; every API server certificate covers it; default: $POD_IP")
	fs.StringVar(&text.sans, "extra-sans", "",
		"further IP addresses and names that every API server certificate covers, separated by commas")
	fs.StringVar(&o.Index, "index", "",
		"serve only Clusters whose label metal3-scale-lab/fake-api-server has this value; empty: all Clusters")
	fs.StringVar(&o.Namespace, "namespace", "", "watch only this namespace; empty: all")
	fs.StringVar(&o.RegistrationsNamespace, "registrations-namespace", get("POD_NAMESPACE", ""),
		"namespace of the ConfigMaps that hold what is registered over HTTP; default: $POD_NAMESPACE")
	fs.BoolVar(&o.PrecreateSecrets, "precreate-secrets", true,
		"create the ca, etcd, sa, proxy and kubeconfig Secrets of a Cluster before KCP does")
	fs.StringVar(
		&text.algorithm,
		"key-algorithm",
		string(bootstrapv1.EncryptionAlgorithmECDSAP256),
		"algorithm of the keys that --precreate-secrets creates: ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072 or RSA-4096",
	)
	fs.DurationVar(
		&o.OrphanGrace,
		"orphan-grace",
		30*time.Second,
		"age from which a Machine is deleted if its owner deleted its Metal3Machine and KubeadmConfig while creating it, "+
			"15s-1h; 0: never",
	)
	fs.DurationVar(&o.QueuePatience, "queue-patience", time.Minute,
		"age from which a queued Cluster is released although no BareMetalHost is assigned to it, 1s-24h; 0: never")
	fs.StringVar(
		&text.hostsAtOnce,
		"hosts-at-once",
		"0",
		"release queued BareMetalHosts while fewer than this number are in progress, 1-100000; auto: as many as keep the "+
			"machine busy, 4-1000, by its CPUs and by how long hosts take; set it in one FKAS of a management cluster only; "+
			"0: release none",
	)
	fs.BoolVar(
		&o.AssignHosts,
		"assign-hosts",
		false,
		"assign free BareMetalHosts to the Clusters of every FKAS, with the label metal3-scale-lab/cluster, and give "+
			"Clusters without the label of an FKAS the one of their port; set it in one FKAS of a management cluster only",
	)
	fs.StringVar(
		&text.rolloutsAtOnce,
		"rollouts-at-once",
		"0",
		"with --assign-hosts, have machines of at most this number of Clusters replaced at the same time, 1-100000; "+
			"auto: as many as hosts that may be in progress; 0: no limit",
	)
	fs.StringVar(&o.ServiceAddress, "service-address", "",
		"IP address of a node, which FKAS publishes as that of its Services, those of loadBalancerClass "+
			"metal3-scale-lab/node-address; empty: it publishes none")
	fs.IntVar(&o.FakeIPAPort, "fake-ipa-port", 0,
		"port at which the fake-ipa beside the BMC of a host tells which hosts are on, 1-65535; 0: the status of "+
			"BareMetalHosts tells")
	fs.IntVar(&o.FakeIPAOffset, "fake-ipa-offset", 0,
		"with --fake-ipa-port, how many addresses after that of the BMC it is, 0-255; 0: it has the BMC's own address")
	fs.StringVar(&o.APIAddress, "api-address", ":3333", "address of /register, /updateNode and /clusters")
	fs.StringVar(&o.HealthAddress, "health-address", ":8081", "address of /healthz and /readyz")
	fs.StringVar(&o.MetricsAddress, "metrics-address", ":8080", "address of /metrics (HTTP); 0: off")
	fs.StringVar(&o.PprofAddress, "pprof-address", "", "address of /debug/pprof; empty: off")
	fs.StringVar(&text.ports, "register-ports", defaultRegisterPorts,
		"first and last port for clusters that are registered over HTTP and declare no endpoint, 1024-65535")
	fs.IntVar(&o.Concurrency, "concurrency", 8, "number of clusters that are reconciled at the same time, 1-100")
	fs.Float64Var(&o.QPS, "kube-qps", 200, "requests a second to the management cluster, above 0")
	fs.IntVar(&o.Burst, "kube-burst", 400, "requests to the management cluster in a burst, at least 1")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", "",
		"kubeconfig of the management cluster; empty: $KUBECONFIG, else the Pod's service account")
	fs.IntVar(&o.Verbosity, "verbosity", verbosity, "verbosity of the log, 0-10; default: 0, or 4 with DEBUG=true")
	return fs
}

func fromEnvironment(fs *flag.FlagSet, env Environment) []error {
	var problems []error
	set := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { set[f.Name] = true })
	fs.VisitAll(func(f *flag.Flag) {
		key := "FKAS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := env(key); ok && value != "" && !set[f.Name] {
			if err := fs.Set(f.Name, value); err != nil {
				problems = append(problems, fmt.Errorf("%s: %q: %w", key, value, err))
			}
		}
	})
	return problems
}
