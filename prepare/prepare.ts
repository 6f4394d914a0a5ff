import * as pulumi from "@pulumi/pulumi";
import { ironicValues } from "../components/ironic";
import { STORAGE_CLASS } from "../components/substrate/embedded/node-storage";
import { dockerProblem, machineProblems, lookAtMachine } from "../components/substrate/embedded/preflight";
import type { LabConfig } from "../plan/config/keys";
import { ConfigurationError, validate, type Problem } from "../plan/config/validate";
import type { Manifest } from "../plan/manifests/documents";
import { plan, type LabPlan } from "../plan/plan";
import { Cache } from "../toolchain/cache/cache";
import { manifestsPath } from "../toolchain/manifests/entry";
import { readBareMetalOperator } from "../toolchain/manifests/rendered";
import { cacheRoot } from "../toolchain/paths";
import { renderChart } from "./chart";
import { Images } from "./images";

/** All that is known before the first resource. */
export interface Prepared {
    config: LabConfig;
    plan: LabPlan;
    /** The bare-metal operator's objects, as upstream has them. */
    operatorManifests: Manifest[];
    images: Images;
    /** Ironic's objects, from charts/ironic. */
    ironicChart: Manifest[];
}

/** Namespace of Ironic, the hosts and the clusters: CAPM3 takes only hosts of a machine's own namespace. */
export const NAMESPACE = "metal3";

/** Version of the embedded Kubernetes (toolchain/go/kubernetes). */
const MANAGEMENT_KUBERNETES_VERSION = "v1.35.4";

/**
 * Reads and judges the configuration, and the machine unless this is a preview: a preview runs where no lab could.
 * @throws ConfigurationError with every problem of both.
 */
export async function prepare(): Promise<Prepared> {
    const problems: Problem[] = [];
    let config: LabConfig | undefined;
    try {
        config = validate(rawConfiguration());
    } catch (error) {
        if (!(error instanceof ConfigurationError)) {
            throw error;
        }
        problems.push(...error.problems);
    }
    const wanted = config && { config, plan: plan(config, pulumi.getStack()), images: new Images(config.images) };
    if (!pulumi.runtime.isDryRun()) {
        problems.push(
            ...(wanted
                ? machineProblems(wanted.config, wanted.plan, await lookAtMachine(wanted.plan, wanted.images.built()))
                : await dockerProblem()),
        );
    }
    if (problems.length > 0 || wanted === undefined) {
        throw new ConfigurationError(problems);
    }
    const manifests = manifestsPath(new Cache(cacheRoot()));
    return {
        ...wanted,
        operatorManifests: await readBareMetalOperator(manifests),
        ironicChart: await ironicChart(wanted.plan, wanted.images),
    };
}

function ironicChart(planned: LabPlan, images: Images): Promise<Manifest[]> {
    const values = ironicValues({
        plan: planned,
        images,
        storageClass: STORAGE_CLASS,
        serviceAddress: planned.nodeAddress,
    });
    return renderChart({
        path: "charts/ironic",
        releaseName: "ironic",
        namespace: NAMESPACE,
        values,
        kubeVersion: MANAGEMENT_KUBERNETES_VERSION,
    });
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
