import { allConductorAddresses } from "../addresses";
import { referenceParts, type ImageReferences } from "../image-reference";
import type { LabPlan } from "../plan";
import { OS_IMAGE } from "./os-image";
import type { PodPullSecrets } from "./pull-secrets";

/** Secret with Ironic's and the database's credentials. */
export const CREDENTIALS_SECRET = "ironic-credentials";

/** Secret with Ironic's certificate and the CA's. */
export const TLS_SECRET = "ironic-tls";

/** Values of charts/ironic: plain, never outputs, so that a preview can render the chart before there is a cluster. */
export function ironicValues(plan: LabPlan, images: ImageReferences, pullSecrets: PodPullSecrets = {}): object {
    const { profile, substrate } = plan;
    const ipa = images.ipa();
    return {
        fullnameOverride: "ironic",
        existingSecret: CREDENTIALS_SECRET,
        tlsSecret: TLS_SECRET,
        images: {
            ironic: referenceParts(images.reference("ironic")),
            mariadb: referenceParts(images.reference("mariadb")),
            imageServer: referenceParts(images.reference("image-server")),
            ...(ipa === undefined ? {} : { ipa: referenceParts(ipa) }),
        },
        ...pullSecrets,
        provisioning: { cidr: plan.network.cidr, ips: plan.conductors.map(({ provisioningIp }) => provisioningIp) },
        service: { externalIPs: [substrate.serviceAddress] },
        conductor: {
            apiProxy: profile.apiProxy,
            apiMaxLimit: profile.apiMaxLimit,
            tunedRuntime: profile.tunedRuntime,
            databasePoolSize: profile.databasePoolSize,
            fastTrack: profile.fastTrack,
            maxConcurrentClean: profile.maxConcurrentClean,
            maxConcurrentDeploy: profile.maxConcurrentDeploy,
            syncPowerStateInterval: profile.syncPowerStateInterval,
        },
        mariadb: {
            maxConnections: profile.databaseMaxConnections,
            persistence: { storageClass: substrate.storageClass },
        },
        imageServer: { files: { [OS_IMAGE.file]: OS_IMAGE.content } },
    };
}

/**
 * Names of Ironic's certificate: those of its Service, the address on the provisioning network, and every address that
 * a conductor may ever have, so that a new conductor needs no new certificate.
 */
export const ironicNames = ({ namespace, network, substrate }: LabPlan): string[] => [
    "ironic",
    `ironic.${namespace}`,
    `ironic.${namespace}.svc`,
    `ironic.${namespace}.svc.cluster.local`,
    "127.0.0.1",
    substrate.serviceAddress,
    ...allConductorAddresses(network),
];
