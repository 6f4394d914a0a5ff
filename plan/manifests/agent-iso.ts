import { usesVirtualMedia } from "../bmc";
import type { LabConfig } from "../config/keys";

/**
 * The image from which hosts with virtual media boot the agent. Fake BMCs fetch it, and nobody reads it: a line of text
 * is enough. As it is there already, no conductor builds one for each host, for which it would need a boot loader.
 */
const AGENT_ISO = { file: "lab-ipa.iso", content: "A ramdisk with an agent for hosts that do not exist.\n" };

type Settings = Pick<LabConfig, "hostProfiles" | "bmcDriver">;

/** Files that the lab's image server has for virtual media. */
export const agentIsoFiles = (config: Settings): Record<string, string> =>
    usesVirtualMedia(config) ? { [AGENT_ISO.file]: AGENT_ISO.content } : {};

/**
 * Where the conductors fetch the image: each publishes it anew to the BMCs of its hosts, at its provisioning IP.
 * Undefined in a lab without virtual media.
 */
export const agentIsoUrl = (namespace: string, config: Settings): string | undefined =>
    usesVirtualMedia(config) ? `http://ironic-image-server.${namespace}.svc:8080/images/${AGENT_ISO.file}` : undefined;
