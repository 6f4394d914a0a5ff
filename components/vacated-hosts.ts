import * as pulumi from "@pulumi/pulumi";
import { isClusterName, isHostName } from "../plan/identities";
import { Management } from "../tasks/vacate-hosts/management";
import { vacateHosts } from "../tasks/vacate-hosts/vacate";
import type { LayerContext } from "./context";
import { created } from "./created";
import { withRunErrors } from "./run-error";

export interface VacatedHostsArgs extends Pick<LayerContext, "config" | "plan"> {
    kubeconfig: pulumi.Output<string>;
    /** What gives hosts to machines, and the hosts: all of it as this `up` has it. */
    after: pulumi.Resource[];
}

/**
 * Frees the hosts that this `up` takes out of the lab, before Pulumi deletes them, which it does after all else. It is
 * no resource: as one it would change with every number of hosts, and growing must change nothing that is there.
 * @returns resolves once no host that leaves is in use. In a preview at once
 */
export function vacatedHosts({ config, plan, kubeconfig, after }: VacatedHostsArgs): pulumi.Output<undefined> {
    if (pulumi.runtime.isDryRun()) {
        return pulumi.output(undefined);
    }
    const staying = {
        hosts: new Set(plan.hosts.map(({ name }) => name)),
        clusters: new Set(plan.clusters.map(({ name }) => name)),
        machines: { KubeadmControlPlane: config.controlPlaneNodes, MachineDeployment: config.workerNodes },
        isOwnHost: isHostName,
        isOwnCluster: isClusterName,
    };
    return pulumi.unsecret(
        pulumi.all([kubeconfig, created(after)]).apply(async ([content]) => {
            const management = new Management(content, plan.namespace);
            const report = (line: string): void => void pulumi.log.info(line);
            await withRunErrors(vacateHosts({ staying, timeoutSeconds: plan.waitSeconds, management, report }));
            return undefined;
        }),
    );
}
