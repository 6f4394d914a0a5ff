import { expect } from "chai";
import * as fc from "fast-check";
import * as semver from "semver";
import type { MachineOnHost } from "../e2e/steps/fleet";
import { machinesOf, describeStep, drawWalk, KILL_EVERY, MOST, REFUSE_EVERY, START, walks } from "../e2e/walk/draw";
import type { Step, WalkConfig } from "../e2e/walk/draw";
import { touchedWithoutNeed } from "../e2e/walk/untouched";
import { living, wrongKeys, type Raw } from "./living-lab";

const raw = (config: WalkConfig): Raw =>
    Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));

/** What the lab's own validation says to a step. */
const refusals = ({ before, wanted }: Step): string[] => wrongKeys(living(raw(before)), raw(wanted));

const SEEDS = Array.from({ length: 30 }, (_, seed) => seed);

describe("A random walk over a lab", () => {
    it("takes only steps that the lab takes, unless it is to be refused, and never lowers the version", () => {
        fc.assert(
            fc.property(walks(10), (steps) => {
                for (const step of steps) {
                    expect(refusals(step), describeStep(step)).to.have.members(step.refused);
                    const { before, wanted, refused } = step;
                    if (refused.length > 0) {
                        continue;
                    }
                    const { nodes, clusters, conductors } = wanted;
                    expect(semver.gte(wanted.kubernetesVersion, before.kubernetesVersion)).to.equal(true);
                    expect(clusters * machinesOf(wanted)).to.be.at.most(nodes);
                    expect(nodes).to.be.at.most(MOST.nodes);
                    expect(clusters).to.be.at.most(MOST.clusters);
                    expect(conductors).to.be.at.most(MOST.conductors);
                }
            }),
            { numRuns: 30 },
        );
    });

    it("changes one or two keys in each step, and goes on from where the lab is after a refusal", () => {
        fc.assert(
            fc.property(walks(10), (steps) => {
                let now = START;
                for (const { before, wanted, changed, refused, kill } of steps) {
                    expect(before).to.deep.equal(now);
                    expect(changed.length).to.be.within(1, 2);
                    const rest = Object.entries(before).filter(([key]) => !changed.some((each) => each === key));
                    expect(wanted).to.include(Object.fromEntries(rest));
                    changed.forEach((key) => expect(wanted[key]).to.not.equal(before[key]));
                    now = refused.length > 0 ? before : wanted;
                    if (refused.length > 0) {
                        expect(kill).to.equal(undefined);
                    }
                }
            }),
            { numRuns: 30 },
        );
    });

    it("is repeated by its seed, and begins with the shorter walk of the same seed", () => {
        for (const seed of SEEDS.slice(0, 10)) {
            const steps = drawWalk(20, seed);
            expect(drawWalk(20, seed)).to.deep.equal(steps);
            expect(drawWalk(6, seed)).to.deep.equal(steps.slice(0, 6));
        }
        expect(drawWalk(6, 1)).to.not.deep.equal(drawWalk(6, 2));
    });

    it("kills Pulumi in each third step that the lab takes, and has each seventh step refused", () => {
        for (const seed of SEEDS) {
            const steps = drawWalk(REFUSE_EVERY * KILL_EVERY, seed);
            const taken = steps.filter(({ refused }) => refused.length === 0);
            expect(steps.length - taken.length).to.equal(KILL_EVERY);
            expect(taken.filter(({ kill }) => kill !== undefined)).to.have.length(taken.length / KILL_EVERY);
        }
    });

    it("changes each key, and meets each kind of refusal, in one walk or another", () => {
        const steps = SEEDS.flatMap((seed) => drawWalk(6, seed));
        const taken = steps.filter(({ refused }) => refused.length === 0);
        for (const key of Object.keys(START)) {
            const often = taken.filter(({ changed }) => changed.some((each) => each === key)).length;
            expect(often, key).to.be.above(taken.length / 20);
        }
        expect(new Set(steps.map(({ refused }) => refused.join()))).to.include.keys(
            "",
            "nodes",
            "kubernetesVersion",
            "nodes,kubernetesVersion",
        );
    });

    it("says each step in words", () => {
        const wanted = { ...START, nodes: 8, workerNodes: 1 };
        const changed: Step["changed"] = ["nodes", "workerNodes"];
        const kill = { lines: 7, seconds: 3, noted: false };
        expect(describeStep({ before: START, wanted, changed, refused: [], kill })).to.equal(
            "nodes 4 -> 8, workerNodes 0 -> 1; Pulumi killed 3 s after its line 7, with nothing noted",
        );
        expect(describeStep({ before: START, wanted, changed, refused: ["nodes"] })).to.equal(
            "nodes 4 -> 8, workerNodes 0 -> 1: refused for nodes",
        );
    });
});

describe("What a step has touched without need", () => {
    const onHost = (uid: string, host: string, role: MachineOnHost["role"] = "control plane"): MachineOnHost => ({
        name: uid,
        uid,
        cluster: "cluster-0000",
        role,
        host,
        state: "v1.34.1 Running",
    });
    const had = {
        identities: { "host-0000": "a", "container x": "b" },
        machines: [onHost("m0", "host-0000"), onHost("m1", "host-0003"), onHost("w0", "host-0001", "worker")],
    };
    const step = (wanted: Partial<WalkConfig>) => ({ from: START, wanted: { ...START, ...wanted } });
    const now = (machines: MachineOnHost[], identities: Record<string, string> = {}) => ({ identities, machines });

    it("is nothing when all is there still, with more beside it", () => {
        const more = now([...had.machines, onHost("m2", "host-0002")], { ...had.identities, "host-0001": "c" });
        expect(touchedWithoutNeed(had, more, step({}))).to.deep.equal([]);
    });

    it("is what was made anew under the same name, and not what is gone", () => {
        const other = now(had.machines, { "host-0000": "z" });
        expect(touchedWithoutNeed(had, other, step({}))).to.deep.equal(["host-0000 was replaced"]);
    });

    it("is a machine that is not on its host any more, where its role had as few before", () => {
        const [first, , worker] = had.machines as [MachineOnHost, MachineOnHost, MachineOnHost];
        expect(touchedWithoutNeed(had, now([first, worker]), step({}))).to.deep.equal([]);
        expect(touchedWithoutNeed(had, now([]), step({ clusters: 0 }))).to.deep.equal([]);
        const replaced = now([first, onHost("m9", "host-0003"), worker]);
        const message = "cluster-0000, control plane: 1 of 2 machines are on the hosts where they were";
        expect(touchedWithoutNeed(had, replaced, step({}))).to.deep.equal([message]);
        expect(touchedWithoutNeed(had, replaced, step({ nodes: 4 }))).to.deep.equal([message]);
        const moved = now([first, onHost("m1", "host-0002"), worker]);
        expect(touchedWithoutNeed(had, moved, step({}))).to.deep.equal([message]);
    });

    it("is no machine of a rollout, nor of a role of which a host leaves", () => {
        const anew = now([onHost("m8", "host-0002"), onHost("m9", "host-0001"), onHost("w0", "host-0001", "worker")]);
        expect(touchedWithoutNeed(had, anew, step({ kubernetesVersion: "v1.34.2" }))).to.deep.equal([]);
        expect(touchedWithoutNeed(had, anew, step({ nodes: 3 }))).to.deep.equal([]);
        const worker = now([...had.machines.slice(0, 2), onHost("w1", "host-0002", "worker")]);
        expect(touchedWithoutNeed(had, worker, step({ nodes: 3 }))).to.have.length(1);
    });
});
