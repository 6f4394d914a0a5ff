import { expect } from "chai";
import * as fc from "fast-check";
import type { LivingLab } from "../../plan/change/living-lab";
import { living, problems, wrongKeys, type Raw } from "./living-lab";

describe("A change of kubernetesVersion", () => {
    const at = (version: string, raw: Raw = {}): LivingLab => living({ ...raw, kubernetesVersion: version });
    const to = (kubernetesVersion: string, raw: Raw = {}): Raw => ({ ...raw, kubernetesVersion });

    it("is refused downwards, also by a patch", () => {
        const rule =
            "must not be below v1.35.4, which clusters of this lab have: Cluster API lowers no version. Leave it " +
            "there, or have the lab taken away and another one made in its place: npm run up -- --replace --stack test";
        expect(problems(at("v1.35.4"), to("v1.35.3"))).to.deep.equal([`kubernetesVersion = "v1.35.3": ${rule}`]);
        expect(wrongKeys(at("v1.36.0"), {})).to.deep.equal(["kubernetesVersion"]);
    });

    it("is refused while a cluster has a version that the ClusterClass does not list", () => {
        const old = at("v1.35.4");
        old.clusters["cluster-0001"] = { version: "v1.29.3", controlPlaneNodes: 1, workerNodes: 0 };
        expect(problems(old, {})[0]).to.match(
            /^kubernetesVersion = "v1.35.4": clusters of this lab have v1.29.3, which/,
        );
    });

    it("is refused where no host is free, with the number of hosts it takes", () => {
        const full = { nodes: "4", clusters: "2", controlPlaneNodes: "1", workerNodes: "1" };
        expect(problems(at("v1.35.4", full), to("v1.36.0", full))).to.deep.equal([
            'kubernetesVersion = "v1.36.0": rolls every machine, and the host of a new one has to be there before ' +
                "the old one goes: 4 hosts have 4 machines; set nodes to 5 or more as well",
        ]);
        expect(problems(at("v1.35.4", full), to("v1.36.0", { ...full, nodes: "5" }))).to.deep.equal([]);
        expect(problems(at("v1.35.4", full), to("v1.36.0", { ...full, clusters: "1" }))).to.deep.equal([]);
    });

    it("is taken without a free host where a cluster can let go of a machine before it makes the next", () => {
        const full = { nodes: "8", clusters: "2", controlPlaneNodes: "3", workerNodes: "1" };
        expect(problems(at("v1.35.4", full), to("v1.36.0", full))).to.deep.equal([]);
    });

    it("is held against the clusters that stay, and those half on their way", () => {
        const mixed = at("v1.34.2");
        mixed.clusters["cluster-0001"] = { version: "v1.35.4", controlPlaneNodes: 1, workerNodes: 0 };
        expect(wrongKeys(mixed, to("v1.34.2"))).to.deep.equal(["kubernetesVersion"]);
        expect(wrongKeys(mixed, to("v1.36.0", { nodes: "2" }))).to.deep.equal(["kubernetesVersion"]);
        expect(problems(mixed, to("v1.35.4"))).to.deep.equal([]);
        expect(problems(mixed, to("v1.34.2", { clusters: "1" }))).to.deep.equal([]);
        expect(problems(mixed, to("v1.30.0", { clusters: "0" }))).to.deep.equal([]);
    });

    it("is taken exactly where Cluster API takes it, for any two versions", () => {
        const version = fc.tuple(fc.integer({ min: 30, max: 36 }), fc.integer({ min: 0, max: 9 }));
        fc.assert(
            fc.property(version, version, ([oldMinor, oldPatch], [minor, patch]) => {
                const taken = minor > oldMinor || (minor === oldMinor && patch >= oldPatch);
                const found = problems(at(`v1.${oldMinor}.${oldPatch}`), to(`v1.${minor}.${patch}`));
                expect(found.length === 0).to.equal(taken);
            }),
        );
    });
});
