import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../plan/config/keys";
import type { LabPlan } from "../plan/plan";
import { wanted } from "../tasks/wait-for-fleet/fleet";
import { FleetReader } from "../tasks/wait-for-fleet/reader";
import { waitForFleet } from "../tasks/wait-for-fleet/wait";
import { withRunErrors } from "./run-error";

export interface FleetGateArgs {
    config: LabConfig;
    plan: LabPlan;
    namespace: string;
    kubeconfig: pulumi.Output<string>;
    /** The gate looks only once all of these are made. */
    after: pulumi.Resource[];
}

/**
 * The end of `up`: waits until the fleet is where it should be. No resource, because then every change of a number would
 * change it; it looks at each `up`, also when nothing changed.
 * @returns a line that says what was reached.
 */
export function fleetGate({ config, plan, namespace, kubeconfig, after }: FleetGateArgs): pulumi.Output<string> {
    const { wait } = config;
    if (wait === "none") {
        return pulumi.output("not waited for (wait: none)");
    }
    const want = wanted(plan, config.controlPlaneNodes + config.workerNodes, wait);
    const reached = `${want.hosts.length} hosts and ${want.clusters.length} clusters are where they should be`;
    // What a preview promises is what the gate lets pass, or the update fails.
    if (pulumi.runtime.isDryRun()) {
        return pulumi.output(reached);
    }
    return pulumi.unsecret(
        pulumi.all([kubeconfig, ids(after)]).apply(async ([content]) => {
            const reader = new FleetReader(content, namespace);
            await withRunErrors(
                waitForFleet({
                    want,
                    timeoutSeconds: plan.waitSeconds,
                    read: () => reader.read(wait === "clusters"),
                    report: (line) => void pulumi.log.info(line),
                    hint: `Look with: kubectl -n ${namespace} describe baremetalhost NAME, clusterctl describe cluster NAME -n ${namespace}; the README's troubleshooting says more. 'waitTimeout' is the limit.`,
                }),
            );
            return reached;
        }),
    );
}

/** Resolves once every resource has been created, which its URN alone does not say. */
const ids = (resources: pulumi.Resource[]): pulumi.Output<unknown> =>
    pulumi.all(resources.map((resource) => (pulumi.CustomResource.isInstance(resource) ? resource.id : resource.urn)));
