import { expect } from "chai";
import { nearNames, notFound, type Names } from "../../cli/look/find";
import { THINGS } from "../../cli/look/things";

const NAMES: Names = {
    host: ["host-0000", "host-0001", "host-0010", "mine"],
    cluster: ["cluster-0000", "cluster-0001"],
};

describe("A name that is not there", () => {
    it("is answered with the names like it, the nearest first", () => {
        const all = [...NAMES.host, ...NAMES.cluster];
        expect(nearNames("host-001", all)).to.deep.equal(["host-0001", "host-0010", "host-0000"]);
        expect(notFound("hots-0001", THINGS, NAMES, undefined)).to.equal(
            "there is no host or cluster hots-0001; did you mean host-0001, host-0000?",
        );
        expect(notFound("cluster-001", ["cluster"], NAMES, undefined)).to.equal(
            "there is no cluster cluster-001; did you mean cluster-0001, cluster-0000?",
        );
    });

    it("is answered with how many there are, where none is like it", () => {
        expect(notFound("elsewhere", THINGS, NAMES, undefined)).to.equal(
            "there is no host or cluster elsewhere among 4 hosts and 2 clusters",
        );
    });

    it("may be one of the configuration, or of the other kind", () => {
        expect(notFound("host-0003", THINGS, NAMES, "host")).to.equal(
            "there is no host host-0003, though the configuration has it: it is not made yet, or was deleted",
        );
        expect(notFound("cluster-0000", ["host"], NAMES, "cluster")).to.equal("cluster-0000 is no host, but a cluster");
    });
});
