import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { dockerLabels, LABELS_ONCE } from "../../plan/docker-labels";
import { ownerLabels } from "../../plan/lab-owner";
import type { MachineSubstrate } from "../../plan/substrate/base";
import type { LayerContext } from "../context";

/**
 * The provisioning network as Docker has it. Its labels record who made the lab, so that no other checkout or user
 * removes it unasked.
 * @param bridge name of a bridge that is there already, which the network is to share; undefined: Docker makes one
 */
export function createDockerNetwork(
    name: string,
    substrate: MachineSubstrate,
    { config, plan, owner }: Pick<LayerContext, "config" | "plan" | "owner">,
    opts: pulumi.CustomResourceOptions,
    bridge?: pulumi.Input<string>,
): docker.Network {
    return new docker.Network(
        name,
        {
            name: substrate.dockerNetwork,
            driver: "bridge",
            ipamConfigs: [{ subnet: config.provisioningCidr, gateway: substrate.gateway }],
            labels: [...dockerLabels(plan), ...ownerLabels(owner)],
            ...(bridge === undefined ? {} : { options: { "com.docker.network.bridge.name": bridge } }),
        },
        // A lab that exists keeps the labels that it has: it may be older than the record, and its checkout may have
        // moved.
        { ...opts, ...LABELS_ONCE },
    );
}
