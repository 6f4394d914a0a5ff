import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../plan/config/keys";
import { HOST_CLUSTER_LABEL, PAUSED_ANNOTATION, QUEUED_ANNOTATION } from "../plan/manifests/cluster-objects";
import type { HostPlan, LabPlan } from "../plan/plan";

/** sushy-tools' and fake-ipa's ports within their own address: upstream's defaults. */
export const SUSHY_TOOLS_PORT = 8000;
export const FAKE_IPA_PORT = 9999;

/** Cluster API's label of what belongs to a cluster. */
const CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name";

/**
 * A host that waits: BMO leaves one with its own annotation alone. CAPM3 asks the API server for such a host every minute all the same (v1.13.2,
 * Metal3LabelSync), and for one with Cluster API's annotation never.
 */
const QUEUED_ANNOTATIONS = { "baremetalhost.metal3.io/paused": "", [PAUSED_ANNOTATION]: "", [QUEUED_ANNOTATION]: "" };

export interface BareMetalHostsArgs {
    config: LabConfig;
    plan: LabPlan;
    namespace: string;
    bmc: { username: pulumi.Input<string>; password: pulumi.Input<string> };
    provider: kubernetes.Provider;
    /** What a host needs to be registered, and, longer, to be let go of: few, as each is in the state as often as there are hosts. */
    dependsOn: (host: HostPlan) => pulumi.Resource[];
    /** What the Secrets need: the namespace. */
    secretsDependOn: pulumi.Resource[];
}

/** A Secret with the BMC's credentials and a BareMetalHost for each fake host. */
export class BareMetalHosts extends pulumi.ComponentResource {
    /** By host index. */
    readonly hosts: kubernetes.apiextensions.CustomResource[];

    constructor(name: string, args: BareMetalHostsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:BareMetalHosts", name, {}, opts);
        this.hosts = args.plan.hosts.map((host) => this.createHost(host, args));
        this.registerOutputs({ count: this.hosts.length });
    }

    private createHost(host: HostPlan, args: BareMetalHostsArgs): kubernetes.apiextensions.CustomResource {
        const child = { parent: this, provider: args.provider };
        const pair = args.plan.pairs[host.pair];
        if (!pair) {
            throw new Error(`${host.name} belongs to pair ${host.pair}, which is not in the plan`);
        }
        const secret = new kubernetes.core.v1.Secret(
            `${host.name}-bmc`,
            {
                // CAPM3 writes this label when a machine takes the host, and BMO takes any change of the Secret for new
                // credentials: it would register the host a second time, in the middle of its provisioning.
                metadata: {
                    name: `${host.name}-bmc`,
                    namespace: args.namespace,
                    labels: { [CLUSTER_NAME_LABEL]: host.cluster },
                },
                stringData: { username: args.bmc.username, password: args.bmc.password },
            },
            { ...child, dependsOn: args.secretsDependOn },
        );
        return new kubernetes.apiextensions.CustomResource(
            host.name,
            {
                apiVersion: "metal3.io/v1alpha1",
                kind: "BareMetalHost",
                metadata: {
                    name: host.name,
                    namespace: args.namespace,
                    labels: { [HOST_CLUSTER_LABEL]: host.cluster },
                    ...(host.queued ? { annotations: QUEUED_ANNOTATIONS } : {}),
                },
                spec: {
                    online: true,
                    bmc: {
                        address: `redfish+http://${pair.sushyToolsAddress}:${SUSHY_TOOLS_PORT}/redfish/v1/Systems/${host.uuid}`,
                        credentialsName: secret.metadata.name,
                    },
                    bootMACAddress: host.mac,
                    bootMode: "legacy",
                    automatedCleaningMode: args.config.cleaning,
                },
            },
            // Deprovisioning and powering off take their time; the host is let go of only afterwards.
            {
                ...child,
                dependsOn: [secret, ...args.dependsOn(host)],
                customTimeouts: { delete: "20m" },
                deleteBeforeReplace: true,
            },
        );
    }
}
