package options

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func environment(pairs ...string) Environment {
	values := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = value
	}
	return func(key string) (string, bool) {
		value, ok := values[key]
		return value, ok
	}
}

func TestTheDefaultsInAPod(t *testing.T) {
	g := NewWithT(t)
	o, err := Parse(nil, environment("POD_IP=10.0.0.7", "POD_NAMESPACE=fkas"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*o).To(Equal(Options{
		EndpointHost: "10.0.0.7", RegistrationsNamespace: "fkas", PrecreateSecrets: true, KeyAlgorithm: "ECDSA-P256",
		APIAddress: ":3333", HealthAddress: ":8081", MetricsAddress: ":8080", FirstPort: 18000, LastPort: 19999,
		Concurrency: 8, QPS: 200, Burst: 400, OrphanGrace: 30 * time.Second, QueuePatience: time.Minute,
	}))
}

func TestAFlagWinsOverTheEnvironment(t *testing.T) {
	g := NewWithT(t)
	o, err := Parse(
		[]string{"--index", "3", "--extra-sans=10.1.2.3, api.example"},
		environment(
			"POD_IP=10.0.0.7",
			"POD_NAMESPACE=fkas",
			"FKAS_INDEX=2",
			"FKAS_PRECREATE_SECRETS=false",
			"FKAS_REGISTER_PORTS=30000-30009",
			"FKAS_ORPHAN_GRACE=0",
			"FKAS_QUEUE_PATIENCE=0",
			"FKAS_ASSIGN_HOSTS=true",
			"FKAS_ROLLOUTS_AT_ONCE=3",
			"FKAS_SERVICE_ADDRESS=192.0.2.7",
			"DEBUG=true",
		),
	)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(o.Index).To(Equal("3"))
	g.Expect(o.ExtraSANs).To(Equal([]string{"10.1.2.3", "api.example"}))
	g.Expect(o.PrecreateSecrets).To(BeFalse())
	g.Expect(o.OrphanGrace).To(BeZero())
	g.Expect(o.QueuePatience).To(BeZero())
	g.Expect(o.AssignHosts).To(BeTrue())
	g.Expect(o.RolloutsAtOnce).To(Equal(3))
	g.Expect(o.ServiceAddress).To(Equal("192.0.2.7"))
	g.Expect([]int32{o.FirstPort, o.LastPort}).To(Equal([]int32{30000, 30009}))
	g.Expect(o.Verbosity).To(Equal(4))
}

func TestTheErrorNamesEveryProblem(t *testing.T) {
	g := NewWithT(t)
	_, err := Parse(
		[]string{
			"--bind-address",
			"everywhere",
			"--key-algorithm",
			"DSA",
			"--register-ports",
			"30000-20000",
			"--concurrency",
			"0",
			"--namespace",
			"A",
			"--orphan-grace",
			"14s",
			"--queue-patience",
			"25h",
			"--hosts-at-once",
			"-1",
			"--rollouts-at-once",
			"100001",
			"--service-address",
			"node-0",
			"--fake-ipa-port",
			"65536",
			"--fake-ipa-offset",
			"-1",
		},
		environment("FKAS_KUBE_BURST=many"),
	)
	g.Expect(err).To(HaveOccurred())
	for _, want := range []string{
		`--bind-address: "everywhere": must be an IP address`,
		`--endpoint-host: "": must be set`,
		`--registrations-namespace: "": must be set`,
		`--key-algorithm: "DSA": must be`,
		`--register-ports: "30000-20000": must be FIRST-LAST`,
		`--concurrency: "0": must be 1-100`,
		`--namespace: "A"`,
		`--orphan-grace: "14s": must be 0 or 15s-1h`,
		`--queue-patience: "25h0m0s": must be 0 or 1s-24h`,
		`--hosts-at-once: "-1": must be auto or 0-100000`,
		`--rollouts-at-once: "100001": must be auto or 0-100000`,
		`--service-address: "node-0": must be an IP address or empty`,
		`--fake-ipa-port: "65536": must be 0-65535`,
		`--fake-ipa-offset: "-1": must be 0-255`,
		`FKAS_KUBE_BURST: "many"`,
	} {
		g.Expect(err.Error()).To(ContainSubstring(want))
	}
	_, err = Parse([]string{"--hosts-at-once=many"}, environment())
	g.Expect(err).To(MatchError(ContainSubstring(`--hosts-at-once: "many": must be auto or 0-100000`)))
	_, err = Parse([]string{"serve"}, environment())
	g.Expect(err).To(MatchError("unexpected arguments: serve"))
}

func TestWhatIsDecidedWhileTheProcessRuns(t *testing.T) {
	g := NewWithT(t)
	parse := func(pairs ...string) (*Options, error) {
		return Parse(nil, environment(append(pairs, "POD_IP=10.0.0.7", "POD_NAMESPACE=fkas")...))
	}
	o, err := parse("FKAS_HOSTS_AT_ONCE=auto", "FKAS_ROLLOUTS_AT_ONCE=auto")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect([]int{o.HostsAtOnce, o.RolloutsAtOnce}).To(Equal([]int{Auto, Auto}))
	o, err = parse("FKAS_HOSTS_AT_ONCE=7", "FKAS_ROLLOUTS_AT_ONCE=auto")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect([]int{o.HostsAtOnce, o.RolloutsAtOnce}).To(Equal([]int{7, Auto}))
	_, err = parse("FKAS_ROLLOUTS_AT_ONCE=auto")
	g.Expect(err).To(MatchError(`--rollouts-at-once: "auto": must be 0-100000 without --hosts-at-once`))
}
