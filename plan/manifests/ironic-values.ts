import type { LabConfig } from "../config/keys";
import { referenceParts, type ImageReferences } from "../image-reference";
import { UNNAMED } from "../part-versions";
import type { LabPlan } from "../plan";
import { nodesOf, type Scheduling } from "../scheduling";
import { changesLeftOut } from "../without";
import { OS_IMAGE } from "./os-image";
import { podPullSecrets } from "./pull-secrets";

/** Secret with Ironic's and the database's credentials. */
export const CREDENTIALS_SECRET = "ironic-credentials";

/** Secret with Ironic's certificate and the CA's. */
export const TLS_SECRET = "ironic-tls";

/** What the configuration says of all pods alike. */
type PodSettings = Scheduling & Parameters<typeof podPullSecrets>[0] & Pick<LabConfig, "without">;

/** Values of charts/ironic: plain, never outputs, so that a preview can render the chart before there is a cluster. */
export function ironicValues(plan: LabPlan, images: ImageReferences, config: PodSettings): object {
    const { profile, substrate } = plan;
    const ipa = images.ipa();
    return {
        fullnameOverride: "ironic",
        existingSecret: CREDENTIALS_SECRET,
        tlsSecret: TLS_SECRET,
        ironicVersion: images.version("ironic"),
        images: {
            ironic: referenceParts(images.reference("ironic")),
            mariadb: referenceParts(images.reference("mariadb")),
            imageServer: referenceParts(images.reference("image-server")),
            ...(ipa === undefined ? {} : { ipa: referenceParts(ipa) }),
        },
        ...podPullSecrets(config),
        provisioning:
            plan.reach.kind === "services"
                ? { services: plan.conductors.length }
                : { cidr: plan.network.cidr, ips: plan.conductors.map(({ host }) => host) },
        service: { nodeAddress: substrate.serviceAddress ?? "" },
        conductor: {
            apiProxy: profile.apiProxy,
            apiMaxLimit: profile.apiMaxLimit,
            tunedRuntime: profile.tunedRuntime,
            without: changesLeftOut(config.without),
            tellOperator: !config.without.includes("ironic-state-notifier"),
            databasePoolSize: profile.databasePoolSize,
            fastTrack: profile.fastTrack,
            maxConcurrentClean: profile.maxConcurrentClean,
            maxConcurrentDeploy: profile.maxConcurrentDeploy,
            syncPowerStateInterval: profile.syncPowerStateInterval,
            ...nodesOf(config),
        },
        mariadb: {
            maxConnections: profile.databaseMaxConnections,
            persistence: { storageClass: substrate.storageClass },
            // Only upstream's image knows how.
            upgradesData: images.version("mariadb") !== UNNAMED["mariadb"],
            ...nodesOf(config),
        },
        imageServer: { files: { [OS_IMAGE.file]: OS_IMAGE.content }, ...nodesOf(config) },
    };
}

/**
 * Names of Ironic's certificate: those of its Service, the address on the provisioning network, and every host that a
 * conductor may ever have, so that a new conductor needs no new certificate.
 */
export const ironicNames = ({ namespace, reach, substrate }: LabPlan): string[] => [
    "ironic",
    `ironic.${namespace}`,
    `ironic.${namespace}.svc`,
    `ironic.${namespace}.svc.cluster.local`,
    "127.0.0.1",
    ...(substrate.serviceAddress === undefined ? [] : [substrate.serviceAddress]),
    ...reach.conductorHosts,
];
