import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "./config.js";

/**
 * The certificate by which Ironic verifies the agents' API (`agent_verify_ca` of a heartbeat): the API's own
 * certificate if it is self-signed, else the configured CA if it signed that certificate. Undefined if the API is
 * served without TLS, or with a certificate that Ironic must know already.
 */
export function verifyCa(config: Config): string | undefined {
    if (config.certFile === undefined) {
        return undefined;
    }
    const own = new X509Certificate(readFileSync(config.certFile));
    if (own.checkIssued(own)) {
        return own.toString();
    }
    if (config.caFile === undefined) {
        return undefined;
    }
    const ca = new X509Certificate(readFileSync(config.caFile));
    return own.checkIssued(ca) ? ca.toString() : undefined;
}
