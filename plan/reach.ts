import * as addresses from "./addresses";
import type { LabConfig } from "./config/keys";
import { MAX_CONDUCTORS } from "./config/limits";

/** How conductors, BMCs, agents and Ironic's API reach each other. */
export interface Reach {
    /**
     * `provisioning-network`: each has an address of that network, which all nodes share. `services`: each has a
     * Service of the cluster, and nothing but the pod network is needed.
     */
    kind: "provisioning-network" | "services";
    /** Host of Ironic's API for agents. */
    ironicHost: string;
    /** Host of conductor `index`: its API, its JSON-RPC and its boot files. */
    conductorHost(index: number): string;
    /** Hosts of the BMCs and of the agents of pair `index`. */
    pairHosts(index: number): { sushyTools: string; fakeIpa: string };
    /** How many addresses after that of a pair's BMCs its agents have theirs: FKAS finds them by it. */
    fakeIpaOffset: number;
    /** Every host that a conductor may ever have: what its certificate names, so that a new one needs no new one. */
    conductorHosts: string[];
}

/** Name of the Service, or of the container, of pair `index`. */
export const pairName = (index: number): string => `pair-${String(index).padStart(3, "0")}`;

/** Name of the Deployment of conductor `index`, and of its Service where it has one, as charts/ironic gives it. */
const conductorName = (index: number): string => `ironic-conductor-${index}`;

/** Everything has an address of the provisioning network, in ranges that plan/addresses.ts fixes. */
export const onProvisioningNetwork = (network: addresses.Network, serviceAddress: string): Reach => ({
    kind: "provisioning-network",
    ironicHost: serviceAddress,
    conductorHost: (index) => addresses.conductorAddress(network, index),
    pairHosts: (index) => addresses.pairAddresses(network, index),
    fakeIpaOffset: addresses.FAKE_IPA_OFFSET,
    conductorHosts: addresses.allConductorAddresses(network),
});

/** Everything has a Service, whose name leads to it from every pod of the cluster. */
export function byServices(namespace: string): Reach {
    const host = (service: string): string => `${service}.${namespace}.svc`;
    return {
        kind: "services",
        ironicHost: host("ironic"),
        conductorHost: (index) => host(conductorName(index)),
        pairHosts: (index) => ({ sushyTools: host(pairName(index)), fakeIpa: host(pairName(index)) }),
        fakeIpaOffset: 0,
        conductorHosts: Array.from({ length: MAX_CONDUCTORS }, (_, index) => host(conductorName(index))),
    };
}

/** Where the fake nodes of a lab run: containers of Docker on this machine, or pods of the management cluster. */
export const fakeNodesOf = ({ fakeNodes, substrate }: Pick<LabConfig, "fakeNodes" | "substrate">) =>
    fakeNodes ?? (substrate === "existing" ? "kubernetes" : "docker");
