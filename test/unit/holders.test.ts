import { expect } from "chai";
import type { Holder, LabTrace } from "../../machine/holder";
import { findLab } from "../../machine/holders";

const OWNER = { state: "file:///s", checkout: "/c", user: "a@machine" };

/** A tool that holds one lab, or none. */
const holder = (trace?: LabTrace): Holder => ({
    findTrace: async (prefix) => (prefix === "m3lab-dev" ? trace : undefined),
    runsCluster: async () => false,
    finishedObjects: async () => [],
    missing: async () => [],
    removeLeftovers: async () => undefined,
    runningParts: async () => [],
    containers: async () => [],
});

describe("A lab that several tools of the machine hold parts of", () => {
    const bearer = { type: "libvirt:index/network:Network", id: "net", name: "baremetal" };
    const containers = holder({ ids: ["c0", "c1"] });
    const network = holder({ ids: ["net"], bearer, owner: OWNER, since: new Date(0) });

    it("is one lab with all ids, and the record of the tool that has it", async () => {
        const lab = await findLab("m3lab-dev", [holder(), containers, network]);
        expect(lab).to.deep.equal({ ids: ["c0", "c1", "net"], bearer, owner: OWNER, since: new Date(0) });
    });

    it("is found when its record is gone, and is not found by another name", async () => {
        expect(await findLab("m3lab-dev", [containers, holder()])).to.deep.equal({ ids: ["c0", "c1"] });
        expect(await findLab("m3lab-other", [containers, network])).to.equal(undefined);
    });
});
