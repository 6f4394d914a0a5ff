// Command pulumi-kubernetes is the official Pulumi provider for Kubernetes,
// pulumi-resource-kubernetes, with a main function of ours: upstream's embeds
// two generated files that are not in its published module. The command
// ./embed makes them, and must run before this is
// built, with the version that version.Version is set to when linking.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// schema is the package's Pulumi schema, with its version set.
//
//go:embed generated/schema.json
var schema []byte

// terraformMapping is what Pulumi's converter from Terraform asks the provider for.
//
//go:embed generated/terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
