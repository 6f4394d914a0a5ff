import type { Group, StageStatistics } from "../../cli/bench/stages/group";
import { stageReport, type Lists, type StageReport } from "../../cli/bench/stages/report";

/** Begin of the runs in the tests. */
const T0 = new Date("2026-03-02T10:00:00Z");
/** The time so many seconds after T0 as the API writes it: in whole seconds. */
export const at = (seconds: number): string =>
    new Date(T0.getTime() + seconds * 1000).toISOString().replace(".000Z", "Z");
export const condition = (type: string, status: "True" | "False" | "Unknown", seconds: number, reason = type) => ({
    lastTransitionTime: at(seconds),
    message: "",
    observedGeneration: 1,
    reason,
    status,
    type,
});
export const stageOf = (group: Group, name: string): StageStatistics => {
    const found = group.stages.find((stage) => stage.name === name);
    if (found === undefined) {
        throw new Error(`no stage "${name}"`);
    }
    return found;
};
export const figures = (group: Group, name: string) => {
    const { count, median, p95, max, open } = stageOf(group, name);
    return { count, median, p95, max, open };
};
/** Figures of a stage that one object went through in so many seconds. */
export const one = (seconds: number) => ({ count: 1, median: seconds, p95: seconds, max: seconds, open: 0 });
/** Figures of a stage that no object went through. */
export const NONE = { count: 0, median: null, p95: null, max: null, open: 0 };

type Span = [start: number | null, end: number | null];
export interface HostOptions {
    state: string;
    created?: number;
    register?: Span;
    inspect?: Span;
    provision?: Span;
    deprovision?: Span;
    /** Second after T0 since which the host has been in its state. */
    since?: number;
    consumer?: string;
    image?: boolean;
    deleting?: number;
    annotations?: Record<string, string>;
}

/** A BareMetalHost as BMO 0.13 leaves it. An operation that never ran has null for its times. */
export function host(name: string, options: HostOptions) {
    const { state, created = 0, since = created, consumer, image = consumer !== undefined } = options;
    const span = ([start, end]: Span = [null, null]) => ({
        start: start === null ? null : at(start),
        end: end === null ? null : at(end),
    });
    const is = (yes: boolean): "True" | "False" => (yes ? "True" : "False");
    return {
        apiVersion: "metal3.io/v1alpha1",
        kind: "BareMetalHost",
        metadata: {
            name,
            namespace: "metal3",
            uid: `uid-of-${name}`,
            creationTimestamp: at(created),
            ...(options.deleting === undefined
                ? {}
                : { deletionTimestamp: at(options.deleting), deletionGracePeriodSeconds: 0 }),
            ...(options.annotations ? { annotations: options.annotations } : {}),
            finalizers: ["baremetalhost.metal3.io"],
            generation: 2,
        },
        spec: {
            automatedCleaningMode: "disabled",
            bmc: { address: "redfish+http://192.168.222.200:8000/redfish/v1/Systems/0", credentialsName: "bmc" },
            bootMACAddress: "02:00:00:00:00:01",
            online: true,
            ...(consumer === undefined
                ? {}
                : {
                      consumerRef: {
                          apiVersion: "infrastructure.cluster.x-k8s.io/v1beta2",
                          kind: "Metal3Machine",
                          name: consumer,
                          namespace: "metal3",
                      },
                  }),
            ...(image
                ? { image: { url: "http://images/os.raw", checksum: "abc", checksumType: "sha256", format: "raw" } }
                : {}),
        },
        ...(state === ""
            ? {}
            : {
                  status: {
                      errorCount: 0,
                      errorMessage: "",
                      operationalStatus: "OK",
                      poweredOn: state === "provisioned",
                      provisioning: { ID: "5a", bootMode: "UEFI", image: { url: "" }, state },
                      operationHistory: {
                          register: span(options.register),
                          inspect: span(options.inspect),
                          provision: span(options.provision),
                          deprovision: span(options.deprovision),
                      },
                      conditions: [
                          condition("AvailableForProvisioning", is(state === "available"), since),
                          condition(
                              "Manageable",
                              is(state !== "registering"),
                              options.inspect?.[0] ?? options.register?.[1] ?? created,
                          ),
                          condition("Progressing", is(!["available", "provisioned"].includes(state)), since),
                          condition("Provisioned", is(state === "provisioned"), since),
                      ],
                  },
              }),
    };
}

/** A host that Cluster API has provisioned. */
export const DONE: HostOptions = {
    state: "provisioned",
    register: [2, 6],
    inspect: [6, 16],
    provision: [25, 61],
    since: 61,
    consumer: "cluster-0000-a",
};

export function cluster(name: string, conditions: object[], deleting?: number) {
    return {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Cluster",
        metadata: {
            name,
            namespace: "metal3",
            uid: `uid-of-${name}`,
            creationTimestamp: at(0),
            ...(deleting === undefined ? {} : { deletionTimestamp: at(deleting) }),
        },
        spec: { topology: { classRef: { name: "metal3" }, version: "v1.34.1" } },
        status: { conditions, phase: "Provisioned", initialization: { infrastructureProvisioned: true } },
    };
}
/** Conditions of a cluster that became Available at a second after T0. */
export const settledCluster = (available: number) => [
    condition("Available", "True", available),
    condition("ControlPlaneInitialized", "True", 70, "Initialized"),
    condition("InfrastructureReady", "True", 3, "Ready"),
    condition("RemoteConnectionProbe", "True", 34, "ProbeSucceeded"),
];

export function machine(name: string, infrastructure: string, conditions: object[]) {
    return {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Machine",
        metadata: { name, namespace: "metal3", uid: `uid-of-${name}`, creationTimestamp: at(1) },
        spec: {
            clusterName: "cluster-0000",
            infrastructureRef: {
                apiGroup: "infrastructure.cluster.x-k8s.io",
                kind: "Metal3Machine",
                name: infrastructure,
            },
        },
        status: { conditions, phase: "Running" },
    };
}
export const metal3Machine = (name: string, associated: number) => ({
    apiVersion: "infrastructure.cluster.x-k8s.io/v1beta2",
    kind: "Metal3Machine",
    metadata: { name, namespace: "metal3", uid: `uid-of-${name}`, creationTimestamp: at(1) },
    status: { conditions: [condition("AssociateBareMetalHost", "True", associated, "AssociateBareMetalHostSuccess")] },
});

/**
 * The report on lists of which most are empty.
 * @param options seconds after T0; without `now`, open stages last 0 s.
 */
export function report(lists: Partial<Lists>, { t0 = 0, now = 0 } = {}): StageReport {
    return stageReport(
        { hosts: [], clusters: [], machines: [], metal3Machines: [], ...lists },
        new Date(T0.getTime() + t0 * 1000),
        new Date(T0.getTime() + now * 1000),
    );
}

/** Names of the stages that objects are in. */
export const openStages = (group: Group): string[] =>
    group.stages.filter(({ open }) => open > 0).map(({ name }) => name);

/** The figures of all stages by name. */
export const allFigures = (group: Group): Record<string, ReturnType<typeof figures>> =>
    Object.fromEntries(group.stages.map(({ name }) => [name, figures(group, name)]));
