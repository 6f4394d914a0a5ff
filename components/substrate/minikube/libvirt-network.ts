import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { socketError, socketOf } from "../../../lib/libvirt-socket";
import type { LibvirtNetworkPlan } from "../../../plan/libvirt-network";
import { withRunErrors } from "../../run-error";
import { ensureActive } from "./running";
import * as libvirt from "@pulumi/libvirt";

export interface LibvirtNetworkArgs {
    network: LibvirtNetworkPlan;
    /** Connection URI, such as `qemu:///system`. */
    libvirtUri: string;
    /** Name of the Docker network that shares, or will share, the bridge. */
    dockerNetwork: string;
}

/**
 * The provisioning network as a NAT network of libvirt, with DHCP for the node of the management cluster alone.
 *
 * The provider makes a network of its own shape: DHCP for every address, no reservation, a random UUID. What the lab
 * needs beyond that is written by the stylesheet, for which the provider calls `xsltproc`.
 */
export class LibvirtNetwork extends pulumi.ComponentResource {
    readonly network: libvirt.Network;
    /** Name of the network's bridge, known once the network is active. */
    readonly bridge: pulumi.Output<string>;

    constructor(name: string, args: LibvirtNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:LibvirtNetwork", name, {}, opts);
        const { network } = args;
        const provider = new libvirt.Provider(`${name}-libvirt`, { uri: reachable(args.libvirtUri) }, { parent: this });
        this.network = new libvirt.Network(
            name,
            {
                name: network.name,
                mode: "nat",
                bridge: network.bridge,
                addresses: [network.cidr],
                dhcp: { enabled: true },
                // The kvm2 driver of minikube switches it on as well.
                autostart: true,
                xml: { xslt: stylesheet(network) },
            },
            {
                parent: this,
                provider,
                // Two networks of one name, bridge or range cannot stand side by side.
                deleteBeforeReplace: true,
            },
        );
        this.bridge = this.network.id.apply(async () => {
            await withRunErrors(ensureActive(args.libvirtUri, network, args.dockerNetwork));
            return network.bridge;
        });
        this.registerOutputs({});
    }
}

/**
 * The connection, unknown in a preview on a machine where libvirt does not answer: the provider then does not connect,
 * and the preview shows the network as one to create.
 */
function reachable(uri: string): pulumi.Output<string> {
    const socket = socketOf(uri);
    if (!pulumi.runtime.isDryRun() || socket === undefined) {
        return pulumi.output(uri);
    }
    return pulumi.output(socketError(socket).then((error) => (error === undefined ? uri : (unknown as string))));
}

/**
 * The stylesheet that completes the provider's XML. Its text must follow from the plan alone: a changed text replaces
 * the network, and with it cuts the node's connection.
 */
export function stylesheet({ uuid, leased, node }: LibvirtNetworkPlan): string {
    return `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="node()|@*">
    <xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/network/name">
    <xsl:copy-of select="."/>
    <uuid>${uuid}</uuid>
  </xsl:template>
  <xsl:template match="/network/ip/dhcp">
    <dhcp>
      <range start="${leased.first}" end="${leased.last}"/>
      <host mac="${node.mac}" name="${node.name}" ip="${node.address}"/>
    </dhcp>
  </xsl:template>
</xsl:stylesheet>
`;
}
