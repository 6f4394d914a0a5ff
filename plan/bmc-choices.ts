/** What BMCs and boot modes there are, for keys of the configuration and for profiles of hosts alike. */

/** How the BMCs speak: `https` with a certificate of the lab's CA. */
export const BMC_PROTOCOLS = ["http", "https"] as const;

/** Drivers of BMO. `redfish`: a host boots its ramdisk by PXE. `redfish-virtualmedia`: from its BMC's virtual drive. */
export const BMC_DRIVERS = ["redfish", "redfish-virtualmedia"] as const;

/** Boot modes of a BareMetalHost that sushy-tools' fake driver can have. */
export const BOOT_MODES = ["legacy", "UEFI"] as const;
