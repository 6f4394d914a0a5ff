import type { LabConfig } from "./config/keys";
import type { HostProfile } from "./host-profiles/definition";
import { SUSHY_TOOLS_PORT } from "./identities";

/** How a host's BMC is reached, and what a host boots with. */
export interface BmcPlan {
    /** Redfish address of its BMC, as BMO wants it. */
    bmcAddress: string;
    /** As a BareMetalHost has it. */
    bootMode: LabConfig["bootMode"];
}

/**
 * Driver of BMO by which a host is managed. `redfish`: it boots its ramdisk from the network, by PXE.
 * `redfish-virtualmedia`: from a medium in the virtual drive of its BMC.
 */
export type BmcDriver = LabConfig["bmcDriver"];

/** What the configuration says of BMCs. */
export type BmcSettings = Pick<LabConfig, "bmcProtocol" | "bmcDriver" | "bootMode">;

/** The driver of a host of a profile: the profile's own, or the lab's. */
export const driverOf = (profile: HostProfile, { bmcDriver }: Pick<BmcSettings, "bmcDriver">): BmcDriver =>
    profile.bmcDriver ?? bmcDriver;

/** The boot mode of a host of a profile: the profile's own, or the lab's. */
export const bootModeOf = (profile: HostProfile, { bootMode }: Pick<BmcSettings, "bootMode">): LabConfig["bootMode"] =>
    profile.bootMode ?? bootMode;

/** Base URL of the BMCs of a pair. @param host at which they are reached */
export const redfishUrl = (host: string, { bmcProtocol }: Pick<BmcSettings, "bmcProtocol">): string =>
    `${bmcProtocol}://${host}:${SUSHY_TOOLS_PORT}`;

/** @param host at which the BMCs of its pair are reached */
export const bmcPlan = (host: string, uuid: string, profile: HostProfile, settings: BmcSettings): BmcPlan => ({
    bmcAddress: `${driverOf(profile, settings)}+${redfishUrl(host, settings)}/redfish/v1/Systems/${uuid}`,
    bootMode: bootModeOf(profile, settings),
});

/** Whether hosts of some profile of the lab boot from virtual media. */
export const usesVirtualMedia = (config: Pick<LabConfig, "hostProfiles" | "bmcDriver">): boolean =>
    Object.values(config.hostProfiles).some(({ profile }) => driverOf(profile, config) === "redfish-virtualmedia");

/** Driver and protocol of an address of {@link bmcPlan}. Undefined: it is not one of those. */
export function addressParts(address: string): { driver: string; protocol: string; url: string } | undefined {
    const [, driver, url, protocol] = /^(redfish(?:-virtualmedia)?)\+((https?):\/\/.*)$/.exec(address) ?? [];
    return driver === undefined || url === undefined || protocol === undefined ? undefined : { driver, protocol, url };
}

/** URL of a system from the address of its BMC. @throws Error where the address is not one of the lab's */
export function systemUrl(address: string): string {
    const parts = addressParts(address);
    if (parts === undefined) {
        throw new Error(`${address} is not the address of a BMC of the lab`);
    }
    return parts.url;
}
