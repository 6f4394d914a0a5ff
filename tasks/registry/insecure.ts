import * as ipaddr from "ipaddr.js";
import { run } from "../../toolchain/run";

/** Longest question to Docker, milliseconds. */
const LIMIT_MS = 30_000;

/** What `docker info` says of registries, as far as it is read. */
interface RegistryConfig {
    IndexConfigs?: Record<string, { Secure?: boolean } | undefined> | null;
    InsecureRegistryCIDRs?: string[] | null;
}

/** The host of a reference or a prefix, with its port. */
export const registryHost = (reference: string): string => reference.split("/")[0] ?? "";

const nameOf = (host: string): string => host.replace(/:\d+$/, "");

/** Whether a registry listens on this machine's loopback interface, which is another one inside a node. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3})$/.test(nameOf(host));

/**
 * Whether Docker speaks to a registry without a certificate that it knows, or over plain HTTP: it does so with those of
 * the loopback interface, and with the ones that its configuration names.
 */
export function isInsecure(host: string, { IndexConfigs, InsecureRegistryCIDRs }: RegistryConfig): boolean {
    const name = nameOf(host);
    if (name === "localhost" || IndexConfigs?.[host]?.Secure === false) {
        return true;
    }
    if (!ipaddr.IPv4.isValid(name)) {
        return false;
    }
    const address = ipaddr.IPv4.parse(name);
    return (InsecureRegistryCIDRs ?? [])
        .filter((cidr) => ipaddr.IPv4.isValidCIDR(cidr))
        .some((cidr) => address.match(ipaddr.IPv4.parseCIDR(cidr)));
}

/** {@link isInsecure} as the Docker of this machine has it. */
export async function isInsecureInDocker(host: string): Promise<boolean> {
    const text = await run("docker", ["info", "--format", "{{json .RegistryConfig}}"], { timeoutMs: LIMIT_MS });
    return isInsecure(host, (JSON.parse(text) ?? {}) as RegistryConfig);
}
