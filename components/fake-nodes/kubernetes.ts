import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PAIR_PATHS, pairConfiguration } from "../../plan/manifests/pair-configuration";
import { pairObjects } from "../../plan/manifests/pair-objects";
import { podPullSecrets } from "../../plan/manifests/pull-secrets";
import { namingVersion } from "../../plan/part-versions";
import { pythonAssignments } from "../../plan/python";
import { KubernetesObject } from "../kubernetes-object";
import type { FakeNodePair, FakeNodePairArgs } from "./pair";

export interface KubernetesPairArgs extends FakeNodePairArgs {
    provider: kubernetes.Provider;
    /** Resources that its pod needs: the namespace, and what every pod needs. */
    after: pulumi.Resource[];
}

/** A pair as a pod of the management cluster, behind a Service. */
export class KubernetesPair extends pulumi.ComponentResource implements FakeNodePair {
    readonly resources: pulumi.Resource[];
    readonly containers: pulumi.Input<string>[] = [];

    constructor(name: string, args: KubernetesPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:FakeNodePair", name, {}, opts);
        const { pair, plan, images, config, provider, after } = args;
        const configuration = pythonAssignments(pairConfiguration(pair, config, args.ironicUrl, true));
        const keeper = keeperProgram();
        const caCertificate = pulumi.output(args.caCertificate);
        const { htpasswd, password } = args.bmc;
        const { before, credentials, deployment } = pairObjects<pulumi.Input<string>>({
            pair,
            namespace: plan.namespace,
            images: { sushyTools: images.reference("sushy-tools"), fakeIpa: images.reference("fake-ipa") },
            scheduling: config,
            pullSecrets: podPullSecrets(config),
            files: { [PAIR_PATHS.configuration]: configuration, [PAIR_PATHS.caCertificate]: caCertificate },
            credentials: {
                [PAIR_PATHS.bmcHtpasswd]: htpasswd,
                [PAIR_PATHS.bmcPassword]: password,
                ...(args.certificate === undefined
                    ? {}
                    : {
                          [PAIR_PATHS.bmcCertificate]: args.certificate.cert,
                          [PAIR_PATHS.bmcKey]: args.certificate.key,
                      }),
            },
            // It tells nothing of the password, and would make the whole pod a secret in Pulumi's state.
            digest: pulumi.unsecret(
                pulumi.all([caCertificate, htpasswd]).apply((secrets) => digest(configuration, keeper, ...secrets)),
            ),
            keeper,
        });
        const child = { parent: this, provider };
        const first = { ...child, dependsOn: after };
        const needed = before.map(
            (each) =>
                new KubernetesObject(`${name}-${each.kind.toLowerCase()}`, each, {
                    ...first,
                    // The pair itself writes its state.
                    ...(each.kind === "Secret" ? { ignoreChanges: ["data", "metadata.annotations"] } : {}),
                }),
        );
        needed.push(new KubernetesObject(`${name}-bmc`, credentials, first));
        const named = namingVersion("sushyTools", images.version("sushyTools"), deployment);
        this.resources = [new KubernetesObject(`${name}-deployment`, named, { ...child, dependsOn: needed })];
        this.registerOutputs({ hosts: pair.hosts.length });
    }
}

/** The program that keeps the state of a pair, relative to the Pulumi program. */
const KEEPER = "services/pair-state/pair_state.py";

let keeperText: string | undefined;

/** Its text. It is read once, for all pairs. */
const keeperProgram = (): string => (keeperText ??= readFileSync(KEEPER, "utf8"));

const digest = (...contents: string[]): string =>
    createHash("sha256").update(JSON.stringify(contents)).digest("hex").slice(0, 16);
