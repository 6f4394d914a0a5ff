import { expect } from "chai";
import { plan } from "../../plan/plan";
import { UserError } from "../../plan/user-error";
import { validate } from "../../plan/validate";
import { FleetTimeout, ObjectsMissing } from "../../tasks/wait-for-fleet/errors";
import { NO_EVIDENCE } from "../../tasks/wait-for-fleet/evidence";
import { pendingObjects, progressLine, wanted, type Fleet } from "../../tasks/wait-for-fleet/fleet";
import type { Machinery } from "../../tasks/wait-for-fleet/machines";
import { pollSeconds, waitForFleet, type FleetWaitArgs } from "../../tasks/wait-for-fleet/wait";
import { cluster, config, crashing, host, machinery, planned, settled, stopped } from "./fleet-samples";

/** A wait by a clock that moves only while the wait pauses, with looks that find these, one after the other. */
function wait(looks: (Fleet | Error)[], more: Partial<FleetWaitArgs> = {}) {
    let time = 0;
    const lines: string[] = [];
    const waiting = waitForFleet({
        want: wanted(planned, config, "clusters"),
        lab: planned,
        timeoutSeconds: 60,
        hint: "",
        commands: { refresh: "pulumi up --refresh --stack mine", lookAt: (name) => `npm run describe -- ${name}` },
        report: (line) => lines.push(line),
        read: () => {
            const look = looks.shift() ?? new Error("looked too often");
            return look instanceof Error ? Promise.reject(look) : Promise.resolve(look);
        },
        readMachinery: () => Promise.resolve(machinery()),
        readEvidence: () => Promise.resolve(NO_EVIDENCE),
        readContainers: () => Promise.resolve([]),
        clock: { now: () => time, sleep: (milliseconds) => Promise.resolve((time += milliseconds)) },
        ...more,
    });
    const error = waiting.then(
        () => undefined,
        (reason: unknown) => reason as Error,
    );
    return { waiting, error, lines, looks };
}

describe("Where the fleet should be", () => {
    it("is: the clusters' hosts provisioned, the others available, and every cluster Available", () => {
        expect(pendingObjects(settled, wanted(planned, config, "clusters"))).to.deep.equal([]);
    });

    it("is anywhere a host can stay, when only hosts are waited for", () => {
        const want = wanted(planned, config, "hosts");
        expect(want.clusters).to.deep.equal([]);
        const hosts = settled.hosts.map((each) => ({ ...each, state: each.consumer ? "provisioning" : "available" }));
        expect(pendingObjects({ ...settled, hosts, clusters: [] }, want)).to.deep.equal([]);
    });

    it("is also where a cluster that is about to be deleted uses a host, but no other host may be used", () => {
        const want = wanted(planned, config, "clusters");
        const fleetWith = (name: string, change: object) => ({
            ...settled,
            hosts: settled.hosts.map((each) => (each.name === name ? { ...each, ...change } : each)),
        });
        expect(
            pendingObjects(
                fleetWith("host-0002", { state: "provisioned", consumer: "c", cluster: "cluster-0002" }),
                want,
            ),
        ).to.deep.equal([]);
        expect(pendingObjects(fleetWith("host-0002", { state: "provisioned" }), want)).to.have.length(1);
        expect(pendingObjects(fleetWith("host-0000", { state: "provisioning" }), want)).to.have.length(2);
        expect(pendingObjects(fleetWith("host-0000", { deleting: true }), want)).to.have.length(2);
    });

    it("is not reached by what is pending, which is named with its last error, broken parts first", () => {
        const fleet: Fleet = {
            hosts: [host(0, "provisioning", "deploy failed"), host(1, ""), host(2, "available")],
            clusters: [cluster(0, false, "RemoteConnectionProbe: no")],
            parts: [...settled.parts, crashing],
        };
        expect(pendingObjects(fleet, wanted(planned, config, "clusters"))).to.deep.equal([
            {
                kind: "Deployment",
                name: "metal3/ironic-conductor-0",
                reason: "ironic-conductor-0-5d4 CrashLoopBackOff",
            },
            {
                kind: "BareMetalHost",
                name: "host-0000",
                reason: "provisioning: deploy failed (wanted: in use by cluster-0000)",
            },
            {
                kind: "BareMetalHost",
                name: "host-0001",
                reason: "not seen by BMO yet (wanted: in use by cluster-0001)",
            },
            { kind: "BareMetalHost", name: "host-0003", reason: "does not exist", lost: "refresh" },
            { kind: "Cluster", name: "cluster-0000", reason: "RemoteConnectionProbe: no" },
            { kind: "Cluster", name: "cluster-0001", reason: "does not exist", lost: "refresh" },
        ]);
    });
});

describe("The wait for the fleet", () => {
    it("counts on the way, and names the parts that are not ready", () => {
        const want = wanted(planned, config, "clusters");
        expect(progressLine(settled, want, 12.4)).to.equal(
            "hosts: 2 provisioned, 2 available of 4; clusters: 2 of 2 Available (12 s)",
        );
        expect(progressLine({ ...settled, parts: [crashing] }, want, 12.4)).to.equal(
            "hosts: 2 provisioned, 2 available of 4; clusters: 2 of 2 Available; " +
                "not ready: metal3/ironic-conductor-0 (12 s)",
        );
    });

    it("counts hosts apart that leave the lab or are a user's own", () => {
        const hosts = [...settled.hosts, host(7, "deprovisioning")];
        expect(progressLine({ ...settled, hosts }, wanted(planned, config, "hosts"), 0)).to.equal(
            "hosts: 2 provisioned, 2 available of 4, 1 others (0 s)",
        );
    });

    it("counts a host that its user has put elsewhere once it is there", () => {
        const line = (there: boolean) => {
            const hosts = [{ ...host(2, "provisioned"), elsewhere: { asked: "an image", there } }];
            return progressLine({ ...settled, hosts }, wanted(planned, config, "hosts"), 0);
        };
        expect(line(true)).to.match(/^hosts: 1 put elsewhere by their user of 4/);
        expect(line(false)).to.match(/^hosts: 1 provisioned of 4/);
    });

    it("looks every 2 s at a small fleet and every 15 s at a thousand hosts and clusters", () => {
        expect(pollSeconds(6)).to.be.closeTo(2, 0.1);
        expect(pollSeconds(2000)).to.be.closeTo(15, 0.5);
        expect(pollSeconds(100_000)).to.equal(20);
    });

    it("ends when everything is there, and outlives looks that fail", async () => {
        const { waiting, lines } = wait([
            new Error("connection refused"),
            { ...settled, hosts: [host(0, "registering"), ...settled.hosts.slice(1)] },
            settled,
        ]);
        expect(await waiting).to.deep.equal(settled);
        expect(lines).to.have.length(2);
        expect(lines[0]).to.match(/^hosts: 1 registering, 1 provisioned, 2 available of 4/);
    });

    it("does not end while a layer is broken, though every host and cluster is where it should be", async () => {
        const broken = { ...settled, parts: [...settled.parts, crashing] };
        const { waiting, looks } = wait([broken, broken, broken, broken, settled]);
        expect((await waiting).parts).to.deep.equal(settled.parts);
        expect(looks).to.have.length(0);

        const { error } = wait(Array<Fleet>(100).fill(broken));
        expect((await error)?.message).to.equal(
            "After 60 s 1 object is not where it should be:\n" +
                "  Deployment metal3/ironic-conductor-0: ironic-conductor-0-5d4 CrashLoopBackOff\n" +
                "    kubectl -n metal3 describe deployment ironic-conductor-0\n",
        );
    });

    it("does not end before the Machines agree, which it reads only once all else looks done", async () => {
        const pending = { ...settled, clusters: [cluster(0, false), cluster(1, true)] };
        const found = [machinery({ deleting: true }), machinery()];
        let reads = 0;
        const { waiting, looks } = wait([pending, pending, settled, settled], {
            readMachinery: () => Promise.resolve(found[reads++] as Machinery),
        });
        await waiting;
        expect({ reads, left: looks.length }).to.deep.equal({ reads: 2, left: 0 });
    });

    it("traces what is pending to its cause once the time has run out", async () => {
        const pending = { ...settled, clusters: [cluster(0, false, "a symptom"), cluster(1, true)] };
        const machines = machinery({ hasNode: false }).machines;
        const metal3Machines = [
            {
                name: "cluster-0000-x",
                conditions: [{ type: "AssociateBareMetalHost", status: "False", message: "waits for data" }],
            },
        ];
        let reads = 0;
        const { error } = wait(Array<Fleet>(100).fill(pending), {
            readEvidence: () => {
                reads += 1;
                return Promise.resolve({ ...NO_EVIDENCE, machines: machines.slice(0, 1), metal3Machines });
            },
        });
        expect((await error)?.message).to.match(
            /^.*:\n {2}Cluster cluster-0000: Machine cluster-0000-x: Metal3Machine cluster-0000-x: waits for data \(/,
        );
        // Once as nothing has moved for a minute, and once for the error.
        expect(reads).to.equal(2);
    });

    it("says what is stuck once nothing has moved for a minute, and later only what else is", async () => {
        const looks = ["no power", "no disk"].flatMap((error) =>
            Array<Fleet>(100).fill({ ...settled, hosts: [host(0, "inspecting", error), ...settled.hosts.slice(1)] }),
        );
        const { waiting, lines } = wait([...looks, settled], { timeoutSeconds: 3600 });
        expect(await waiting).to.deep.equal(settled);
        expect(lines.filter((line) => !line.startsWith("hosts: "))).to.deep.equal([
            "stuck: Cluster cluster-0000: 0 hosts are provisioned for its machines (wanted: 1)",
            "  npm run describe -- cluster-0000",
            "stuck: BareMetalHost host-0000: inspecting: no power (wanted: in use by cluster-0000)",
            "  npm run describe -- host-0000",
            "  docker logs --tail 50 m3lab-dev-pair-000-sushy-tools",
            "stuck: BareMetalHost host-0000: inspecting: no disk (wanted: in use by cluster-0000)",
            "  npm run describe -- host-0000",
        ]);
    });

    it("does not wait for what somebody else has deleted, but says how it comes back", async () => {
        const without = { ...settled, hosts: settled.hosts.slice(1) };
        // One look is not enough: the list may be older than the host.
        const pending = { ...settled, clusters: [cluster(0, false), cluster(1, true)] };
        const { error, looks } = wait([without, without, pending, without, without, without], { timeoutSeconds: 600 });
        expect(await error).to.be.instanceOf(ObjectsMissing);
        expect((await error)?.message.split("\n")).to.deep.equal([
            "Something else has deleted or stopped these, and nothing in the lab brings them back:",
            "  BareMetalHost host-0000: does not exist",
            "pulumi up --refresh --stack mine notices what was deleted, and makes it again.",
        ]);
        expect(looks).to.have.length(0);
    });

    it("does not wait for a stopped container, even if the API does not answer, but says how to start it", async () => {
        for (const look of [settled, new Error("connection refused")]) {
            const { error } = wait(Array<Fleet | Error>(100).fill(look), {
                timeoutSeconds: 600,
                readContainers: () => Promise.resolve([stopped]),
            });
            expect(await error).to.be.instanceOf(ObjectsMissing);
            const { name } = stopped;
            expect((await error)?.message).to.include(`\n  Container ${name}: Exited (137)\ndocker start ${name} `);
        }
    });

    it("gives up in time, naming each reason once, the last failure and where to look", async () => {
        const many = plan(validate({ nodes: "50", clusters: "0" }), "dev");
        const { error } = wait([], { want: wanted(many, config, "hosts"), hint: "Look there." });
        expect(await error).to.be.instanceOf(FleetTimeout);
        const message = (await error)?.message ?? "";
        expect(message).to.match(/^After 60 s 50 objects are not where they should be:/);
        expect(message).to.include("  BareMetalHost host-0000: never seen, and 49 more of the same reason\n");
        expect(message).to.include("looked too often").and.include("Look there.");
    });

    it("ends with errors for the user: the message alone is theirs to see", () => {
        for (const error of [new ObjectsMissing([], ""), new FleetTimeout([], () => [], 1, "", "")]) {
            expect(error).to.be.instanceOf(UserError);
            expect(error.stack).to.equal(error.message);
        }
    });
});
