import * as pulumi from "@pulumi/pulumi";
import { npmRun } from "../plan/commands";
import { dockerLabels } from "../plan/docker-labels";
import type { Manifest } from "../plan/manifests/documents";
import { readContainers } from "../tasks/wait-for-fleet/containers";
import { wanted } from "../tasks/wait-for-fleet/fleet";
import { FleetReader } from "../tasks/wait-for-fleet/reader";
import { waitForFleet } from "../tasks/wait-for-fleet/wait";
import { labWorkloads } from "../tasks/wait-for-fleet/workloads";
import type { LayerContext } from "./context";
import { created } from "./created";
import type { FakeNodePair } from "./fake-nodes/pair";
import type { BareMetalHosts } from "./hosts";
import { withRunErrors } from "./run-error";
import type { Substrate } from "./substrate/substrate";
import type { WorkloadClusters } from "./workload-clusters";

export interface FleetReachedArgs extends Pick<LayerContext, "config" | "plan"> {
    /** Its containers have to run, as those of the pairs. */
    substrate: Pick<Substrate, "kubeconfig" | "containers">;
    pairs: readonly Pick<FakeNodePair, "containers">[];
    /** Ironic's objects, whose Deployments and StatefulSet have to be ready. */
    ironicChart: readonly Manifest[];
    /** The first look is made once all hosts and clusters are made. */
    hosts: Pick<BareMetalHosts, "hosts">;
    clusters: Pick<WorkloadClusters, "clusters">;
    /** Resolves once no host that leaves the lab is in use. Awaited whatever `wait` says. */
    vacated: pulumi.Output<unknown>;
}

/**
 * The end of `up`: waits until the fleet is where it should be and every layer works. It is no resource: as one, it
 * would change with every number of the configuration, and would not look again while nothing changes. So it looks at
 * each `up`.
 *
 * After an `up` that fails, Pulumi shows the outputs of the one before. So the text speaks of the last `up` that
 * succeeded and of its numbers, and stays true whatever has happened since.
 * @returns the text of the output `fleet`.
 */
export function fleetReached(args: FleetReachedArgs): pulumi.Output<string> {
    const { config, plan, substrate, pairs, ironicChart, hosts, clusters } = args;
    const { namespace } = plan;
    const { wait } = config;
    if (wait === "none") {
        return args.vacated.apply(() => "not waited for (wait: none)");
    }
    const want = wanted(plan, config, wait);
    const reached =
        `${want.hosts.length} hosts and ${want.clusters.length} clusters were where they should be ` +
        "when pulumi up last succeeded";
    // A preview shows the expected result; `up` fails where the fleet does not reach it.
    if (pulumi.runtime.isDryRun()) {
        return pulumi.output(reached);
    }
    const label = dockerLabels(plan).map((each) => `${each.label}=${each.value}`)[0] as string;
    const workloads = labWorkloads(plan, namespace, ironicChart);
    const containers = [...substrate.containers, ...pairs.flatMap((pair) => pair.containers)];
    const after = [...hosts.hosts, ...clusters.clusters];
    return pulumi.unsecret(
        pulumi
            .all([substrate.kubeconfig, pulumi.all(containers), created(after), args.vacated])
            .apply(async ([content, names]) => {
                const reader = new FleetReader(content, {
                    namespace,
                    workloads,
                    ownsNodes: plan.substrate.serviceAddress !== undefined,
                });
                await withRunErrors(
                    waitForFleet({
                        want,
                        lab: plan,
                        timeoutSeconds: plan.waitSeconds,
                        read: () => reader.read(wait === "clusters"),
                        readMachinery: () => reader.readMachinery(),
                        readEvidence: (waiting) => reader.readEvidence(waiting),
                        readContainers: () => readContainers(label, names),
                        commands: {
                            refresh: `pulumi up --refresh --stack ${pulumi.getStack()}`,
                            lookAt: (name) => npmRun("describe", pulumi.getStack(), name),
                        },
                        report: (line) => void pulumi.log.info(line),
                        hint:
                            `${npmRun("status", pulumi.getStack())} looks again, and asks Ironic as well; ` +
                            "docs/troubleshooting.md says more. 'waitTimeout' is the limit.",
                    }),
                );
                return reached;
            }),
    );
}
