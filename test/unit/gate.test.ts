import { expect } from "chai";
import { validate } from "../../plan/config/validate";
import { plan } from "../../plan/plan";
import { laggards, progressLine, wanted, type Fleet } from "../../tasks/wait-for-fleet/fleet";
import { clusterStatus, hostStatus } from "../../tasks/wait-for-fleet/reader";
import { FleetIncomplete, FleetTimeout, waitForFleet } from "../../tasks/wait-for-fleet/wait";

const planned = plan(validate({}), "dev");
const host = (index: number, state: string, error = "") => ({
    name: `host-000${index}`,
    state,
    error,
    deleting: false,
    used: false,
});
const cluster = (index: number, available: boolean, message = "") => ({
    name: `cluster-000${index}`,
    available,
    message,
});
const settled: Fleet = {
    hosts: [host(0, "provisioned"), host(1, "provisioned"), host(2, "available"), host(3, "available")],
    clusters: [cluster(0, true), cluster(1, true)],
};

/** A clock that moves only when somebody pauses. */
function fakeClock() {
    let time = 0;
    return { now: () => time, pause: (milliseconds: number) => Promise.resolve((time += milliseconds)) };
}

describe("gate", () => {
    it("wants the clusters' hosts provisioned, the others available, and every cluster", () => {
        expect(laggards(settled, wanted(planned, 1, "clusters"))).to.deep.equal([]);
    });

    it("wants hosts anywhere they can stay when it waits for hosts only", () => {
        const want = wanted(planned, 1, "hosts");
        expect(want.clusters).to.deep.equal([]);
        const early = {
            hosts: settled.hosts.map(({ name }) => ({
                name,
                state: "available",
                error: "",
                deleting: false,
                used: false,
            })),
            clusters: [],
        };
        expect(laggards(early, want)).to.deep.equal([]);
    });

    it("names what is not there, with its last error", () => {
        const fleet = {
            hosts: [host(0, "provisioning", "deploy failed"), host(1, ""), host(2, "available")],
            clusters: [cluster(0, false, "RemoteConnectionProbe: no")],
        };
        expect(laggards(fleet, wanted(planned, 1, "clusters"))).to.deep.equal([
            { kind: "BareMetalHost", name: "host-0000", reason: "provisioning: deploy failed (wanted: provisioned)" },
            { kind: "BareMetalHost", name: "host-0001", reason: "not seen by BMO yet (wanted: provisioned)" },
            { kind: "BareMetalHost", name: "host-0003", reason: "does not exist (wanted: available)", missing: true },
            { kind: "Cluster", name: "cluster-0000", reason: "RemoteConnectionProbe: no" },
            { kind: "Cluster", name: "cluster-0001", reason: "does not exist", missing: true },
        ]);
    });

    it("lets hosts pass that a leaving cluster still uses, but no others", () => {
        const want = wanted(planned, 1, "clusters");
        const with2 = (state: string, used: boolean) => ({
            ...settled,
            hosts: settled.hosts.map((each) => (each.name === "host-0002" ? { ...each, state, used } : each)),
        });
        expect(laggards(with2("provisioned", true), want)).to.deep.equal([]);
        expect(laggards(with2("provisioned", false), want)).to.have.length(1);
        const first = {
            ...settled,
            hosts: settled.hosts.map((each) =>
                each.name === "host-0000" ? { ...each, state: "provisioning", used: true } : each,
            ),
        };
        expect(laggards(first, want)).to.have.length(1);
    });

    it("counts on the way", () => {
        expect(progressLine(settled, wanted(planned, 1, "clusters"), 12.4)).to.equal(
            "hosts: 2 provisioned, 2 available of 4; clusters: 2 of 2 Available (12 s)",
        );
    });

    it("ends when all is there, and outlives looks that fail", async () => {
        const looks: (Fleet | Error)[] = [new Error("connection refused"), { hosts: [], clusters: [] }, settled];
        const lines: string[] = [];
        const fleet = await waitForFleet({
            ...fakeClock(),
            want: wanted(planned, 1, "clusters"),
            timeoutSeconds: 60,
            hint: "",
            report: (line) => lines.push(line),
            read: () => {
                const look = looks.shift();
                return look instanceof Error || look === undefined
                    ? Promise.reject(look ?? new Error("looked too often"))
                    : Promise.resolve(look);
            },
        });
        expect(fleet).to.equal(settled);
        expect(lines).to.have.length(2);
        expect(lines[0]).to.match(/none yet of 4; clusters: 0 of 2 Available/);
    });

    it("does not wait for what somebody else has deleted, but says how it comes back", async () => {
        const without = { ...settled, hosts: settled.hosts.slice(1) };
        // Once missing is not gone: the list may be older than the host.
        const looks = [
            without,
            without,
            { ...settled, clusters: [cluster(0, false), cluster(1, true)] },
            without,
            without,
            without,
        ];
        const waiting = waitForFleet({
            ...fakeClock(),
            want: wanted(planned, 1, "clusters"),
            timeoutSeconds: 600,
            hint: "",
            report: () => undefined,
            read: () => Promise.resolve(looks.shift() ?? settled),
        });
        const error = await waiting.then(
            () => undefined,
            (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(FleetIncomplete);
        expect((error as FleetIncomplete).message.split("\n")).to.deep.equal([
            "1 objects that Pulumi has made are no longer there; something else has deleted them:",
            "  BareMetalHost host-0000: does not exist (wanted: provisioned)",
            "pulumi up --refresh notices, and makes them again.",
        ]);
        expect(looks).to.have.length(0);
    });

    it("gives up in time, naming at most twenty objects, the last failure and where to look", async () => {
        const many = plan(validate({ nodes: "50", clusters: "0" }), "dev");
        const waiting = waitForFleet({
            ...fakeClock(),
            want: wanted(many, 1, "hosts"),
            timeoutSeconds: 60,
            hint: "Look there.",
            report: () => undefined,
            read: () => Promise.reject(new Error("connection refused")),
        });
        const error = await waiting.then(
            () => undefined,
            (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(FleetTimeout);
        const message = (error as FleetTimeout).message;
        expect(message).to.match(/^After 60 s 50 objects/);
        expect(message.match(/BareMetalHost host-/g)).to.have.length(20);
        expect(message).to.include("and 30 more").and.include("connection refused").and.include("Look there.");
    });

    it("says of a queued host that it is, until it has a state", () => {
        const metadata = {
            name: "h",
            annotations: { "baremetalhost.metal3.io/paused": "", "metal3-scale-lab/queued": "" },
        };
        expect(hostStatus({ metadata }).state).to.equal("queued");
        expect(hostStatus({ metadata, status: { provisioning: { state: "provisioned" } } }).state).to.equal(
            "provisioned",
        );
        expect(hostStatus({ metadata: { name: "h" } }).state).to.equal("");
    });

    it("says of a queued cluster what it waits for, whatever was said of it before", () => {
        const metadata = { name: "c", annotations: { "cluster.x-k8s.io/paused": "", "metal3-scale-lab/queued": "3" } };
        const want = { name: "c", available: false, message: "queued: waits for its 3 hosts to be available" };
        expect(clusterStatus({ metadata })).to.deep.equal(want);
        expect(
            clusterStatus({ metadata, status: { conditions: [{ type: "Available", status: "True", message: "" }] } }),
        ).to.deep.equal(want);
        const others = { name: "c", annotations: { "cluster.x-k8s.io/paused": "" } };
        expect(clusterStatus({ metadata: others })).to.deep.equal({ name: "c", available: false, message: "" });
    });

    it("reads objects as the API serves them", () => {
        expect(hostStatus({ metadata: { name: "h" } })).to.deep.equal({
            name: "h",
            state: "",
            error: "",
            deleting: false,
            used: false,
        });
        expect(
            hostStatus({
                metadata: { name: "h", deletionTimestamp: "2026" },
                spec: { consumerRef: {} },
                status: { provisioning: { state: "deprovisioning" }, errorMessage: "no" },
            }),
        ).to.deep.equal({ name: "h", state: "deprovisioning", error: "no", deleting: true, used: true });
        const conditions = [{ type: "Available", status: "False", message: "* RemoteConnectionProbe:\n  * failed" }];
        expect(clusterStatus({ metadata: { name: "c" }, status: { conditions } })).to.deep.equal({
            name: "c",
            available: false,
            message: "* RemoteConnectionProbe: * failed",
        });
        expect(
            clusterStatus({
                metadata: { name: "c", deletionTimestamp: "2026" },
                status: { conditions: [{ type: "Available", status: "True" }] },
            }).available,
        ).to.equal(false);
    });
});
