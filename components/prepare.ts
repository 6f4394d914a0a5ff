import * as pulumi from "@pulumi/pulumi";
import { Cache } from "../toolchain/cache";
import { manifestsPath } from "../toolchain/manifests-entry";
import { cacheRoot } from "../toolchain/paths";
import type { LabConfig } from "./config/keys";
import { ConfigurationError, judge, type Problem } from "./config/validate";
import type { Manifest } from "./manifests/documents";
import { readBareMetalOperator } from "./manifests/repository";
import { plan, type LabPlan } from "./plan/plan";
import { dockerProblem, machineProblems, lookAtMachine } from "./preflight";

/** All that is known before the first resource. */
export interface Prepared {
    config: LabConfig;
    plan: LabPlan;
    /** The bare-metal operator's objects, as upstream has them. */
    operatorManifests: Manifest[];
}

/**
 * Reads and judges the configuration, and the machine unless this is a preview: a preview runs where no lab could.
 * @throws ConfigurationError with every problem of both.
 */
export async function prepare(): Promise<Prepared> {
    const problems: Problem[] = [];
    let config: LabConfig | undefined;
    try {
        config = judge(rawConfiguration());
    } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        problems.push(...error.problems);
    }
    const planned = config === undefined ? undefined : plan(config, pulumi.getStack());
    if (!pulumi.runtime.isDryRun()) {
        problems.push(...(config && planned ? machineProblems(config, planned, await lookAtMachine(planned)) : await dockerProblem()));
    }
    if (problems.length > 0 || config === undefined || planned === undefined) throw new ConfigurationError(problems);
    const manifests = manifestsPath(new Cache(cacheRoot()));
    return { config, plan: planned, operatorManifests: await readBareMetalOperator(manifests) };
}

/** Every key of this project's namespace, known or not, as Pulumi holds it. */
function rawConfiguration(): Record<string, string> {
    const namespace = `${pulumi.getProject()}:`;
    return Object.fromEntries(
        Object.entries(pulumi.runtime.allConfig())
            .filter(([key]) => key.startsWith(namespace))
            .map(([key, value]) => [key.slice(namespace.length), value]),
    );
}
