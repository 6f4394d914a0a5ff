import type { LabConfig } from "../config/keys";
import { referenceParts, type ImageReferences } from "../image-reference";
import { UNNAMED } from "../part-versions";
import type { LabPlan } from "../plan";
import { nodesOf, type Scheduling } from "../scheduling";
import { changesLeftOut } from "../without";
import { agentIsoFiles } from "./agent-iso";
import { OS_IMAGE } from "./os-image";
import { podPullSecrets } from "./pull-secrets";

/** Secret with Ironic's and the database's credentials. */
export const CREDENTIALS_SECRET = "ironic-credentials";

/** Secret with Ironic's certificate and the CA's. */
export const TLS_SECRET = "ironic-tls";

/** What the configuration says of all pods alike. */
type Settings = Scheduling &
    Parameters<typeof podPullSecrets>[0] &
    Pick<LabConfig, "without" | "hostProfiles" | "bmcProtocol" | "bmcDriver">;

/** Hooks of Ironic's inspection: its own, then those that take up what NICs hear from their switches. */
const HOOKS = "$default_hooks,parse-lldp,local-link-connection";

/** Where the chart puts `ca.crt` of {@link TLS_SECRET} for Ironic. */
const CA_FILE = "/etc/ironic-tls/ca.crt";

/**
 * Options of Ironic that only some labs need: those with BMCs over TLS, and those with hosts of some profiles. Metal3's
 * image of Ironic has the hook parse-lldp, and reads BIOS settings of every host; the hosts of the default profile have
 * neither.
 */
function extraConfig({ hostProfiles, bmcProtocol }: Settings): { extraConfig?: object } {
    const profiles = Object.values(hostProfiles).map(({ profile }) => profile);
    const hasLldp = profiles.some(({ nics }) => nics.some((nic) => nic.switch !== undefined));
    const hasBios = profiles.some(({ bios }) => bios !== undefined);
    const options = {
        ...(hasBios ? { DEFAULT: { default_bios_interface: "redfish" } } : {}),
        ...(hasLldp ? { inspector: { hooks: HOOKS } } : {}),
        // What BMO can say of a BMC's certificate is whether to check it, and not by which CA.
        ...(bmcProtocol === "https" ? { redfish: { verify_ca: CA_FILE } } : {}),
    };
    return Object.keys(options).length === 0 ? {} : { extraConfig: options };
}

/** Values of charts/ironic: plain, never outputs, so that a preview can render the chart before there is a cluster. */
export function ironicValues(plan: LabPlan, images: ImageReferences, config: Settings): object {
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
            ...extraConfig(config),
            ...nodesOf(config),
        },
        mariadb: {
            maxConnections: profile.databaseMaxConnections,
            persistence: { storageClass: substrate.storageClass },
            // Only upstream's image knows how.
            upgradesData: images.version("mariadb") !== UNNAMED["mariadb"],
            ...nodesOf(config),
        },
        imageServer: { files: { [OS_IMAGE.file]: OS_IMAGE.content, ...agentIsoFiles(config) }, ...nodesOf(config) },
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
