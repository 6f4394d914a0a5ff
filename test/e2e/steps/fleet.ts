import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import {
    BMO_PAUSED_ANNOTATION,
    CLUSTER_NAME_LABEL,
    LEAVING_ANNOTATION,
    PAUSED_ANNOTATION,
} from "../../../plan/manifests/cluster-objects";
import { plan } from "../../../plan/plan";
import { validate } from "../../../plan/validate";
import { eventually, STACK } from "../harness";
import type { IronicNode } from "../ironic";
import type { LiveObject } from "../live";
import { SUBSTRATE } from "../substrate";
import { lab, nothingToDo } from "./lab";

/** The keys on which depends what a fleet consists of. */
export interface FleetConfig {
    nodes: number;
    clusters: number;
    conductors: number;
    controlPlaneNodes: number;
    workerNodes: number;
    kubernetesVersion: string;
    /** Where it has a provisioning network. */
    provisioningCidr?: string;
    /** Default: a substrate with containers on this machine. */
    substrate?: "existing";
}

/** A Machine with the host that it runs on. */
export interface MachineOnHost {
    name: string;
    uid: string;
    cluster: string;
    role: "control plane" | "worker";
    /** Undefined: it has none yet. */
    host?: string;
    /** Its Kubernetes version and its phase, as the plan has each: "v1.34.1 Running". */
    state: string;
}

const LIMIT_SECONDS = 300;

const consumer = ({ spec }: LiveObject): string | undefined =>
    (spec["consumerRef"] as { name: string } | undefined)?.name;

/** Hosts by the cluster's machine that uses each. */
export const users = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries(
        (await lab.live.hosts())
            .filter((host) => consumer(host) !== undefined)
            .map(({ metadata, spec }) => [metadata.name, spec["consumerRef"]]),
    );

/** All Machines, with their hosts. */
export async function machinesOnHosts(): Promise<MachineOnHost[]> {
    const hosts = new Map((await lab.live.hosts()).map((host) => [consumer(host), host.metadata.name]));
    return (await lab.live.machineObjects()).map(({ metadata, spec, status }) => {
        const host = hosts.get((spec["infrastructureRef"] as { name: string }).name);
        return {
            name: metadata.name,
            uid: metadata.uid,
            cluster: metadata.labels?.[CLUSTER_NAME_LABEL] ?? "",
            role: metadata.labels?.["cluster.x-k8s.io/control-plane"] === undefined ? "worker" : "control plane",
            ...(host === undefined ? {} : { host }),
            state: `${String(spec["version"])} ${status?.phase}`,
        };
    });
}

/** Objects that somebody holds back: paused ones, and hosts that are to leave. */
async function heldBack(): Promise<string[]> {
    const marks = [PAUSED_ANNOTATION, BMO_PAUSED_ANNOTATION, LEAVING_ANNOTATION];
    return [...(await lab.live.hosts()), ...(await lab.live.clusters())]
        .filter(({ metadata }) => marks.some((mark) => mark in (metadata.annotations ?? {})))
        .map(({ metadata }) => metadata.name);
}

/** What is so as soon as `up` has ended. */
async function reached(): Promise<object> {
    const machines = await machinesOnHosts();
    return {
        hosts: (await lab.live.hosts()).map(({ metadata }) => metadata.name).sort(),
        clusters: (await lab.live.clusters()).map(({ metadata }) => metadata.name).sort(),
        available: await lab.live.availableClusters(),
        machines: machines.map(({ cluster, role, state }) => `${cluster} ${role} ${state}`).sort(),
        usedHosts: (await lab.live.hosts())
            .filter((host) => consumer(host) !== undefined)
            .map(({ status }) => status?.provisioning?.state),
        heldBack: await heldBack(),
    };
}

/** Whether Ironic has provisioned a node. One that is free is available, or manageable if it never was provisioned. */
const useOf = ({ provision_state: state }: IronicNode): string =>
    state === "available" || state === "manageable" ? "free" : state;

/** What may still be on its way when `up` has ended: what leaves the lab, or is let go of, goes in the background. */
async function settled(addresses: readonly string[]): Promise<object> {
    const nodes = await lab.live.ironicNodes();
    const pods = await lab.live.conductors();
    return {
        hostStates: await lab.live.hostsByState(),
        ironicNodes: nodes.map((node) => `${node.name.split("~").at(-1)} ${useOf(node)}`).sort(),
        heldByOthers: nodes.filter(({ conductor }) => !addresses.includes(conductor)).map(({ name }) => name),
        conductorsReady: pods.map(({ status }) =>
            status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
        ),
    };
}

/** Names by which Ironic knows the conductors of a lab of these tests, in order. */
export const conductorNames = (conductors: number): string[] =>
    plan(validate({ ...SUBSTRATE.fleet, conductors: String(conductors) }), STACK).conductors.map(({ host }) => host);

/** The live objects are those of the plan, whichever host serves whom, and Pulumi has nothing to do. */
export async function isAsPlanned(config: FleetConfig): Promise<void> {
    const raw = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));
    const { hosts, clusters, conductors } = plan(validate(raw), STACK);
    const { controlPlaneNodes, workerNodes, kubernetesVersion } = config;
    const machines = clusters.flatMap(({ name }) => [
        ...Array<string>(controlPlaneNodes).fill(`${name} control plane ${kubernetesVersion} Running`),
        ...Array<string>(workerNodes).fill(`${name} worker ${kubernetesVersion} Running`),
    ]);
    const names = clusters.map(({ name }) => name);
    expect(await reached()).to.deep.equal({
        hosts: hosts.map(({ name }) => name),
        clusters: names,
        available: names,
        machines,
        usedHosts: machines.map(() => "provisioned"),
        heldBack: [],
    });
    const used = Object.keys(await users());
    const free = hosts.length - used.length;
    const wanted = {
        hostStates: {
            ...(used.length === 0 ? {} : { provisioned: used.length }),
            ...(free === 0 ? {} : { available: free }),
        },
        ironicNodes: hosts.map(({ name }) => `${name} ${used.includes(name) ? "active" : "free"}`),
        heldByOthers: [],
        conductorsReady: conductors.map(() => true),
    };
    const addresses = conductors.map(({ host }) => host);
    await eventually(
        `a fleet at rest: ${JSON.stringify(wanted)}`,
        LIMIT_SECONDS,
        async () => isDeepStrictEqual(await settled(addresses), wanted),
        () => settled(addresses),
    );
    await nothingToDo();
}
