import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../plan/config/keys";
import type { ImageReferences } from "../../plan/image-reference";
import type { LabPlan, PairPlan } from "../../plan/plan";
import type { ServerCertificate } from "../../tasks/pki/input";

/** The BMCs (sushy-tools) and the agents (fake-ipa) of a fixed range of hosts, wherever they run. */
export interface FakeNodePair {
    /** Resources that a host of the pair needs, and must outlive it. */
    readonly resources: pulumi.Resource[];
    /** Names of its Docker containers, which have to run. Empty where it runs otherwise. */
    readonly containers: pulumi.Input<string>[];
}

/** What a pair needs to know, wherever it runs. */
export interface FakeNodePairArgs {
    config: LabConfig;
    plan: LabPlan;
    images: ImageReferences;
    pair: PairPlan;
    /** Base URL of Ironic's API, as the agents reach it. */
    ironicUrl: string;
    /** Certificate of the CA that signed Ironic's certificate, PEM. */
    caCertificate: pulumi.Input<string>;
    /** Of the BMCs, all alike: the password, and its hash with the user's name. Both are secret. */
    bmc: { password: pulumi.Input<string>; htpasswd: pulumi.Input<string> };
    /** Certificate of the BMCs, with its key, by the lab's CA. Secret. Undefined: they speak plain HTTP. */
    certificate?: pulumi.Output<ServerCertificate>;
}
