import { readFileSync } from "node:fs";
import { expect } from "chai";
import { clusterDescription, clusterHistory, type WholeCluster } from "../../cli/look/cluster";
import { eventEntries } from "../../cli/look/events";
import { hostDescription, hostHistory, type HostFindings, type WholeHost } from "../../cli/look/host";
import { ironicLook } from "../../cli/look/ironic";
import { descriptionLines } from "../../cli/look/text";
import { inOrder } from "../../cli/look/timeline";
import { NO_EVIDENCE } from "../../tasks/wait-for-fleet/evidence";
import { repoPath } from "../../toolchain/paths";
import { ago, clusterObject, hostObject, HOSTS, LAB, machineOf, metal3MachineOf, NOW } from "./status-samples";

const IRONIC = ironicLook(
    {
        uuid: "node-0",
        provision_state: "active",
        power_state: "power on",
        reservation: "192.168.222.100",
        last_error: "Failed to change power state to 'power off': password=hunter2",
        maintenance: false,
        maintenance_reason: null,
        conductor: "192.168.222.100",
    },
    [{ created_at: ago(2), event: "Node was\nlocked", event_type: "power", severity: "ERROR" }],
);

/** A host that a machine uses, whose BMC does not answer. */
function troubled(): WholeHost {
    const host: WholeHost = hostObject(0, "provisioned", "cluster-0000-control-plane-x", "cannot power off");
    return {
        ...host,
        spec: {
            ...host.spec,
            online: true,
            bmc: { address: "redfish+http://192.168.222.16:8000/redfish/v1/Systems/u" },
            image: { url: "http://image-server/lab-os.raw" },
        },
        status: {
            ...host.status,
            poweredOn: false,
            errorType: "power management error",
            errorCount: 3,
            conditions: [
                { type: "Ready", status: "False", reason: "Error", message: "no\n power", lastTransitionTime: ago(1) },
            ],
        },
    };
}

const findings = (change: Partial<HostFindings> = {}): HostFindings => ({
    chain: {
        kind: "BareMetalHost",
        name: "host-0000",
        reason: "provisioned: cannot power off",
        root: { kind: "BareMetalHost", name: "host-0000" },
        says: "provisioned: cannot power off",
        isError: true,
        isQueued: false,
    },
    next: ["npm run logs -- --host host-0000"],
    ironic: IRONIC,
    bmc: null,
    notes: ["the log of BMO: there is no pod"],
    ...change,
});

describe("A look at one host", () => {
    it("says how it is, why, what belongs to it, and what has happened to it", () => {
        const host = troubled();
        const history = inOrder([...hostHistory(host), ...IRONIC.history]);
        const described = hostDescription(host, findings(), LAB.plan, history, NOW);
        expect(descriptionLines(described, NOW)).to.deep.equal([
            "BareMetalHost host-0000: provisioned (3 min 00 s)",
            "It is not where it should be: provisioned: cannot power off",
            "    npm run logs -- --host host-0000",
            "  cluster         cluster-0000",
            "  machine         cluster-0000-control-plane-x",
            "  image           http://image-server/lab-os.raw",
            "  power           off (wanted: on)",
            "  error           cannot power off",
            "  errors          3 in a row, of power management error",
            "  pair            pair-000",
            "  BMC             redfish+http://192.168.222.16:8000/redfish/v1/Systems/u",
            "  BMC answers     none within a second",
            "  Ironic's node   node-0",
            "  Ironic's state  active, power on",
            "  conductor       192.168.222.100",
            "  locked by       192.168.222.100",
            "  Ironic's error  Failed to change power state to 'power off': password=***",
            "  condition  status  since (UTC)          reason and message",
            "  Ready      False   2026-03-02 10:09:00  Error: no power",
            "History, times in UTC:",
            "  2026-03-02 08:40:00  Kubernetes  made",
            "  2026-03-02 08:50:00  BMO         registration begins",
            "  2026-03-02 08:51:00  BMO         registration ends",
            "  2026-03-02 08:51:00  BMO         inspection begins",
            "  2026-03-02 08:52:00  BMO         inspection ends",
            "  2026-03-02 10:06:00  BMO         provisioning begins",
            "  2026-03-02 10:07:00  BMO         provisioning ends",
            "  2026-03-02 10:08:00  Ironic      ERROR power: Node was locked",
            "  2026-03-02 10:09:00  condition   Ready is False: no power",
            "Left out: the log of BMO: there is no pod",
        ]);
    });

    it("leaves out what it does not have, and says when all is well", () => {
        const free = HOSTS[2] as WholeHost;
        const well = findings({ chain: undefined, next: [], ironic: undefined, bmc: 4, notes: [] });
        expect(descriptionLines(hostDescription(free, well, LAB.plan, [], NOW), NOW)).to.deep.equal([
            "BareMetalHost host-0002: available (1 h 18 min)",
            "It is where it should be.",
            "  pair           pair-001",
            "  BMC answers    after 4 ms",
            "  Ironic's node  node-2",
            "Nothing is known of its past in that time.",
        ]);
    });

    it("knows a host of a person's own, which is in no pair, and one that BMO has not seen", () => {
        const own: WholeHost = { metadata: { name: "mine", creationTimestamp: ago(1) } };
        const nothing = { chain: undefined, next: [], ironic: undefined, bmc: undefined, notes: [] };
        const described = hostDescription(own, nothing, LAB.plan, hostHistory(own), NOW);
        expect(described).to.include({ state: "not seen by BMO yet", isSettled: true, reason: null });
        expect(described.facts).to.deep.equal({});
        expect(described.history.map(({ text }) => text)).to.deep.equal(["made"]);
    });

    it("has no field in its JSON that docs/status.md does not name", () => {
        const described = hostDescription(troubled(), findings(), LAB.plan, [], NOW);
        const page = readFileSync(repoPath("docs/status.md"), "utf8");
        const fields = [...Object.keys(described), ...Object.keys(described.facts)];
        expect(fields.filter((field) => !page.includes(`\`${field}\``))).to.deep.equal([]);
        expect(fields).to.include.members(["schemaVersion", "isSettled", "history", "lockedBy"]);
    });
});

describe("A look at one cluster", () => {
    const [name, machine] = ["cluster-0000", "cluster-0000-control-plane-x"];
    const object: WholeCluster = {
        ...clusterObject(name, { Available: "waits" }),
        spec: { controlPlaneEndpoint: { host: "192.168.222.2", port: 20_000 }, topology: { version: "v1.35.4" } },
    };
    const evidence = {
        ...NO_EVIDENCE,
        machines: [
            machineOf(name, {
                conditions: [{ type: "Ready", status: "False", message: "no Node", lastTransitionTime: ago(2) }],
            }),
        ],
        metal3Machines: [metal3MachineOf(name, "waits for a host")],
    };
    const hosts = [HOSTS[0] as WholeHost];

    it("says what it consists of, and has the past of its parts in one order", () => {
        const history = inOrder(clusterHistory(object, { evidence, hosts }), new Date(ago(7)));
        const found = { chain: undefined, next: [], evidence, hosts, notes: [] };
        const described = clusterDescription(object, found, LAB.plan, history, NOW);
        expect(described).to.include({ kind: "Cluster", state: "not Available yet", since: ago(5) });
        expect(described.facts).to.deep.equal({
            version: "v1.35.4",
            controlPlane: "1 of 1 available",
            endpoint: "192.168.222.2:20000",
            [`machine ${machine}`]: "control plane, v1.35.4, on host-0000, no Node yet",
        });
        expect(described.history.map(({ text }) => text)).to.deep.equal([
            `Machine ${machine}: made`,
            "Available is False: waits",
            `Metal3Machine ${machine}: AssociateBareMetalHost is False: waits for a host`,
            `Metal3Machine ${machine}: Ready is False: other`,
            "host host-0000: provisioning begins",
            "host host-0000: provisioning ends",
            `Machine ${machine}: Ready is False: no Node`,
        ]);
    });

    it("has no field in its JSON that docs/status.md does not name", () => {
        const labelled = {
            ...object,
            metadata: { ...object.metadata, labels: { "metal3-scale-lab/fake-api-server": "0" } },
        };
        const found = { chain: undefined, next: [], evidence, hosts, notes: [] };
        const { facts } = clusterDescription(labelled, found, LAB.plan, [], NOW);
        const page = readFileSync(repoPath("docs/status.md"), "utf8");
        const named = Object.keys(facts).map((fact) => (fact.startsWith("machine ") ? "machine NAME" : fact));
        expect(named.filter((field) => !page.includes(`\`${field}\``))).to.deep.equal([]);
        expect(named).to.include.members(["fakeApiServer", "machine NAME"]);
    });
});

describe("What an Event says", () => {
    const event = (change: object) => ({
        reason: "Registered",
        message: "Registered\nnew host",
        involvedObject: { kind: "BareMetalHost", name: "host-0000" },
        lastTimestamp: new Date(ago(3)),
        type: "Normal",
        ...change,
    });

    it("is its reason and message, once, with how often it was", () => {
        const events = [
            event({}),
            event({ count: 4, firstTimestamp: new Date(ago(9)), type: "Warning" }),
            event({ involvedObject: { kind: "Secret", name: "s" }, lastTimestamp: undefined, eventTime: ago(1) }),
            event({ lastTimestamp: undefined }),
        ];
        expect(eventEntries(events, "BareMetalHost")).to.deep.equal([
            { time: "2026-03-02T10:07:00.000Z", source: "Event", text: "Registered: Registered new host" },
            {
                time: "2026-03-02T10:07:00.000Z",
                source: "Event",
                text: "WARNING: Registered: Registered new host (4 times, first at 10:01:00)",
            },
            { time: "2026-03-02T10:09:00.000Z", source: "Event", text: "Secret s: Registered: Registered new host" },
        ]);
    });
});
