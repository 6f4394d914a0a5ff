import { redfishUrl } from "../bmc";
import type { LabConfig } from "../config/keys";
import { agentHardware, bmcHardware } from "../host-profiles/hardware";
import { profileNamed } from "../host-profiles/mix";
import { DEFAULT_PROFILE } from "../host-profiles/shipped";
import { BMC_USERNAME, FAKE_IPA_PORT, SUSHY_TOOLS_PORT } from "../identities";
import type { HostPlan, PairPlan } from "../plan";

/** Where a pair finds files and keeps its state, in each of its containers. */
export const PAIR_PATHS = {
    configuration: "/etc/fake-node/conf.py",
    caCertificate: "/etc/fake-node/ca.crt",
    /** What the BMCs compare passwords with: htpasswd's format, the hash by bcrypt. */
    bmcHtpasswd: "/etc/fake-bmc/htpasswd",
    /** The password of the BMCs, with which agents switch their hosts off. */
    bmcPassword: "/etc/fake-bmc/password",
    /** Certificate of the BMCs with its key, where they speak TLS. */
    bmcCertificate: "/etc/fake-bmc/tls.crt",
    bmcKey: "/etc/fake-bmc/tls.key",
    sushyToolsState: "/var/lib/sushy-tools",
    fakeIpaState: "/var/lib/fake-ipa",
};

/**
 * Variables of both containers: each program has its own for the one file. The last is that of the image of sushy-tools
 * that Metal3 publishes, which may take the place of the lab's (docs/images.md).
 */
export const PAIR_ENVIRONMENT = {
    CONFIG: PAIR_PATHS.configuration,
    SUSHY_EMULATOR_CONFIG: PAIR_PATHS.configuration,
    SUSHY_TOOLS_CONFIG: PAIR_PATHS.configuration,
};

/**
 * The hardware of the profiles that hosts of a pair have, for each of the two programs. Both know by themselves what a
 * host without a profile is, so that nothing stands here in a lab that has no other hosts.
 */
function hardwareOf(hosts: readonly HostPlan[], { hostProfiles }: LabConfig): Record<string, unknown> {
    const names = [...new Set(hosts.map(({ profile }) => profile))].filter((name) => name !== DEFAULT_PROFILE).sort();
    const each = <Hardware>(part: (profile: ReturnType<typeof profileNamed>) => Hardware): Record<string, Hardware> =>
        Object.fromEntries(names.map((name) => [name, part(profileNamed(hostProfiles, name))]));
    return names.length === 0
        ? {}
        : { FAKE_IPA_HARDWARE: each(agentHardware), SUSHY_TOOLS_HARDWARE: each(bmcHardware) };
}

/** What the two need beside the address for BMCs over TLS. fake-ipa has the CA as that of Ironic. */
const TLS = {
    SUSHY_EMULATOR_SSL_CERT: PAIR_PATHS.bmcCertificate,
    SUSHY_EMULATOR_SSL_KEY: PAIR_PATHS.bmcKey,
    FAKE_IPA_REDFISH_INSECURE: false,
};

/**
 * The configuration file of a pair. sushy-tools and fake-ipa read the same file, and each knows its own keys in it, as
 * in sushy-tools' `doc/source/admin/emulator.conf` and the fake-ipa of metal3-io/utility-images.
 * @param together whether the two share their network, and reach each other at the loopback address
 */
export function pairConfiguration(
    pair: PairPlan,
    config: LabConfig,
    ironicUrl: string,
    together = false,
): Record<string, unknown> {
    const [sushyTools, fakeIpa] = together ? ["127.0.0.1", "127.0.0.1"] : [pair.sushyToolsHost, pair.fakeIpaHost];
    return {
        SUSHY_EMULATOR_LISTEN_IP: "0.0.0.0",
        SUSHY_EMULATOR_LISTEN_PORT: SUSHY_TOOLS_PORT,
        SUSHY_EMULATOR_STATE_DIR: PAIR_PATHS.sushyToolsState,
        SUSHY_EMULATOR_AUTH_FILE: PAIR_PATHS.bmcHtpasswd,
        SUSHY_EMULATOR_FAKE_DRIVER: true,
        SUSHY_EMULATOR_FAKE_SYSTEMS: pair.hosts.map((host) => ({
            uuid: host.uuid,
            name: host.name,
            power_state: "Off",
            external_notifier: true,
            nics: host.nics,
            ...(host.profile === DEFAULT_PROFILE ? {} : { profile: host.profile }),
        })),
        ...hardwareOf(pair.hosts, config),
        EXTERNAL_NOTIFICATION_URL: `http://${fakeIpa}:${FAKE_IPA_PORT}`,
        FAKE_IPA_API_URL: ironicUrl,
        FAKE_IPA_INSPECTION_CALLBACK_URL: `${ironicUrl}/v1/continue_inspection`,
        FAKE_IPA_ADVERTISE_ADDRESS_IP: pair.fakeIpaHost,
        FAKE_IPA_ADVERTISE_ADDRESS_PORT: FAKE_IPA_PORT,
        FAKE_IPA_CAFILE: PAIR_PATHS.caCertificate,
        FAKE_IPA_INSECURE: false,
        SUSHY_TOOLS_MIN_POWER_TIME: config.fakePowerSeconds.min,
        SUSHY_TOOLS_MAX_POWER_TIME: config.fakePowerSeconds.max,
        FAKE_IPA_MIN_BOOT_TIME: config.fakeBootSeconds.min,
        FAKE_IPA_MAX_BOOT_TIME: config.fakeBootSeconds.max,
        FAKE_IPA_STATE_DIR: PAIR_PATHS.fakeIpaState,
        SUSHY_FAKE_IPA_LISTEN_IP: "0.0.0.0",
        SUSHY_FAKE_IPA_LISTEN_PORT: FAKE_IPA_PORT,
        FAKE_IPA_REDFISH_URL: redfishUrl(sushyTools, config),
        FAKE_IPA_REDFISH_USER: BMC_USERNAME,
        FAKE_IPA_REDFISH_PASSWORD_FILE: PAIR_PATHS.bmcPassword,
        ...(config.bmcProtocol === "https" ? TLS : {}),
    };
}
