// Command pulumi-libvirt is Pulumi's provider for libvirt,
// pulumi-resource-libvirt: Pulumi's bridge around the Terraform provider, as
// upstream builds it. The command ./schema makes the file that is embedded
// here, and must run before this is built.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"metal3-scale-lab/toolchain/go/pulumi-libvirt/definition"
)

// schema is the package's Pulumi schema.
//
//go:embed generated/schema.json
var schema []byte

func main() {
	tfbridge.Main("libvirt", definition.Version, definition.Provider(), schema)
}
