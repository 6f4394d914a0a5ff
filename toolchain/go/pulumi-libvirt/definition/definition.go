// Package definition says how the Terraform provider for libvirt is to be
// bridged to Pulumi. Upstream's own definition is in a module that is not
// published; this one has the same tokens, for the resources that the lab uses.
package definition

import (
	"github.com/dmacvicar/terraform-provider-libvirt/libvirt"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// Version is the release of Pulumi's package that this one stands in for. The
// linker sets it.
var Version string

// Provider is the definition of Pulumi's package libvirt.
func Provider() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(libvirt.Provider()),
		Name:        "libvirt",
		Version:     Version,
		Description: "A Pulumi package for creating and managing libvirt cloud resources.",
		License:     "Apache-2.0",
		GitHubOrg:   "dmacvicar",
		Resources: map[string]*tfbridge.ResourceInfo{
			"libvirt_network": {Tok: "libvirt:index/network:Network"},
		},
		IgnoreMappings: []string{
			"libvirt_cloudinit_disk",
			"libvirt_combustion",
			"libvirt_domain",
			"libvirt_ignition",
			"libvirt_pool",
			"libvirt_volume",
			"libvirt_network_dns_host_template",
			"libvirt_network_dns_srv_template",
			"libvirt_network_dnsmasq_options_template",
			"libvirt_node_device_info",
			"libvirt_node_devices",
			"libvirt_node_info",
		},
		JavaScript: &tfbridge.JavaScriptInfo{RespectSchemaVersion: true},
	}
}
