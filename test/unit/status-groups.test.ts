import { expect } from "chai";
import fc from "fast-check";
import { pendingOf } from "../../cli/status/pending-of";
import { explain } from "../../tasks/wait-for-fleet/chains";
import { clusterStatus } from "../../tasks/wait-for-fleet/clusters";
import { NO_EVIDENCE } from "../../tasks/wait-for-fleet/evidence";
import { groupChains, groupLines, type Group } from "../../tasks/wait-for-fleet/groups";
import { hostStatus } from "../../tasks/wait-for-fleet/hosts";
import { isPart, type PartStatus } from "../../tasks/wait-for-fleet/pending";
import { ago, clusterObject, hostObject, LAB, machineOf, NOW } from "./status-samples";

const { plan: lab, want } = LAB;
const NAMES = ["cluster-0000", "cluster-0001", "own", "other"];
const PARTS = ["ironic-conductor-0", "ironic-conductor-1", "ironic-image-server", "ironic-mariadb", "fkas-0"];

const hosts = fc.uniqueArray(
    fc.record({
        index: fc.integer({ min: 0, max: 5 }),
        state: fc.constantFrom("", "registering", "inspecting", "available", "provisioning", "provisioned"),
        user: fc.constantFrom(undefined, ...NAMES),
        error: fc.constantFrom("", "cannot reach 192.168.222.16", "disk 3 is gone"),
        minutes: fc.integer({ min: 0, max: 90 }),
    }),
    { selector: ({ index }) => index },
);
const clusters = fc.uniqueArray(
    fc.record({
        name: fc.constantFrom(...NAMES),
        kind: fc.constantFrom("well", "unmet", "queued", "paused"),
        machines: fc.integer({ min: 0, max: 3 }),
    }),
    { selector: ({ name }) => name },
);
const parts = fc.subarray(PARTS);

/** A fleet of these, its chains and what was pending. */
function traced(
    found: { index: number; state: string; user: string | undefined; error: string; minutes: number }[],
    made: { name: string; kind: string; machines: number }[],
    broken: string[],
) {
    const fleet = {
        hosts: found.map(({ index, state, user, error, minutes }) => {
            const object = hostObject(index, state, user && `${user}-control-plane-x`, error);
            Object.assign(object.status?.operationHistory ?? {}, { inspect: { start: ago(minutes), end: null } });
            return hostStatus(object);
        }),
        clusters: made.map(({ name, kind }) => {
            const annotations: Record<string, string> = {
                ...(kind === "queued" ? { "queue.metal3-scale-lab/queued": "1" } : {}),
                ...(kind === "well" || kind === "unmet" ? {} : { "cluster.x-k8s.io/paused": "" }),
            };
            const unmet = kind === "well" ? {} : { Available: "not initialized" };
            return clusterStatus(clusterObject(name, unmet, { metadata: { annotations } }));
        }),
        parts: broken.map((name): PartStatus => ({ kind: "Deployment", name: `metal3/${name}`, trouble: "is down" })),
    };
    const machines = made.flatMap(({ name, machines: count }) =>
        Array.from({ length: count }, (_, index) => ({ ...machineOf(name), name: `${name}-${index}` })),
    );
    const pending = pendingOf(fleet, want);
    const chains = explain(pending, fleet, { ...NO_EVIDENCE, machines });
    return { pending, chains, groups: groupChains(chains, lab, NOW) };
}

const all = (groups: readonly Group[]) => groups.flatMap(({ head, others }) => [head, ...others]);

describe("Chains and their groups", () => {
    it("have each pending cluster in exactly one chain, and lose no host or part (property)", () => {
        fc.assert(
            fc.property(hosts, clusters, parts, (found, made, broken) => {
                const { pending, chains } = traced(found, made, broken);
                const names = (kind: string): string[] => [
                    ...new Set(pending.filter((each) => each.kind === kind).map(({ name }) => name)),
                ];
                const ends = chains.flatMap(({ root }) => (root.kind === "BareMetalHost" ? [root.name] : []));
                const begun = (kind: string) => chains.filter((each) => each.kind === kind).map(({ name }) => name);
                expect(begun("Cluster").sort()).to.deep.equal(names("Cluster").sort());
                expect(begun("Deployment").sort()).to.deep.equal(names("Deployment").sort());
                expect(names("BareMetalHost").filter((name) => !ends.includes(name))).to.deep.equal([]);
            }),
        );
    });

    it("are each in one group, broken parts first, then the oldest, and what is queued last (property)", () => {
        fc.assert(
            fc.property(hosts, clusters, parts, (found, made, broken) => {
                const { chains, groups } = traced(found, made, broken);
                const told = ({ kind, name }: { kind: string; name: string }): string => `${kind} ${name}`;
                expect(all(groups).map(told).sort()).to.deep.equal(chains.map(told).sort());
                const ranks = groups.map(({ head, progress }) =>
                    isPart(head) ? 0 : ["stuck", "on its way", "queued"].indexOf(progress) + 1,
                );
                expect(ranks).to.deep.equal([...ranks].sort());
                for (const rank of [1, 2]) {
                    const since = groups
                        .filter((_, index) => ranks[index] === rank)
                        .map(({ head }) => head.since ?? "z");
                    expect(since).to.deep.equal([...since].sort());
                }
                for (const { head, others } of groups.filter((group) => !isPart(group.head))) {
                    expect(others.every(({ since }) => (head.since ?? "z") <= (since ?? "z"))).to.equal(true);
                }
            }),
        );
    });

    it("are one reason where only names, addresses and numbers differ", () => {
        const broken = [0, 1, 2].map((index) => ({
            index,
            state: "inspecting",
            user: undefined,
            error: `cannot reach 192.168.222.${index}:8000 of 3f2504e0-4f89-11d3-9a0c-0305e82c330${index}`,
            minutes: 10 + index,
        }));
        const groups = traced(broken, [], []).groups.filter(({ head }) => head.state === "inspecting");
        const [group] = groups;
        expect([group?.head.name, group?.others.map(({ name }) => name)]).to.deep.equal([
            "host-0002",
            ["host-0001", "host-0000"],
        ]);
        expect(groupLines(groups, NOW, 1)[0]).to.match(/ \(12 min 00 s\), and 2 more of the same reason$/);
    });

    it("are told in so many lines, and the rest is counted", () => {
        const { groups } = traced([], [], PARTS);
        // Of five parts, four hosts and two clusters that do not exist.
        expect(groups).to.have.length(7);
        expect(groupLines(groups, NOW, 5).slice(5)).to.deep.equal(["and 6 more, for 2 other reasons"]);
    });
});
