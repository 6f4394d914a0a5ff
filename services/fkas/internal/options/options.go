// Package options reads FKAS's flags and environment, and judges them, all problems at once.
package options

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
)

// Options of the process. Every flag has an environment variable: FKAS_ and the flag in upper case with underscores;
// the flag wins. POD_IP, POD_NAMESPACE and DEBUG are read as well, the first and last as upstream does.
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

// Environment is os.LookupEnv, or a stand-in.
type Environment func(string) (string, bool)

// Parse reads args and environment.
func Parse(args []string, env Environment) (*Options, error) {
	o := &Options{}
	fs := flag.NewFlagSet("fkas", flag.ContinueOnError)
	fs.SetOutput(os.Stderr)
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
	var sans, ports, algorithm string
	fs.StringVar(&o.BindAddress, "bind-address", "", "IP to listen on for workload clusters; empty: all")
	fs.StringVar(&o.EndpointHost, "endpoint-host", get("POD_IP", ""), "IP or name told to clients of /register, also in every API server certificate; default: $POD_IP")
	fs.StringVar(&sans, "extra-sans", "", "further IPs and names in every API server certificate, separated by commas")
	fs.StringVar(&o.Index, "index", "", "serve only Clusters whose label metal3-scale-lab/fake-api-server has this value; empty: all Clusters")
	fs.StringVar(&o.Namespace, "namespace", "", "watch only this namespace; empty: all")
	fs.StringVar(&o.RegistrationsNamespace, "registrations-namespace", get("POD_NAMESPACE", ""), "namespace of the ConfigMaps that keep HTTP registrations; default: $POD_NAMESPACE")
	fs.BoolVar(&o.PrecreateSecrets, "precreate-secrets", true, "create a Cluster's ca, etcd, sa, proxy and kubeconfig Secrets before KCP does")
	fs.StringVar(&algorithm, "key-algorithm", string(bootstrapv1.EncryptionAlgorithmECDSAP256), "algorithm of the keys made by --precreate-secrets: ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072 or RSA-4096")
	fs.DurationVar(&o.OrphanGrace, "orphan-grace", 30*time.Second, "age from which a Machine is deleted whose owner deleted its Metal3Machine and KubeadmConfig while making it, 15s-1h; 0: never")
	fs.DurationVar(&o.QueuePatience, "queue-patience", time.Minute, "age from which a Cluster with annotation metal3-scale-lab/queued is released although no BareMetalHost has its label, 1s-24h; 0: never")
	fs.IntVar(&o.HostsAtOnce, "hosts-at-once", 0, "let in BareMetalHosts with annotation metal3-scale-lab/queued while fewer than so many are in work, 1-100000, in one FKAS of a management cluster; 0: leave them alone")
	fs.StringVar(&o.APIAddress, "api-address", ":3333", "address of /register, /updateNode and /clusters")
	fs.StringVar(&o.HealthAddress, "health-address", ":8081", "address of /healthz and /readyz")
	fs.StringVar(&o.MetricsAddress, "metrics-address", ":8080", "address of /metrics (http); 0: off")
	fs.StringVar(&o.PprofAddress, "pprof-address", "", "address of /debug/pprof; empty: off")
	fs.StringVar(&ports, "register-ports", "28000-29999", "inclusive range of ports for clusters registered over HTTP, 1024-65535")
	fs.IntVar(&o.Concurrency, "concurrency", 8, "clusters worked on at a time, 1-100")
	fs.Float64Var(&o.QPS, "kube-qps", 200, "requests a second to the management cluster, above 0")
	fs.IntVar(&o.Burst, "kube-burst", 400, "requests to the management cluster in a burst, at least 1")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig of the management cluster; empty: $KUBECONFIG, else the Pod's service account")
	fs.IntVar(&o.Verbosity, "verbosity", verbosity, "of logs, 0-10; default: 0, or 4 with DEBUG=true")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected arguments: %s", strings.Join(fs.Args(), " "))
	}
	problems := fromEnvironment(fs, env)
	o.KeyAlgorithm = bootstrapv1.EncryptionAlgorithmType(algorithm)
	for _, san := range strings.Split(sans, ",") {
		if san = strings.TrimSpace(san); san != "" {
			o.ExtraSANs = append(o.ExtraSANs, san)
		}
	}
	problems = append(problems, o.validate(ports)...)
	return o, errors.Join(problems...)
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

func (o *Options) validate(ports string) []error {
	var problems []error
	add := func(key string, value any, rule string) {
		problems = append(problems, fmt.Errorf("--%s: %q: %s", key, fmt.Sprint(value), rule))
	}
	if o.BindAddress != "" && net.ParseIP(o.BindAddress) == nil {
		add("bind-address", o.BindAddress, "must be an IP address or empty")
	}
	if o.EndpointHost == "" {
		add("endpoint-host", "", "must be set, or POD_IP")
	}
	for key, hosts := range map[string][]string{"endpoint-host": {o.EndpointHost}, "extra-sans": o.ExtraSANs} {
		for _, host := range hosts {
			if host != "" && net.ParseIP(host) == nil && len(validation.IsDNS1123Subdomain(host)) > 0 {
				add(key, host, "must be an IP address or a host name")
			}
		}
	}
	// The registrations' label is the index with a prefix.
	if o.Index != "" && (len(validation.IsValidLabelValue(o.Index)) > 0 || len(validation.IsValidLabelValue("index-"+o.Index)) > 0) {
		add("index", o.Index, "must be a label value of at most 57 characters")
	}
	for key, namespace := range map[string]string{"namespace": o.Namespace, "registrations-namespace": o.RegistrationsNamespace} {
		if namespace == "" {
			if key == "registrations-namespace" {
				add(key, "", "must be set, or POD_NAMESPACE")
			}
			continue
		}
		for _, message := range validation.IsDNS1123Label(namespace) {
			add(key, namespace, message)
		}
	}
	switch o.KeyAlgorithm {
	case bootstrapv1.EncryptionAlgorithmECDSAP256, bootstrapv1.EncryptionAlgorithmECDSAP384, bootstrapv1.EncryptionAlgorithmRSA2048,
		bootstrapv1.EncryptionAlgorithmRSA3072, bootstrapv1.EncryptionAlgorithmRSA4096:
	default:
		add("key-algorithm", o.KeyAlgorithm, "must be ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072 or RSA-4096")
	}
	if o.OrphanGrace != 0 && (o.OrphanGrace < 15*time.Second || o.OrphanGrace > time.Hour) {
		add("orphan-grace", o.OrphanGrace, "must be 0 or 15s-1h")
	}
	if o.QueuePatience != 0 && (o.QueuePatience < time.Second || o.QueuePatience > 24*time.Hour) {
		add("queue-patience", o.QueuePatience, "must be 0 or 1s-24h")
	}
	if o.HostsAtOnce < 0 || o.HostsAtOnce > 100_000 {
		add("hosts-at-once", o.HostsAtOnce, "must be 0-100000")
	}
	var ok bool
	if o.FirstPort, o.LastPort, ok = parseRange(ports); !ok {
		add("register-ports", ports, "must be FIRST-LAST, both 1024-65535, FIRST not above LAST")
	}
	if o.Concurrency < 1 || o.Concurrency > 100 {
		add("concurrency", o.Concurrency, "must be 1-100")
	}
	if o.QPS <= 0 {
		add("kube-qps", o.QPS, "must be above 0")
	}
	if o.Burst < 1 {
		add("kube-burst", o.Burst, "must be at least 1")
	}
	if o.Verbosity < 0 || o.Verbosity > 10 {
		add("verbosity", o.Verbosity, "must be 0-10")
	}
	return problems
}

func parseRange(text string) (int32, int32, bool) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		return 0, 0, false
	}
	a, errA := strconv.ParseInt(first, 10, 32)
	b, errB := strconv.ParseInt(last, 10, 32)
	if errA != nil || errB != nil || a < 1024 || b > 65535 || a > b {
		return 0, 0, false
	}
	return int32(a), int32(b), true
}
