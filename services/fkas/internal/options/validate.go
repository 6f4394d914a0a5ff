package options

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
)

func (o *Options) validate(text *texts) []error {
	var problems []error
	add := func(key string, value any, rule string) {
		problems = append(problems, fmt.Errorf("--%s: %q: %s", key, fmt.Sprint(value), rule))
	}
	if o.BindAddress != "" && net.ParseIP(o.BindAddress) == nil {
		add("bind-address", o.BindAddress, "must be an IP address or empty")
	}
	if o.ServiceAddress != "" && net.ParseIP(o.ServiceAddress) == nil {
		add("service-address", o.ServiceAddress, "must be an IP address or empty")
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
	// The label of registrations is the index with a prefix.
	indexProblems := append(validation.IsValidLabelValue(o.Index), validation.IsValidLabelValue("index-"+o.Index)...)
	if o.Index != "" && len(indexProblems) > 0 {
		add("index", o.Index, "must be a label value of at most 57 characters")
	}
	namespaces := map[string]string{"namespace": o.Namespace, "registrations-namespace": o.RegistrationsNamespace}
	for key, namespace := range namespaces {
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
	case bootstrapv1.EncryptionAlgorithmECDSAP256, bootstrapv1.EncryptionAlgorithmECDSAP384,
		bootstrapv1.EncryptionAlgorithmRSA2048, bootstrapv1.EncryptionAlgorithmRSA3072,
		bootstrapv1.EncryptionAlgorithmRSA4096:
	default:
		add("key-algorithm", o.KeyAlgorithm, "must be ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072 or RSA-4096")
	}
	if o.OrphanGrace != 0 && (o.OrphanGrace < 15*time.Second || o.OrphanGrace > time.Hour) {
		add("orphan-grace", o.OrphanGrace, "must be 0 or 15s-1h")
	}
	if o.QueuePatience != 0 && (o.QueuePatience < time.Second || o.QueuePatience > 24*time.Hour) {
		add("queue-patience", o.QueuePatience, "must be 0 or 1s-24h")
	}
	var ok bool
	if o.HostsAtOnce, ok = parseAtOnce(text.hostsAtOnce); !ok {
		add("hosts-at-once", text.hostsAtOnce, "must be auto or 0-100000")
	}
	if o.RolloutsAtOnce, ok = parseAtOnce(text.rolloutsAtOnce); !ok {
		add("rollouts-at-once", text.rolloutsAtOnce, "must be auto or 0-100000")
	}
	if o.RolloutsAtOnce == Auto && o.HostsAtOnce == 0 {
		add("rollouts-at-once", text.rolloutsAtOnce, "must be 0-100000 without --hosts-at-once")
	}
	if o.FirstPort, o.LastPort, ok = parseRange(text.ports); !ok {
		add("register-ports", text.ports, "must be FIRST-LAST, both 1024-65535, FIRST not above LAST")
	}
	if o.FakeIPAPort < 0 || o.FakeIPAPort > 65535 {
		add("fake-ipa-port", o.FakeIPAPort, "must be 0-65535")
	}
	if o.FakeIPAOffset < 0 || o.FakeIPAOffset > 255 {
		add("fake-ipa-offset", o.FakeIPAOffset, "must be 0-255")
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

func parseAtOnce(text string) (int, bool) {
	if text == "auto" {
		return Auto, true
	}
	number, err := strconv.ParseUint(text, 10, 31)
	return int(number), err == nil && number <= 100_000
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
