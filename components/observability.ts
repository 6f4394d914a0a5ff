import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { observabilityObjects, type ObservabilityFiles } from "../plan/manifests/observability/prometheus";
import type { MetricNames } from "../plan/manifests/observability/scrape";
import type { ClusterApi } from "./cluster-api";
import { createObjects } from "./kubernetes-object";
import type { LabContext } from "./lab-context";

export interface ObservabilityArgs extends LabContext {
    /** With it, the namespaces are there in which Prometheus looks for pods. */
    clusterApi: ClusterApi;
}

/** Prometheus, which asks every part of the lab for its metrics. Made with the key `observability` alone. */
export class Observability extends pulumi.ComponentResource {
    constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:Observability", name, {}, opts);
        const { plan, images, config, substrate, namespace, clusterApi } = args;
        const objects = observabilityObjects(plan, images, config, observabilityFiles());
        createObjects(name, objects, {
            parent: this,
            provider: substrate.provider,
            dependsOn: [namespace, ...substrate.ready, clusterApi],
        });
        this.registerOutputs({ objects: objects.length });
    }
}

/** Folder of the rules, the names of metrics and the program, relative to the Pulumi program. */
const FOLDER = "metrics";
const RULES = join(FOLDER, "rules");

/** The files that a lab gets, as the checkout has them. */
export function observabilityFiles(): ObservabilityFiles {
    const rules = readdirSync(RULES).filter((name) => name.endsWith(".rules.yaml"));
    return {
        rules: Object.fromEntries(rules.sort().map((name) => [name, readFileSync(join(RULES, name), "utf8")])),
        metrics: parse(readFileSync(join(FOLDER, "names.yaml"), "utf8")) as MetricNames,
        ironicMetrics: readFileSync(join(FOLDER, "ironic_metrics.py"), "utf8"),
    };
}
