import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "./config.js";

/**
 * What Ironic must be told to trust the agents' API (a heartbeat's `agent_verify_ca`): its own certificate where that is self-signed, else the CA
 * given, if it signed it. Nothing where the API is served without TLS or by a certificate that Ironic must know already.
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
