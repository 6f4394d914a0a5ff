import { expect } from "chai";
import { unexplained } from "../../cli/bench/logs";
import { DONE, host, metal3Machine, report, stageOf, type HostOptions } from "./bench-stages-objects";

describe("stalls", () => {
    it("Objects more than 60 s beyond the median stall, also those that are still in the stage", () => {
        const many = Array.from({ length: 9 }, (_, index) =>
            host(`host-000${index}`, { ...DONE, provision: [25, 55 + index] }),
        );
        const slow = host("host-0100", { ...DONE, provision: [25, 200] });
        const stuck = host("host-0101", { ...DONE, state: "provisioning", provision: [25, null], since: 25 });
        const limit = host("host-0102", { ...DONE, provision: [25, 25 + 35 + 60] });
        const lists = { hosts: [...many, slow, stuck, limit] };
        // Eleven have ended, after 30 … 38, 95 and 175 s. The sixth took 35 s.
        const provision = stageOf(report(lists, { now: 400 }).hosts, "provision");
        expect(provision).to.deep.include({ count: 11, median: 35, p95: 175, max: 175, open: 1 });
        expect(provision.stalls).to.deep.equal([
            { name: "host-0101", stage: "provision", seconds: 375, open: true },
            { name: "host-0100", stage: "provision", seconds: 175, open: false },
        ]);
        const earlier = report(lists, { now: 120 });
        expect(stageOf(earlier.hosts, "provision").stalls.map(({ name }) => name)).to.deep.equal(["host-0100"]);
        expect(unexplained(earlier)).to.deep.equal(["host-0100: provision", "host-0100: created to provisioned"]);
    });

    it("A host that began again needs an explanation, and a fleet without stalls needs none", () => {
        const done = host("host-0000", DONE);
        expect(unexplained(report({ hosts: [done, host("host-0001", DONE)] }))).to.deep.equal([]);
        const again = host("host-0001", { ...DONE, deprovision: [60, 63], provision: [70, 90] });
        expect(unexplained(report({ hosts: [done, again] }))).to.deep.equal(["hosts: deprovision (1)"]);
    });

    it("A host in reserve does not stall, although others waited a short time for their machine", () => {
        const available: HostOptions = { state: "available", register: [2, 6], inspect: [6, 16], since: 19 };
        const { hosts } = report(
            {
                hosts: [host("host-0000", { ...available, consumer: "cluster-0000-a" }), host("host-0001", available)],
                metal3Machines: [metal3Machine("cluster-0000-a", 23)],
            },
            { now: 24 + 4000 },
        );
        expect(stageOf(hosts, "wait for a machine")).to.include({ count: 1, open: 1, median: 4 });
        expect(stageOf(hosts, "wait for a machine").stalls).to.deep.equal([]);
    });
});
