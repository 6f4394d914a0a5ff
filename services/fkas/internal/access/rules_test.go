package access_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"metal3-scale-lab/fkas/internal/access"
	"metal3-scale-lab/fkas/internal/options"
)

var (
	everything = options.Options{PrecreateSecrets: true, OrphanGrace: time.Minute, HostsAtOnce: 1}
	nothing    = options.Options{PrecreateSecrets: true}
	byKCP      = options.Options{}
	assigning  = options.Options{PrecreateSecrets: true, AssignHosts: true}
	publishing = options.Options{PrecreateSecrets: true, ServiceAddress: "192.0.2.1"}
)

func rules(t *testing.T, o options.Options) []access.Rule {
	t.Helper()
	found, err := access.Rules(&o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// requests are the granted requests, as "verb resource".
func requests(t *testing.T, o options.Options) []string {
	t.Helper()
	var out []string
	for _, rule := range rules(t, o) {
		for _, verb := range rule.Verbs {
			out = append(out, verb+" "+rule.Resource)
		}
	}
	return out
}

func TestEachFlagNeedsItsOwnRules(t *testing.T) {
	g := NewWithT(t)
	always := []string{
		"list clusters", "watch clusters", "patch clusters", "list machines", "watch machines",
		"list metal3clusters", "watch metal3clusters", "list metal3machines", "watch metal3machines",
		"patch metal3machines", "list baremetalhosts", "watch baremetalhosts", "get secrets",
		"list configmaps", "create configmaps", "update configmaps", "delete configmaps",
	}
	g.Expect(requests(t, nothing)).To(ConsistOf(append(always, "create secrets")))
	g.Expect(requests(t, byKCP)).To(ConsistOf(append(always, "list secrets", "watch secrets")))
	g.Expect(requests(t, assigning)).To(ConsistOf(append(
		always, "create secrets", "patch baremetalhosts", "list services", "watch services", "create events")))
	g.Expect(requests(t, publishing)).To(ConsistOf(append(
		always, "create secrets", "list services", "watch services", "patch services/status")))
	g.Expect(requests(t, everything)).To(ConsistOf(append(
		always,
		"create secrets",
		"patch baremetalhosts",
		"get clusters",
		"get machines",
		"patch machines",
		"delete machines",
		"get kubeadmconfigs",
		"get metal3machines",
	)))
}

// TestTheREADMEListsTheRules compares the table of the README with rules.json, row by row.
func TestTheREADMEListsTheRules(t *testing.T) {
	g := NewWithT(t)
	readme, err := os.ReadFile("../../README.md")
	g.Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(readme), "\n## Rights in the management cluster\n")
	g.Expect(found).To(BeTrue())
	section, _, _ = strings.Cut(section, "\n## ")
	spaces := regexp.MustCompile(` *\| *`)
	var rows []string
	for _, line := range strings.Split(section, "\n") {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, spaces.ReplaceAllString(strings.TrimSpace(line), "|"))
		}
	}
	g.Expect(len(rows)).To(BeNumerically(">", 2), "the table has a head, a line and rows")
	var want []string
	for _, rule := range access.All() {
		where, group, only := "ClusterRole", rule.APIGroup, "always"
		if rule.Scope == access.RegistrationsScope {
			where = "Role in `--registrations-namespace`"
		}
		if group == "" {
			group = "(core)"
		}
		if rule.Only != "" {
			only = "with `" + rule.Only + "`"
		}
		cells := []string{where, group, rule.Resource, strings.Join(rule.Verbs, ", "), only, rule.Purpose}
		want = append(want, "|"+strings.Join(cells, "|")+"|")
	}
	g.Expect(rows[2:]).To(Equal(want))
}
