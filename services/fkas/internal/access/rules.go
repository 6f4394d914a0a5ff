package access

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"metal3-scale-lab/fkas/internal/options"
)

// Scope says where a rule holds.
type Scope string

const (
	// ClusterScope rules hold in every namespace: they belong in a ClusterRole.
	ClusterScope Scope = "cluster"
	// RegistrationsScope rules hold in the namespace of --registrations-namespace: they belong in a Role.
	RegistrationsScope Scope = "registrations"
)

// Rule is one entry of rules.json: requests that FKAS sends to the management cluster.
type Rule struct {
	Scope    Scope    `json:"scope"`
	APIGroup string   `json:"apiGroup"`
	Resource string   `json:"resource"`
	Verbs    []string `json:"verbs"`
	// Only names the flag setting for which the rule is needed. Empty: it is always needed.
	Only string `json:"only"`
	// Purpose completes the sentence "FKAS …".
	Purpose string `json:"purpose"`
}

//go:embed rules.json
var rulesFile []byte

// All returns every rule of rules.json.
func All() []Rule {
	var all []Rule
	if err := json.Unmarshal(rulesFile, &all); err != nil {
		// The file is compiled in, so this is a fault of the program.
		panic(fmt.Sprintf("rules.json: %v", err))
	}
	return all
}

// Rules returns the rules that FKAS needs with the given options. It is an error if a rule has an unknown condition.
func Rules(o *options.Options) ([]Rule, error) {
	conditions := map[string]bool{
		"":                          true,
		"--orphan-grace > 0":        o.OrphanGrace > 0,
		"--hosts-at-once":           o.HostsAtOnce != 0,
		"--assign-hosts=true":       o.AssignHosts,
		"--precreate-secrets=true":  o.PrecreateSecrets,
		"--precreate-secrets=false": !o.PrecreateSecrets,
		"--service-address":         o.ServiceAddress != "",
	}
	var needed []Rule
	for _, rule := range All() {
		holds, known := conditions[rule.Only]
		if !known {
			return nil, fmt.Errorf("rules.json: %q is not a condition", rule.Only)
		}
		if holds {
			needed = append(needed, rule)
		}
	}
	return needed, nil
}
