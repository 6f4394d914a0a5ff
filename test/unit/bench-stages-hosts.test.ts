import { expect } from "chai";
import {
    allFigures,
    at,
    condition,
    DONE,
    figures,
    host,
    metal3Machine,
    NONE,
    one,
    openStages,
    report,
    type HostOptions,
} from "./bench-stages-objects";

const taken = [metal3Machine("cluster-0000-a", 23)];

describe("the stages of hosts", () => {
    it("The stages of a provisioned host come from BMO's history and from its Metal3Machine", () => {
        const { hosts } = report({ hosts: [host("host-0000", DONE)], metal3Machines: taken });
        // That it was available has left no trace: the condition tells only of its last change.
        expect(allFigures(hosts)).to.deep.equal({
            queue: NONE,
            "wait for BMO": one(2),
            register: one(4),
            inspect: one(10),
            prepare: NONE,
            "wait for a machine": NONE,
            "wait for provisioning": one(2),
            provision: one(36),
            "register again": NONE,
            deprovision: NONE,
            "created to enrolled": one(16),
            "created to available": NONE,
            "created to provisioned": one(61),
        });
        expect(hosts.objects[0]?.events).to.include({
            created: at(0).replace("Z", ".000Z"),
            provisioned: at(61).replace("Z", ".000Z"),
        });
    });

    it("A host that ends available has the stages until then, and waits for a machine until it is taken", () => {
        const available: HostOptions = { state: "available", register: [2, 6], inspect: [6, 16], since: 19 };
        const { hosts } = report({ hosts: [host("host-0000", available)] });
        expect(figures(hosts, "prepare")).to.deep.equal(one(3));
        expect(figures(hosts, "created to available")).to.deep.equal(one(19));
        expect(figures(hosts, "wait for a machine")).to.deep.equal({ ...NONE, open: 1 });
        const chosen = host("host-0000", { ...available, consumer: "cluster-0000-a" });
        expect(figures(report({ hosts: [chosen], metal3Machines: taken }).hosts, "wait for a machine")).to.deep.equal(
            one(4),
        );
    });

    it("The stages of a host that was queued begin with its release", () => {
        const queued = { "baremetalhost.metal3.io/paused": "", "queue.metal3-scale-lab/queued": "" };
        const done: HostOptions = { ...DONE, created: -30, annotations: { "queue.metal3-scale-lab/released": at(0) } };
        const { hosts } = report({
            hosts: [host("host-0000", done), host("host-0001", { state: "", created: -30, annotations: queued })],
        });
        expect(figures(hosts, "queue")).to.deep.equal({ ...one(30), open: 1 });
        expect(figures(hosts, "wait for BMO")).to.deep.equal(one(2));
        expect(figures(hosts, "created to provisioned")).to.deep.equal(one(61));
    });

    const inspected: Pick<HostOptions, "register" | "inspect"> = { register: [2, 5], inspect: [5, 9] };
    const halfWay: [what: string, options: HostOptions, open: string[]][] = [
        ["that BMO has not looked at", { state: "" }, ["wait for BMO", "created to enrolled", "created to available"]],
        [
            "that is being registered",
            { state: "registering", register: [2, null] },
            ["register", "created to enrolled", "created to available"],
        ],
        [
            "that is being inspected",
            { state: "inspecting", register: [2, 5], inspect: [5, null] },
            ["inspect", "created to enrolled", "created to available"],
        ],
        ["that is being prepared", { state: "preparing", ...inspected }, ["prepare", "created to available"]],
        ["that no machine has taken", { state: "available", ...inspected, since: 12 }, ["wait for a machine"]],
        [
            "that a machine has taken",
            { state: "available", ...inspected, since: 12, consumer: "cluster-0000-a" },
            ["wait for provisioning", "created to provisioned"],
        ],
        [
            "that is being provisioned",
            { state: "provisioning", ...inspected, provision: [24, null], since: 24, consumer: "cluster-0000-a" },
            ["provision", "created to provisioned"],
        ],
        [
            "that is being released",
            { state: "deprovisioning", ...inspected, provision: [24, 50], deprovision: [90, null], since: 90 },
            ["deprovision"],
        ],
    ];
    for (const [what, options, open] of halfWay) {
        it(`A host ${what} is in these stages: ${open.join(", ")}`, () => {
            const { hosts } = report({ hosts: [host("host-0000", options)], metal3Machines: taken });
            expect(openStages(hosts)).to.deep.equal(open);
        });
    }
});

describe("the registration of hosts", () => {
    it("A later registration, whose times replace the first one's, is not mistaken for the first", () => {
        // CAPM3 labels the Secret with the BMC's credentials: BMO registers again right after provisioning began.
        const again = host("host-0000", { ...DONE, register: [26, 27] });
        again.status?.conditions.push(condition("Healthy", "Unknown", 1, "Unknown"));
        const { hosts } = report({ hosts: [again] });
        expect(figures(hosts, "wait for BMO")).to.deep.equal(one(1));
        expect(figures(hosts, "register")).to.deep.equal(one(5));
        expect(figures(hosts, "register again")).to.deep.equal(one(1));
        expect(figures(hosts, "inspect")).to.deep.equal(one(10));
    });

    it("The begin of the first registration is unknown when no condition is left from that time", () => {
        const { hosts } = report({ hosts: [host("host-0000", { ...DONE, register: [300, null], since: 301 })] });
        expect(figures(hosts, "register")).to.deep.equal(NONE);
        expect(figures(hosts, "wait for BMO")).to.deep.equal(NONE);
        expect(figures(hosts, "register again")).to.deep.equal({ ...NONE, open: 1 });
        expect(figures(hosts, "created to enrolled")).to.deep.equal(one(16));
    });

    it("The first registration of a host without inspection ended when the host became manageable", () => {
        const again = host("host-0000", {
            ...DONE,
            inspect: [null, null],
            register: [26, 27],
            annotations: { "inspect.metal3.io": "disabled" },
        });
        for (const known of again.status?.conditions ?? []) {
            if (known.type === "Manageable") {
                known.lastTransitionTime = at(7);
            }
        }
        const { hosts, fleet } = report({ hosts: [again] });
        expect(fleet.hostsEnrolled).to.include({ count: 1, of: 1, seconds: 7 });
        expect(figures(hosts, "register again")).to.deep.equal(one(1));
    });

    it("A host without inspection is enrolled when it is registered", () => {
        const options: HostOptions = {
            state: "available",
            register: [2, 7],
            since: 8,
            annotations: { "inspect.metal3.io": "disabled" },
        };
        const { hosts, fleet } = report({ hosts: [host("host-0000", options)] });
        expect(figures(hosts, "created to enrolled")).to.deep.equal(one(7));
        expect(figures(hosts, "prepare")).to.deep.equal(one(1));
        expect(fleet.hostsEnrolled).to.include({ count: 1, of: 1, seconds: 7 });
    });
});

describe("a host that was released and taken again", () => {
    const taken = [metal3Machine("cluster-0000-b", 420)];

    it("A host that is provisioned again has the times of the last operations, and none of the first", () => {
        const again: HostOptions = {
            ...DONE,
            provision: [425, 460],
            deprovision: [300, 330],
            since: 460,
            consumer: "cluster-0000-b",
        };
        const { hosts } = report({ hosts: [host("host-0000", again)], metal3Machines: taken });
        expect(figures(hosts, "wait for provisioning")).to.deep.equal(one(5));
        expect(figures(hosts, "provision")).to.deep.equal(one(35));
        expect(figures(hosts, "deprovision")).to.deep.equal(one(30));
        expect(figures(hosts, "created to provisioned")).to.deep.equal(NONE);
    });

    it("A host that is taken again is not provisioned by its earlier run", () => {
        const waiting: HostOptions = {
            ...DONE,
            state: "available",
            deprovision: [300, 330],
            since: 330,
            consumer: "cluster-0000-b",
        };
        const { hosts, fleet } = report({ hosts: [host("host-0000", waiting)], metal3Machines: taken });
        expect(fleet.hostsProvisioned).to.include({ count: 0, of: 1, at: null, seconds: null });
        expect(figures(hosts, "wait for a machine")).to.deep.equal(one(90));
        expect(figures(hosts, "wait for provisioning")).to.deep.equal({ ...NONE, open: 1 });
        expect(figures(hosts, "created to available")).to.deep.equal(NONE);
        expect(figures(hosts, "prepare")).to.deep.equal(NONE);
    });
});
