package httpapi

import (
	"fmt"
	"net/http"
	"sort"
	"strings"

	"github.com/blang/semver/v4"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// NodeUpdate is the body of PUT /updateNode.
type NodeUpdate struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// NodeName is the Machine's name.
	NodeName string `json:"nodeName"`
	// ProviderID for the Node. If it is empty, CAPM3 sets one.
	ProviderID string `json:"providerID"`
	// UUID is the BareMetalHost's Kubernetes UID.
	UUID string `json:"uuid"`
	// Labels are the Machine's; cluster.x-k8s.io/control-plane among them makes a control-plane node.
	Labels map[string]string `json:"labels"`
	// K8sVersion with a leading v.
	K8sVersion string `json:"k8sversion"`
}

func validateName(name types.NamespacedName) []string {
	var problems []string
	for _, message := range validation.IsDNS1123Label(name.Namespace) {
		problems = append(problems, fmt.Sprintf("namespace %q: %s", name.Namespace, message))
	}
	// Cluster API's webhook has the same rule, because the name must also be valid for a Service.
	for _, message := range validation.IsDNS1123Label(name.Name) {
		problems = append(problems, fmt.Sprintf("cluster %q: %s", name.Name, message))
	}
	return problems
}

func (u NodeUpdate) validate() []string {
	var problems []string
	for _, message := range validation.IsDNS1123Subdomain(u.NodeName) {
		problems = append(problems, fmt.Sprintf("nodeName %q: %s", u.NodeName, message))
	}
	if u.UUID == "" {
		problems = append(problems, "uuid: must be the UID of the BareMetalHost, is empty")
	}
	for _, message := range validation.IsValidLabelValue(u.UUID) {
		problems = append(problems, fmt.Sprintf("uuid %q: %s", u.UUID, message))
	}
	if len(u.ProviderID) > 512 {
		problems = append(
			problems,
			fmt.Sprintf("providerID: has %d characters, at most 512 are allowed", len(u.ProviderID)),
		)
	}
	if _, err := semver.Parse(strings.TrimPrefix(u.K8sVersion, "v")); err != nil ||
		!strings.HasPrefix(u.K8sVersion, "v") {
		problems = append(
			problems,
			fmt.Sprintf("k8sversion %q: must be a semantic version with a leading v, such as v1.35.4", u.K8sVersion),
		)
	}
	keys := make([]string, 0, len(u.Labels))
	for key := range u.Labels {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		for _, message := range validation.IsQualifiedName(key) {
			problems = append(problems, fmt.Sprintf("label %q: %s", key, message))
		}
		for _, message := range validation.IsValidLabelValue(u.Labels[key]) {
			problems = append(problems, fmt.Sprintf("label %q, value %q: %s", key, u.Labels[key], message))
		}
	}
	return problems
}

func badRequest(problems []string) error {
	return Errorf(http.StatusBadRequest, "%s", strings.Join(problems, "; "))
}
