import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { referenceParts } from "../plan/image-reference";
import { controllerNodes, replacement } from "../plan/manifests/managers";
import { PROVIDERS, type Provider, type ProviderKey } from "../plan/manifests/providers";
import { podPullSecrets } from "../plan/manifests/pull-secrets";
import { PART_VERSIONS, UNNAMED } from "../plan/part-versions";
import type { Profile } from "../plan/profiles";
import type { BareMetalOperator } from "./bare-metal-operator";
import type { LabContext } from "./lab-context";

export interface ClusterApiArgs extends LabContext {
    operator: BareMetalOperator;
}

/**
 * Cluster API with CAPM3 and IPAM, by the real `clusterctl init`. Another version of a part is installed by `clusterctl
 * upgrade apply`, which goes in upstream's order: the core first, then bootstrap and control plane.
 */
export class ClusterApi extends pulumi.ComponentResource {
    readonly installed: command.local.Command;

    constructor(name: string, args: ClusterApiArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:ClusterApi", name, {}, opts);
        const { substrate, pki, operator, images } = args;
        this.installed = new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/cluster-api.ts",
                // A cluster of the lab's own goes as a whole.
                ...(substrate.cluster === undefined ? { delete: "node --import tsx tasks/cluster-api.ts delete" } : {}),
                // Beside the input, which is a secret: what a lab has is read from Pulumi's state.
                environment: { [PART_VERSIONS]: JSON.stringify(installedVersions(images)) },
                stdin: pulumi.secret(
                    pulumi
                        .all([substrate.kubeconfig, pki.authority])
                        .apply(([kubeconfig, ca]) => installInput(args, kubeconfig, ca)),
                ),
            },
            {
                parent: this,
                // CAPM3 does not start before the definitions of BMO's objects exist, which it watches.
                dependsOn: [...substrate.ready, ...operator.definitions],
                customTimeouts: { create: "15m", update: "15m", delete: "15m" },
            },
        );
        this.registerOutputs({});
    }
}

/** Versions of what is installed. Those that a lab has without naming them are left out, so that it stays as it is. */
function installedVersions(images: ClusterApiArgs["images"]): Record<string, string | undefined> {
    const others = ["capm3", "ipam"].filter((part) => images.version(part) !== UNNAMED[part]);
    return Object.fromEntries(["capi", ...others].map((part) => [part, images.version(part)]));
}

/** Flags of CAPM3's controllers that provisioning waits for; upstream's default is 10 each. */
const CAPM3_CONCURRENCY = [
    "metal3machine-concurrency",
    "metal3cluster-concurrency",
    "metal3data-concurrency",
    "metal3datatemplate-concurrency",
];

/** Flags of CAPM3's background controllers, for which nothing waits. */
const BACKGROUND_CONCURRENCY = ["metal3machinetemplate-concurrency", "metal3labelsync-concurrency"];

/** Flags of Cluster API's controllers; upstream's defaults are 50 to 100. */
const CORE_CONCURRENCY = [
    "cluster-concurrency",
    "clustertopology-concurrency",
    "machine-concurrency",
    "machineset-concurrency",
    "machinedeployment-concurrency",
];
const BOOTSTRAP_CONCURRENCY = ["kubeadmconfig-concurrency"];
const CONTROL_PLANE_CONCURRENCY = ["kubeadmcontrolplane-concurrency"];

/** Seconds to wait for each of: the Kubernetes API, clusterctl, the controllers, their webhooks. */
const WAIT_SECONDS = 240;

type Flags = Record<string, string | number | boolean>;

/** Each flag with the same value. No flag where the value is undefined: upstream's default then holds. */
const flags = (names: readonly string[], value: number | undefined): Flags =>
    value === undefined ? {} : Object.fromEntries(names.map((name) => [name, value]));

/** The flags of each provider's controllers. */
function providerFlags(profile: Profile): Record<ProviderKey, Flags> {
    const resync: Flags = profile.resyncHours === undefined ? {} : { "sync-period": `${profile.resyncHours}h` };
    const limits = { "kube-api-qps": profile.kubeApiQps, "kube-api-burst": profile.kubeApiBurst, ...resync };
    // CAPM3 and IPAM elect no leader by default.
    const election: Flags = profile.leaderElection ? {} : { "leader-elect": false };
    const { clusterApiConcurrency } = profile;
    return {
        core: { ...limits, ...election, ...flags(CORE_CONCURRENCY, clusterApiConcurrency) },
        bootstrap: { ...limits, ...election, ...flags(BOOTSTRAP_CONCURRENCY, clusterApiConcurrency) },
        controlPlane: { ...limits, ...election, ...flags(CONTROL_PLANE_CONCURRENCY, clusterApiConcurrency) },
        infrastructure: {
            ...limits,
            ...flags(CAPM3_CONCURRENCY, profile.capm3Concurrency),
            ...flags(BACKGROUND_CONCURRENCY, profile.backgroundConcurrency),
        },
        ipam: resync,
    };
}

/**
 * Standard input of tasks/cluster-api.ts. It names no path of this machine, because the state must be usable on
 * another.
 * @param ca the lab's CA, which issues the webhooks' certificates
 */
export function installInput(
    { config, images, plan }: Pick<ClusterApiArgs, "config" | "images" | "plan">,
    kubeconfig: string,
    ca: { cert: string; key: string },
): string {
    const { profile } = plan;
    const args = providerFlags(profile);
    const controller = ({ key, image }: Provider) => ({
        image: referenceParts(images.reference(image)),
        env: profile.controllerEnvironment,
        ...replacement(profile),
        ...podPullSecrets(config),
        probeTimeoutSeconds: profile.probeTimeoutSeconds,
        requests: profile.controllerRequests[key] === undefined ? undefined : { cpu: profile.controllerRequests[key] },
        args: args[key],
        ...controllerNodes(config),
    });
    return JSON.stringify({
        kubeconfig,
        ca,
        manifests: { source: "build" },
        deprecatedVersions: profile.deprecatedVersions,
        webhooksOfEveryUpdate: profile.webhooksOnEveryUpdate,
        controllers: Object.fromEntries(PROVIDERS.map((provider) => [provider.key, controller(provider)])),
        waitSeconds: WAIT_SECONDS,
    });
}
