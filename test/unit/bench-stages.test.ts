import { expect } from "chai";
import * as fc from "fast-check";
import { questions } from "../../cli/bench/logs";
import { Sightings, stageReport, type Group, type StageStatistics } from "../../cli/bench/stages";
import { summary } from "../../cli/bench/statistics";

const T0 = new Date("2026-03-02T10:00:00Z");
/** The API's way to write a time: whole seconds. */
const at = (seconds: number): string => new Date(T0.getTime() + seconds * 1000).toISOString().replace(".000Z", "Z");
const condition = (type: string, status: "True" | "False" | "Unknown", seconds: number, reason = type) => ({
    lastTransitionTime: at(seconds),
    message: "",
    observedGeneration: 1,
    reason,
    status,
    type,
});
const stageOf = (group: Group, name: string): StageStatistics => {
    const found = group.stages.find((stage) => stage.name === name);
    if (found === undefined) {
        throw new Error(`no stage "${name}"`);
    }
    return found;
};
const figures = (group: Group, name: string) => {
    const { count, median, p95, max, open } = stageOf(group, name);
    return { count, median, p95, max, open };
};
const one = (seconds: number) => ({ count: 1, median: seconds, p95: seconds, max: seconds, open: 0 });
const NONE = { count: 0, median: null, p95: null, max: null, open: 0 };

type Span = [start: number | null, end: number | null];
interface HostOptions {
    state: string;
    created?: number;
    uid?: string;
    register?: Span;
    inspect?: Span;
    provision?: Span;
    deprovision?: Span;
    /** Since when it has been in its state. */
    since?: number;
    consumer?: string;
    image?: boolean;
    deleting?: number;
    annotations?: Record<string, string>;
}

/** A BareMetalHost as BMO 0.13 leaves it; an operation that never was has null for its times. */
function host(name: string, options: HostOptions) {
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
            uid: options.uid ?? `uid-of-${name}`,
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

const DONE: HostOptions = {
    state: "provisioned",
    register: [2, 6],
    inspect: [6, 16],
    provision: [25, 61],
    since: 61,
    consumer: "cluster-0000-a",
};

function cluster(
    name: string,
    conditions: object[],
    { created = 0, uid = `uid-of-${name}`, deleting = undefined as number | undefined } = {},
) {
    return {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Cluster",
        metadata: {
            name,
            namespace: "metal3",
            uid,
            creationTimestamp: at(created),
            ...(deleting === undefined ? {} : { deletionTimestamp: at(deleting) }),
        },
        spec: { topology: { classRef: { name: "metal3" }, version: "v1.34.1" } },
        status: { conditions, phase: "Provisioned", initialization: { infrastructureProvisioned: true } },
    };
}
const settledCluster = (available: number) => [
    condition("Available", "True", available),
    condition("ControlPlaneInitialized", "True", 70, "Initialized"),
    condition("InfrastructureReady", "True", 3, "Ready"),
    condition("RemoteConnectionProbe", "True", 34, "ProbeSucceeded"),
];

function machine(name: string, infrastructure: string, conditions: object[], created = 1) {
    return {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Machine",
        metadata: { name, namespace: "metal3", uid: `uid-of-${name}`, creationTimestamp: at(created) },
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
const metal3Machine = (name: string, associated: number) => ({
    apiVersion: "infrastructure.cluster.x-k8s.io/v1beta2",
    kind: "Metal3Machine",
    metadata: { name, namespace: "metal3", uid: `uid-of-${name}`, creationTimestamp: at(1) },
    status: { conditions: [condition("AssociateBareMetalHost", "True", associated, "AssociateBareMetalHostSuccess")] },
});

describe("median, 95th percentile and maximum", () => {
    const table: [values: number[], median: number | null, p95: number | null, max: number | null][] = [
        [[], null, null, null],
        [[4], 4, 4, 4],
        [[9, 1], 5, 9, 9],
        [[3, 1, 2], 2, 3, 3],
        [Array.from({ length: 20 }, (_, index) => index + 1), 10.5, 19, 20],
        [Array.from({ length: 100 }, (_, index) => 100 - index), 50.5, 95, 100],
    ];
    for (const [values, median, p95, max] of table) {
        it(`of ${values.length} values`, () => {
            expect(summary(values)).to.deep.equal({ count: values.length, median, p95, max });
        });
    }

    it("are what their definitions say", () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1 }), (values) => {
                const { median, p95, max } = summary(values) as { median: number; p95: number; max: number };
                const share = (keep: (value: number) => boolean): number => values.filter(keep).length / values.length;
                expect(values).to.include(p95);
                expect(share((value) => value <= p95)).to.be.at.least(0.95);
                expect(share((value) => value < p95)).to.be.below(0.95);
                expect(share((value) => value <= median)).to.be.at.least(0.5);
                expect(share((value) => value >= median)).to.be.at.least(0.5);
                expect(max).to.equal(Math.max(...values));
            }),
        );
    });
});

describe("the stages of hosts", () => {
    it("come from BMO's history, with the waits between them from what was seen on the way", () => {
        const sightings = new Sightings();
        sightings.see({
            hosts: [host("host-0000", { state: "available", register: [2, 6], inspect: [6, 16], since: 19 })],
        });
        const { hosts } = stageReport(
            {
                hosts: [host("host-0000", DONE)],
                clusters: [],
                machines: [],
                metal3Machines: [metal3Machine("cluster-0000-a", 23)],
            },
            T0,
            { sightings },
        );
        expect(Object.fromEntries(hosts.stages.map(({ name }) => [name, figures(hosts, name)]))).to.deep.equal({
            queue: NONE,
            "wait for BMO": one(2),
            register: one(4),
            inspect: one(10),
            prepare: one(3),
            "wait for a machine": one(4),
            "wait for provisioning": one(2),
            provision: one(36),
            "register again": NONE,
            deprovision: NONE,
            "created to enrolled": one(16),
            "created to available": one(19),
            "created to provisioned": one(61),
        });
        expect(hosts.objects[0]?.events).to.include({
            created: at(0).replace("Z", ".000Z"),
            provisioned: at(61).replace("Z", ".000Z"),
        });
    });

    it("begin when a host that was queued was let in", () => {
        const queued = { "baremetalhost.metal3.io/paused": "", "metal3-scale-lab/queued": "" };
        const done: HostOptions = { ...DONE, created: -30, annotations: { "metal3-scale-lab/admitted": at(0) } };
        const { hosts } = stageReport(
            {
                hosts: [host("host-0000", done), host("host-0001", { state: "", created: -30, annotations: queued })],
                clusters: [],
                machines: [],
            },
            T0,
        );
        expect(figures(hosts, "queue")).to.deep.equal({ ...one(30), open: 1 });
        expect(figures(hosts, "wait for BMO")).to.deep.equal(one(2));
        expect(figures(hosts, "created to provisioned")).to.deep.equal(one(61));
    });

    it("leave out what the end alone does not tell", () => {
        const { hosts } = stageReport({ hosts: [host("host-0000", DONE)], clusters: [], machines: [] }, T0);
        for (const name of ["prepare", "wait for a machine", "wait for provisioning", "created to available"]) {
            expect(figures(hosts, name), name).to.deep.equal(NONE);
        }
        expect(figures(hosts, "created to provisioned")).to.deep.equal(one(61));
    });

    const halfWay: [what: string, options: HostOptions, open: string[]][] = [
        ["BMO has not looked at it", { state: "" }, ["wait for BMO", "created to enrolled", "created to available"]],
        [
            "it is being registered",
            { state: "registering", register: [2, null] },
            ["register", "created to enrolled", "created to available"],
        ],
        [
            "it is being inspected",
            { state: "inspecting", register: [2, 5], inspect: [5, null] },
            ["inspect", "created to enrolled", "created to available"],
        ],
        [
            "it is being prepared",
            { state: "preparing", register: [2, 5], inspect: [5, 9] },
            ["prepare", "created to available"],
        ],
        [
            "nobody wants it",
            { state: "available", register: [2, 5], inspect: [5, 9], since: 12 },
            ["wait for a machine"],
        ],
        [
            "a machine has taken it",
            { state: "available", register: [2, 5], inspect: [5, 9], since: 12, consumer: "cluster-0000-a" },
            ["wait for provisioning", "created to provisioned"],
        ],
        [
            "it is being provisioned",
            {
                state: "provisioning",
                register: [2, 5],
                inspect: [5, 9],
                provision: [24, null],
                since: 24,
                consumer: "cluster-0000-a",
            },
            ["provision", "created to provisioned"],
        ],
        [
            "it is being released",
            {
                state: "deprovisioning",
                register: [2, 5],
                inspect: [5, 9],
                provision: [24, 50],
                deprovision: [90, null],
                since: 90,
            },
            ["deprovision"],
        ],
    ];
    for (const [what, options, open] of halfWay) {
        it(`know where it is when ${what}`, () => {
            const { hosts } = stageReport(
                {
                    hosts: [host("host-0000", options)],
                    clusters: [],
                    machines: [],
                    metal3Machines: [metal3Machine("cluster-0000-a", 20)],
                },
                T0,
            );
            expect(hosts.stages.filter((stage) => stage.open > 0).map(({ name }) => name)).to.deep.equal(open);
        });
    }

    it("do not mistake another registration for the first, whose times it has replaced", () => {
        // As CAPM3 leaves it: its label on the secret of the BMC makes BMO register once more, right after provisioning began.
        const taken = host("host-0000", { ...DONE, register: [26, 27] });
        taken.status?.conditions.push(condition("Healthy", "Unknown", 1, "Unknown"));
        const { hosts } = stageReport({ hosts: [taken], clusters: [], machines: [] }, T0);
        expect(figures(hosts, "wait for BMO")).to.deep.equal(one(1));
        expect(figures(hosts, "register")).to.deep.equal(one(5));
        expect(figures(hosts, "register again")).to.deep.equal(one(1));
        expect(figures(hosts, "inspect")).to.deep.equal(one(10));
    });

    it("do not know when the first registration began where nothing is left of that time", () => {
        const { hosts } = stageReport(
            { hosts: [host("host-0000", { ...DONE, register: [300, null], since: 301 })], clusters: [], machines: [] },
            T0,
        );
        expect(figures(hosts, "register")).to.deep.equal(NONE);
        expect(figures(hosts, "wait for BMO")).to.deep.equal(NONE);
        expect(figures(hosts, "register again")).to.deep.equal({ ...NONE, open: 1 });
        expect(figures(hosts, "created to enrolled")).to.deep.equal(one(16));
    });

    it("know an uninspected host's first registration by its being manageable, once another has replaced its times", () => {
        const options: HostOptions = {
            ...DONE,
            inspect: [null, null],
            register: [26, 27],
            annotations: { "inspect.metal3.io": "disabled" },
        };
        const taken = host("host-0000", options);
        for (const known of taken.status?.conditions ?? []) {
            if (known.type === "Manageable") {
                known.lastTransitionTime = at(7);
            }
        }
        const { hosts, fleet } = stageReport({ hosts: [taken], clusters: [], machines: [] }, T0);
        expect(fleet.hostsEnrolled).to.include({ count: 1, of: 1, seconds: 7 });
        expect(figures(hosts, "register again")).to.deep.equal(one(1));
    });

    it("count a host enrolled with its registration where inspection is off", () => {
        const { hosts, fleet } = stageReport(
            {
                hosts: [
                    host("host-0000", {
                        state: "available",
                        register: [2, 7],
                        since: 8,
                        annotations: { "inspect.metal3.io": "disabled" },
                    }),
                ],
                clusters: [],
                machines: [],
            },
            T0,
        );
        expect(figures(hosts, "created to enrolled")).to.deep.equal(one(7));
        expect(figures(hosts, "prepare")).to.deep.equal(one(1));
        expect(fleet.hostsEnrolled).to.include({ count: 1, of: 1, seconds: 7 });
    });

    describe("that was released and taken again", () => {
        const again: HostOptions = {
            ...DONE,
            provision: [425, 460],
            deprovision: [300, 330],
            since: 460,
            consumer: "cluster-0000-b",
        };
        const sightings = new Sightings();
        sightings.see({
            hosts: [host("host-0000", { ...DONE, state: "available", consumer: undefined as never, since: 19 })],
        });
        sightings.see({
            hosts: [host("host-0000", { ...DONE, state: "available", deprovision: [300, 330], since: 330 })],
        });

        it("waits from its last release, and was available from its first time on", () => {
            const { hosts } = stageReport(
                {
                    hosts: [host("host-0000", again)],
                    clusters: [],
                    machines: [],
                    metal3Machines: [metal3Machine("cluster-0000-b", 420)],
                },
                T0,
                { sightings },
            );
            expect(figures(hosts, "prepare")).to.deep.equal(one(3));
            expect(figures(hosts, "wait for a machine")).to.deep.equal(one(90));
            expect(figures(hosts, "wait for provisioning")).to.deep.equal(one(5));
            expect(figures(hosts, "provision")).to.deep.equal(one(35));
            expect(figures(hosts, "deprovision")).to.deep.equal(one(30));
            expect(figures(hosts, "created to provisioned")).to.deep.equal(NONE);
        });

        it("is not provisioned by what it was before", () => {
            const taken: HostOptions = {
                ...DONE,
                state: "available",
                deprovision: [300, 330],
                since: 330,
                consumer: "cluster-0000-b",
            };
            const report = stageReport(
                {
                    hosts: [host("host-0000", taken)],
                    clusters: [],
                    machines: [],
                    metal3Machines: [metal3Machine("cluster-0000-b", 420)],
                },
                T0,
            );
            expect(report.fleet.hostsProvisioned).to.include({ count: 0, of: 1, at: null, seconds: null });
            expect(figures(report.hosts, "wait for provisioning")).to.deep.equal({ ...NONE, open: 1 });
            expect(figures(report.hosts, "created to available")).to.deep.equal(NONE);
        });

        it("keeps its own story when it was deleted and made again under its name", () => {
            const fresh = host("host-0000", {
                state: "available",
                uid: "another",
                created: 500,
                register: [501, 504],
                inspect: [504, 512],
                since: 514,
            });
            const { hosts } = stageReport({ hosts: [fresh], clusters: [], machines: [] }, T0, { sightings });
            expect(figures(hosts, "prepare")).to.deep.equal(one(2));
            expect(figures(hosts, "created to available")).to.deep.equal(one(14));
        });
    });

    it("name those far beyond the median, also those that are still there", () => {
        const many = Array.from({ length: 9 }, (_, index) =>
            host(`host-000${index}`, { ...DONE, provision: [25, 55 + index] }),
        );
        const slow = host("host-0100", { ...DONE, provision: [25, 200] });
        const stuck = host("host-0101", { ...DONE, state: "provisioning", provision: [25, null], since: 25 });
        const limit = host("host-0102", { ...DONE, provision: [25, 25 + 35 + 60] });
        const lists = { hosts: [...many, slow, stuck, limit], clusters: [], machines: [] };
        // Eleven have ended: 30 … 38, 95 and 175 s; the sixth is 35.
        const provision = stageOf(stageReport(lists, T0, { now: new Date(T0.getTime() + 400_000) }).hosts, "provision");
        expect(provision).to.deep.include({ count: 11, median: 35, p95: 175, max: 175, open: 1 });
        expect(provision.stalls).to.deep.equal([
            { name: "host-0101", stage: "provision", seconds: 375, open: true },
            { name: "host-0100", stage: "provision", seconds: 175, open: false },
        ]);
        expect(stageOf(stageReport(lists, T0).hosts, "provision").stalls.map(({ name }) => name)).to.deep.equal([
            "host-0100",
        ]);
        expect(questions(stageReport(lists, T0))).to.deep.equal([
            "host-0100: provision",
            "host-0100: created to provisioned",
        ]);
    });

    it("want an explanation for hosts that were begun again, and for nothing where all went well", () => {
        const lists = (hosts: ReturnType<typeof host>[]) => ({ hosts, clusters: [], machines: [] });
        expect(questions(stageReport(lists([host("host-0000", DONE), host("host-0001", DONE)]), T0))).to.deep.equal([]);
        const again = host("host-0001", { ...DONE, deprovision: [60, 63], provision: [70, 90] });
        expect(questions(stageReport(lists([host("host-0000", DONE), again]), T0))).to.deep.equal([
            "hosts: deprovision (1)",
        ]);
    });

    it("do not call a host in reserve a stall", () => {
        const idle = (index: number, taken: boolean) =>
            host(
                `host-000${index}`,
                taken ? DONE : { state: "available", register: [2, 6], inspect: [6, 16], since: 19 },
            );
        const lists = {
            hosts: [idle(0, true), idle(1, false)],
            clusters: [],
            machines: [],
            metal3Machines: [metal3Machine("cluster-0000-a", 23)],
        };
        const sightings = new Sightings();
        sightings.see({ hosts: [idle(0, false)] });
        const stalls = stageReport(lists, T0, {
            now: new Date(T0.getTime() + 4_000_000),
            sightings,
        }).hosts.stages.flatMap((stage) => stage.stalls);
        expect(stalls).to.deep.equal([]);
    });
});

describe("the stages of clusters and machines", () => {
    it("are the conditions' changes", () => {
        const { clusters } = stageReport(
            { hosts: [], clusters: [cluster("cluster-0000", settledCluster(82))], machines: [] },
            T0,
        );
        expect(Object.fromEntries(clusters.stages.map(({ name }) => [name, figures(clusters, name)]))).to.deep.equal({
            queue: NONE,
            infrastructure: one(3),
            "control plane": one(67),
            settle: one(12),
            connection: one(34),
            "created to Available": one(82),
        });
    });

    it("follow a machine to its host and back", () => {
        const conditions = [
            condition("Available", "True", 80),
            condition("Ready", "True", 80),
            condition("BootstrapConfigReady", "True", 5),
            condition("InfrastructureReady", "True", 70),
            condition("NodeHealthy", "True", 79),
            condition("NodeReady", "True", 79),
        ];
        const lists = {
            hosts: [host("host-0000", DONE)],
            clusters: [],
            machines: [machine("cluster-0000-xyz", "cluster-0000-a", conditions)],
            metal3Machines: [metal3Machine("cluster-0000-a", 23)],
        };
        const { machines } = stageReport(lists, T0);
        expect(Object.fromEntries(machines.stages.map(({ name }) => [name, figures(machines, name)]))).to.deep.equal({
            bootstrap: one(4),
            "take a host": one(18),
            infrastructure: one(65),
            "host to infrastructure": one(9),
            node: one(9),
            "created to Ready": one(79),
        });
        expect(stageReport(lists, T0).fleet.machinesReady).to.include({ count: 1, of: 1, seconds: 80 });
    });

    it("count a wait as nothing whose end came first", () => {
        const conditions = [condition("BootstrapConfigReady", "True", 9), condition("InfrastructureReady", "True", 8)];
        const { machines } = stageReport({ hosts: [], clusters: [], machines: [machine("m", "a", conditions)] }, T0);
        expect(figures(machines, "infrastructure")).to.deep.equal(one(0));
    });

    it("count what is False or Unknown as not reached", () => {
        const conditions = [
            condition("Available", "False", 50),
            condition("InfrastructureReady", "True", 3),
            condition("RemoteConnectionProbe", "Unknown", 2),
            condition("ControlPlaneInitialized", "False", 1),
        ];
        const { clusters } = stageReport(
            { hosts: [], clusters: [cluster("cluster-0000", conditions)], machines: [] },
            T0,
        );
        expect(clusters.stages.filter(({ open }) => open > 0).map(({ name }) => name)).to.deep.equal([
            "control plane",
            "connection",
            "created to Available",
        ]);
        expect(figures(clusters, "created to Available")).to.deep.equal({ ...NONE, open: 1 });
    });

    it("remember when it was first so, of what wavered since", () => {
        const sightings = new Sightings();
        sightings.see({ clusters: [cluster("cluster-0000", settledCluster(82))] });
        sightings.see({
            clusters: [
                cluster("cluster-0000", [...settledCluster(200).slice(1), condition("Available", "False", 150)]),
            ],
        });
        const back = stageReport(
            { hosts: [], clusters: [cluster("cluster-0000", settledCluster(200))], machines: [] },
            T0,
            { sightings },
        );
        expect(back.fleet.clustersAvailable).to.include({ count: 1, seconds: 82 });
        const away = stageReport(
            { hosts: [], clusters: [cluster("cluster-0000", [condition("Available", "False", 150)])], machines: [] },
            T0,
            { sightings },
        );
        expect(away.fleet.clustersAvailable).to.include({ count: 0, of: 1, at: null, seconds: null });
    });
});

describe("the fleet", () => {
    const ready = (index: number, end: number) =>
        host(`host-000${index}`, { ...DONE, provision: [25, end], consumer: `m-${index}` });

    it("is where it should be when the last one is, at so many a minute", () => {
        const reserve = host("host-0009", { state: "available", register: [2, 6], inspect: [6, 40], since: 44 });
        const { fleet } = stageReport(
            {
                hosts: [ready(0, 50), ready(1, 90), ready(2, 60), reserve],
                clusters: [cluster("a", settledCluster(100)), cluster("b", settledCluster(120))],
                machines: [],
            },
            T0,
        );
        expect(fleet.hostsEnrolled).to.deep.equal({
            count: 4,
            of: 4,
            at: "2026-03-02T10:00:40.000Z",
            seconds: 40,
            perMinute: 6,
            atLatest: 0,
        });
        // Three of them were not looked at while they were available: their provisioning began no earlier than that.
        expect(fleet.hostsAvailable).to.deep.equal({
            count: 4,
            of: 4,
            at: "2026-03-02T10:00:44.000Z",
            seconds: 44,
            perMinute: 4 / (44 / 60),
            atLatest: 3,
        });
        expect(fleet.hostsProvisioned).to.deep.equal({
            count: 3,
            of: 3,
            at: "2026-03-02T10:01:30.000Z",
            seconds: 90,
            perMinute: 2,
            atLatest: 0,
        });
        expect(fleet.clustersAvailable).to.deep.equal({
            count: 2,
            of: 2,
            at: "2026-03-02T10:02:00.000Z",
            seconds: 120,
            perMinute: 1,
            atLatest: 0,
        });
        expect(fleet.machinesReady).to.deep.equal({
            count: 0,
            of: 0,
            at: null,
            seconds: null,
            perMinute: null,
            atLatest: 0,
        });
    });

    it("counts from t0", () => {
        const { fleet, t0 } = stageReport(
            { hosts: [ready(0, 90)], clusters: [], machines: [] },
            new Date(T0.getTime() + 30_000),
        );
        expect(t0).to.equal("2026-03-02T10:00:30.000Z");
        expect(fleet.hostsProvisioned).to.include({ seconds: 60, perMinute: 1 });
        expect(fleet.hostsEnrolled).to.include({ seconds: -14, perMinute: null });
    });

    it("has no time while one is missing, and does not wait for what is being deleted", () => {
        const late = host("host-0008", {
            state: "provisioning",
            register: [2, 6],
            inspect: [6, 16],
            provision: [30, null],
            since: 30,
            consumer: "m-8",
        });
        const leaving = host("host-0009", {
            state: "deprovisioning",
            register: [2, 6],
            inspect: [6, 16],
            provision: [30, 50],
            deprovision: [70, null],
            since: 70,
            deleting: 69,
        });
        const { fleet, hosts } = stageReport(
            { hosts: [ready(0, 50), late, leaving], clusters: [cluster("gone", [], { deleting: 5 })], machines: [] },
            T0,
        );
        expect(fleet.hostsProvisioned).to.include({ count: 1, of: 2, at: null, seconds: null });
        expect(fleet.hostsEnrolled).to.include({ count: 2, of: 2, seconds: 16 });
        expect(fleet.clustersAvailable).to.include({ count: 0, of: 0, at: null });
        expect(hosts).to.include({ count: 3, deleting: 1 });
        expect(figures(hosts, "deprovision")).to.deep.equal({ ...NONE, open: 1 });
    });

    it("wants hosts provisioned that were given an image without a machine", () => {
        const { fleet } = stageReport(
            {
                hosts: [
                    host("host-0000", { ...DONE, consumer: undefined as never, image: true }),
                    host("host-0001", { state: "available", image: false }),
                ],
                clusters: [],
                machines: [],
            },
            T0,
        );
        expect(fleet.hostsProvisioned).to.include({ count: 1, of: 1, seconds: 61 });
    });

    it("goes into a file and comes back the same", () => {
        const report = stageReport(
            {
                hosts: [ready(0, 50), host("new", { state: "" })],
                clusters: [cluster("a", settledCluster(100))],
                machines: [],
            },
            T0,
        );
        expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
        expect(report.resolutionSeconds).to.equal(1);
    });

    it("refuses what is no object of the API, and a time that is none", () => {
        expect(() =>
            stageReport({ hosts: [{ metadata: { name: "host-0000" } }], clusters: [], machines: [] }, T0),
        ).to.throw(/^metadata\.uid, metadata\.creationTimestamp missing in \{"metadata":\{"name":"host-0000"\}\}/);
        const broken = { ...cluster("a", []), metadata: { name: "a", uid: "u", creationTimestamp: "yesterday" } };
        expect(() => stageReport({ hosts: [], clusters: [broken], machines: [] }, T0)).to.throw(
            '"yesterday" is not a time of the Kubernetes API (RFC 3339)',
        );
    });
});
