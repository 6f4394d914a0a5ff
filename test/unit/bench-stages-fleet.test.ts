import { expect } from "chai";
import { cluster, DONE, figures, host, NONE, report, settledCluster } from "./bench-stages-objects";

describe("the fleet", () => {
    const ready = (index: number, end: number) =>
        host(`host-000${index}`, { ...DONE, provision: [25, end], consumer: `m-${index}` });

    it("A milestone has the time of the last object, and the number of objects per minute", () => {
        const reserve = host("host-0009", { state: "available", register: [2, 6], inspect: [6, 40], since: 44 });
        const { fleet } = report({
            hosts: [ready(0, 50), ready(1, 90), ready(2, 60), reserve],
            clusters: [cluster("a", settledCluster(100)), cluster("b", settledCluster(120))],
        });
        expect(fleet.hostsEnrolled).to.deep.equal({
            count: 4,
            of: 4,
            at: "2026-03-02T10:00:40.000Z",
            seconds: 40,
            perMinute: 6,
            upperBounds: 0,
        });
        // That three of them were available has left no trace: it was no later than the begin of their provisioning.
        expect(fleet.hostsAvailable).to.deep.equal({
            count: 4,
            of: 4,
            at: "2026-03-02T10:00:44.000Z",
            seconds: 44,
            perMinute: 4 / (44 / 60),
            upperBounds: 3,
        });
        expect(fleet.hostsProvisioned).to.deep.equal({
            count: 3,
            of: 3,
            at: "2026-03-02T10:01:30.000Z",
            seconds: 90,
            perMinute: 2,
            upperBounds: 0,
        });
        expect(fleet.clustersAvailable).to.deep.equal({
            count: 2,
            of: 2,
            at: "2026-03-02T10:02:00.000Z",
            seconds: 120,
            perMinute: 1,
            upperBounds: 0,
        });
        expect(fleet.machinesReady).to.deep.equal({
            count: 0,
            of: 0,
            at: null,
            seconds: null,
            perMinute: null,
            upperBounds: 0,
        });
    });

    it("Times are counted from t0", () => {
        const { fleet, t0 } = report({ hosts: [ready(0, 90)] }, { t0: 30 });
        expect(t0).to.equal("2026-03-02T10:00:30.000Z");
        expect(fleet.hostsProvisioned).to.include({ seconds: 60, perMinute: 1 });
        expect(fleet.hostsEnrolled).to.include({ seconds: -14, perMinute: null });
    });

    it("A milestone has no time while an object is missing, and objects that are being deleted do not count", () => {
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
        const { fleet, hosts } = report({ hosts: [ready(0, 50), late, leaving], clusters: [cluster("gone", [], 5)] });
        expect(fleet.hostsProvisioned).to.include({ count: 1, of: 2, at: null, seconds: null });
        expect(fleet.hostsEnrolled).to.include({ count: 2, of: 2, seconds: 16 });
        expect(fleet.clustersAvailable).to.include({ count: 0, of: 0, at: null });
        expect(hosts).to.include({ count: 3, deleting: 1 });
        expect(figures(hosts, "deprovision")).to.deep.equal({ ...NONE, open: 1 });
    });

    it("A host that was given an image without a machine is to be provisioned", () => {
        const { fleet } = report({
            hosts: [
                host("host-0000", { ...DONE, consumer: undefined as never, image: true }),
                host("host-0001", { state: "available", image: false }),
            ],
        });
        expect(fleet.hostsProvisioned).to.include({ count: 1, of: 1, seconds: 61 });
    });

    it("A report is the same after it was written to a file and read", () => {
        const written = report({
            hosts: [ready(0, 50), host("new", { state: "" })],
            clusters: [cluster("a", settledCluster(100))],
        });
        expect(JSON.parse(JSON.stringify(written))).to.deep.equal(written);
        expect(written.resolutionSeconds).to.equal(1);
    });

    it("A value that is no object of the API, or no time, is refused", () => {
        expect(() => report({ hosts: [{ metadata: { name: "host-0000" } }] })).to.throw(
            /^metadata\.uid, metadata\.creationTimestamp missing in \{"metadata":\{"name":"host-0000"\}\}/,
        );
        const broken = { ...cluster("a", []), metadata: { name: "a", uid: "u", creationTimestamp: "yesterday" } };
        expect(() => report({ clusters: [broken] })).to.throw(
            '"yesterday" is not a time of the Kubernetes API (RFC 3339)',
        );
    });
});
