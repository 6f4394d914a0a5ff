import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { PairPlan } from "../../plan/plan";
import type { ServerCertificate } from "../../tasks/pki/input";
import type { LabPki } from "../lab-pki";

export interface BmcCertificateArgs {
    pair: PairPlan;
    pki: LabPki;
}

/** Where fake-ipa reaches the BMCs of its own pair, if both share their network. */
const TOGETHER = "127.0.0.1";

/**
 * The certificate of the BMCs of a pair, by the lab's CA. Each pair has its own, because the lab's PKI must not run
 * again for one more pair, and one certificate with the addresses of all that there may ever be would be sent with each
 * connection.
 */
export function bmcCertificate(
    { pair, pki }: BmcCertificateArgs,
    opts: pulumi.ComponentResourceOptions,
): pulumi.Output<ServerCertificate> {
    const names = [pair.sushyToolsHost, TOGETHER];
    const issue = new command.local.Command(
        `${pair.name}-certificate`,
        {
            create: "node --import tsx tasks/server-certificate.ts",
            stdin: pulumi.secret(
                pki.authority.apply((authority) => JSON.stringify({ name: pair.name, names, authority })),
            ),
            // The output holds a key: it belongs into the state, never into a log.
            logging: "stderr",
        },
        { ...opts, additionalSecretOutputs: ["stdout"] },
    );
    return pulumi.secret(issue.stdout.apply((stdout) => JSON.parse(stdout) as ServerCertificate));
}
