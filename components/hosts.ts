import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { profileLabels } from "../plan/host-profiles/label";
import { profileNamed } from "../plan/host-profiles/mix";
import { rootDeviceHints } from "../plan/host-profiles/root-device";
import { BMO_PAUSED_ANNOTATION, PAUSED_ANNOTATION, QUEUED_ANNOTATION } from "../plan/manifests/cluster-objects";
import type { ClusterPlan, HostPlan, LabPlan } from "../plan/plan";
import type { BareMetalOperator } from "./bare-metal-operator";
import type { FakeNodePair } from "./fake-nodes/pair";
import type { Ironic } from "./ironic";
import type { LabContext } from "./lab-context";

/**
 * Annotations of a host that waits to be released. BMO leaves a host with its own annotation alone. CAPM3's label sync
 * (Metal3LabelSync, v1.13.2) still reads such a host every minute; it skips a host with Cluster API's annotation.
 */
export const QUEUED_ANNOTATIONS = {
    [BMO_PAUSED_ANNOTATION]: "",
    [PAUSED_ANNOTATION]: "",
    [QUEUED_ANNOTATION]: "",
};

/**
 * The properties of a host or Cluster that hold from its creation on, while there is a queue: FKAS has removed the
 * annotations of what it has released, and another `hostsAtOnce` must not pause what is in use. Without a queue they
 * are compared, and go, because nobody would release what still waits.
 * @param properties in which the annotations of the queue are
 */
export const sinceCreation = ({ profile }: Pick<LabPlan, "profile">, properties: string[]): string[] =>
    profile.hostQueue ? properties : [];

export interface BareMetalHostsArgs extends LabContext {
    ironic: Ironic;
    operator: BareMetalOperator;
    /** By the index of the pair. */
    pairs: readonly FakeNodePair[];
}

/**
 * Resources that a host needs to be registered and, later, to be deleted. They are few, because each is in the state
 * once per host.
 */
const dependenciesOf = (host: HostPlan, { ironic, operator, pairs }: BareMetalHostsArgs) => [
    // Without Ironic a host can be created, but not deleted.
    ...ironic.dependenciesOf(host),
    ...operator.answering,
    ...(pairs[host.pair]?.resources ?? []),
];

/** A Secret with the BMC's credentials and a BareMetalHost for each fake host. */
export class BareMetalHosts extends pulumi.ComponentResource {
    /** By host index. */
    readonly hosts: kubernetes.apiextensions.CustomResource[];
    private readonly machinesPerCluster: number;

    constructor(name: string, args: BareMetalHostsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:BareMetalHosts", name, {}, opts);
        this.machinesPerCluster = args.plan.machinesPerCluster;
        this.hosts = args.plan.hosts.map((host) => this.createHost(host, args));
        this.registerOutputs({ count: this.hosts.length });
    }

    /**
     * As many hosts as a cluster has machines, so that clusters are made after hosts. FKAS assigns hosts while the lab
     * runs: in a new lab it gives the cluster these, later any that are free.
     */
    ofCluster({ index }: ClusterPlan): pulumi.Resource[] {
        return this.hosts.slice(index * this.machinesPerCluster, (index + 1) * this.machinesPerCluster);
    }

    private createHost(host: HostPlan, args: BareMetalHostsArgs): kubernetes.apiextensions.CustomResource {
        const child = { parent: this, provider: args.substrate.provider };
        const { username, password } = args.credentials.bmc;
        const secret = new kubernetes.core.v1.Secret(
            `${host.name}-bmc`,
            {
                metadata: { name: `${host.name}-bmc`, namespace: args.plan.namespace },
                stringData: { username, password },
            },
            // Earlier versions wrote a label. To BMO a Secret without it is a Secret with new credentials.
            { ...child, dependsOn: [args.namespace], ignoreChanges: ["metadata.labels"] },
        );
        const { hostProfiles } = args.config;
        const labels = profileLabels(hostProfiles, host.profile);
        const hints = rootDeviceHints(profileNamed(hostProfiles, host.profile), host.uuid);
        return new kubernetes.apiextensions.CustomResource(
            host.name,
            {
                apiVersion: "metal3.io/v1alpha1",
                kind: "BareMetalHost",
                metadata: {
                    name: host.name,
                    namespace: args.plan.namespace,
                    ...(host.queued ? { annotations: QUEUED_ANNOTATIONS } : {}),
                    ...(labels === undefined ? {} : { labels }),
                },
                spec: {
                    online: true,
                    bmc: {
                        address: host.bmcAddress,
                        credentialsName: secret.metadata.name,
                    },
                    bootMACAddress: host.mac,
                    bootMode: host.bootMode,
                    automatedCleaningMode: args.config.cleaning,
                    ...(hints === undefined ? {} : { rootDeviceHints: hints }),
                },
            },
            // BMO deprovisions the host and powers it off before it lets the object go.
            {
                ...child,
                dependsOn: [secret, ...dependenciesOf(host, args)],
                customTimeouts: { delete: "20m" },
                deleteBeforeReplace: true,
                // All of them, and not each by its name: Pulumi would leave an empty object, which is a change.
                ignoreChanges: sinceCreation(args.plan, ["metadata.annotations"]),
            },
        );
    }
}
