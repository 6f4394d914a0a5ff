import { expect } from "chai";
import { livingLab, type LivingLab } from "../../plan/change/living-lab";
import { plan } from "../../plan/plan";
import { isThere, roomOf, sizeChange } from "../../plan/prediction/change";
import { upSeconds } from "../../plan/prediction/model";
import { predicted, predictionLine, roughTime, type PredictedMachine } from "../../plan/prediction/words";
import { validate } from "../../plan/validate";
import { versionSets } from "../../toolchain/images/recipes";
import { living, STACK, type Raw } from "./living-lab";
import { KNOWN, MACHINE, ownRun, size } from "./prediction-samples";

const HERE: PredictedMachine = { ...MACHINE, ownRuns: [] };

/** The line about a change. @param before undefined: there is no lab */
function line(before: Raw | undefined, after: Raw, machine = HERE): string | undefined {
    const config = validate(after);
    const lab: LivingLab | undefined = before && living(before);
    const wanted = { before: lab, plan: plan(config, STACK), config, versions: versionSets() };
    return predictionLine(predicted(wanted, machine));
}

describe("A prediction in words", () => {
    it("says of a lab from nothing how long, how much memory, and whether it fits", () => {
        expect(line(undefined, { nodes: "100", clusters: "100" })).to.match(
            new RegExp(
                String.raw`^predicted: takes about \d min( \d0 s)? \(± \d+ %\); ` +
                    String.raw`\d\.\d GiB of memory at most \(± \d+ %\): fits 2 cores and 24 GiB$`,
            ),
        );
    });

    it("says of one that does not fit how many hosts the machine holds, and what bounds it", () => {
        expect(line(undefined, { nodes: "2000", clusters: "2000" })).to.match(
            new RegExp(
                "^predicted: does not fit: comes to no end; .*; 2 cores and 24 GiB hold about 1\\d00 hosts " +
                    "in this proportion to clusters, bounded by the cores$",
            ),
        );
        expect(line(undefined, { nodes: "2000", clusters: "2000" }, { ...HERE, cores: 64 })).to.match(
            /^predicted: may not fit: takes about .*; 64 cores and 24 GiB hold about \d+ hosts .* by the memory$/,
        );
    });

    it("says of a lab that shrinks only how long it takes", () =>
        expect(line({ nodes: "20", clusters: "10" }, { nodes: "10", clusters: "5" })).to.match(
            /^predicted: takes about (\d+ s|1 min|1 min \d0 s) \(± 50 %\)$/,
        ));

    it("says of a lab that grows less than of one from nothing, and what is on top", () => {
        const grown = { nodes: "60", clusters: "50", kubernetesVersion: "v1.35.4" };
        const more = line({ ...grown, nodes: "55", clusters: "45", kubernetesVersion: "v1.34.1" }, grown);
        expect(more).to.include(", and what is rolled or gets another version on top; ");
        expect(line({ nodes: "55", clusters: "45" }, grown)).to.not.include("on top");
    });

    it("is nothing where hosts, machines and conductors stay as many, and a line where only conductors change", () => {
        expect(line({}, {})).to.equal(undefined);
        expect(line({}, { conductors: "4" })).to.match(/^predicted: takes about \d+ s \(± \d+ %\)$/);
    });

    it("says why nothing is predicted, in one line", () => {
        const existing: Raw = { substrate: "existing", kubeconfig: "/k", storageClass: "s" };
        expect(line(undefined, existing)).to.equal(
            "predicted: nothing, because neither the cores nor the memory of a cluster that is there are known",
        );
        expect(line(undefined, { tuning: "published", cleaning: "metadata" })).to.equal(
            "predicted: nothing, because labs were measured with the default of tuning, cleaning alone",
        );
    });

    it("says by how many own runs it goes", () => {
        const upLasted = 2 * upSeconds(undefined, size(100), 2, KNOWN);
        const ownRuns = [ownRun({ upSeconds: upLasted })];
        expect(line(undefined, { nodes: "100", clusters: "100" }, { ...HERE, ownRuns })).to.include(
            ", by 1 run of this machine; ",
        );
    });

    it("rounds times to what can be known", () => {
        const rows = [3, 47, 389, 1520, 5730].map((seconds) => roughTime(seconds));
        expect(rows).to.deep.equal(["10 s", "50 s", "6 min 30 s", "25 min", "1 h 40 min"]);
    });
});

describe("A change of a lab's size", () => {
    const change = (before: Raw | undefined, after: Raw) => {
        const config = validate(after);
        const lab = before && living(before);
        return sizeChange({ before: lab, plan: plan(config, STACK), config, versions: versionSets() });
    };

    it("has hosts, machines and conductors of what is there and of what is wanted", () => {
        const raw = { nodes: "30", clusters: "10", workerNodes: "1" };
        expect(change(raw, { ...raw, nodes: "300" })).to.deep.include({
            from: { hosts: 30, machines: 20, conductors: 2 },
            to: { hosts: 300, machines: 20, conductors: 2 },
        });
        expect(change(undefined, raw)?.from).to.equal(undefined);
    });

    it("is that of a lab from nothing where a state has none", () => {
        expect(isThere(livingLab(STACK, {}))).to.equal(false);
        expect(isThere(living({ nodes: "0", clusters: "0" }))).to.equal(true);
    });

    it("is judged by what a virtual machine has, where the lab stands in one", () => {
        const raw = { substrate: "minikube", minikubeDriver: "docker", minikubeCpus: "2", minikubeMemory: "8192" };
        const of = (values: Raw) => roomOf(plan(validate(values), STACK), { cores: 16, memoryGib: 64 });
        expect(of({ ...raw, minikubeBaseImage: "built" })).to.deep.equal({ cores: 2, memoryGib: 8 });
        expect(of({})).to.deep.equal({ cores: 16, memoryGib: 64 });
    });
});
