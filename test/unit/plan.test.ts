import { expect } from "chai";
import * as fc from "fast-check";
import { pairAddresses, pairCapacity, parseNetwork } from "../../plan/addresses";
import { hostMac } from "../../plan/identities";
import { pairCount, pairRange } from "../../plan/pairs";
import { plan, type LabPlan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { validate } from "../../plan/validate";

const planOf = (raw: Record<string, string>, seed = "dev"): LabPlan =>
    plan(validate({ provisioningCidr: "172.20.0.0/16", ...raw }), seed);
const counts = fc.integer({ min: 0, max: 1500 });
const perPair = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined });

describe("plan", () => {
    it("is what the default configuration says", () => {
        const dev = plan(validate({}), "dev");
        expect(dev.hosts.map(({ name }) => name)).to.deep.equal(["host-0000", "host-0001", "host-0002", "host-0003"]);
        expect(dev.pairs.map(({ sushyToolsHost, fakeIpaHost }) => [sushyToolsHost, fakeIpaHost])).to.deep.equal([
            ["192.168.222.16", "192.168.222.17"],
            ["192.168.222.18", "192.168.222.19"],
        ]);
        expect(dev.conductors.map(({ host }) => host)).to.deep.equal(["192.168.222.100", "192.168.222.101"]);
        expect(dev.clusters).to.deep.equal([
            { index: 0, name: "cluster-0000", port: 20000, fakeApiServer: 0, queued: false },
            { index: 1, name: "cluster-0001", port: 20001, fakeApiServer: 0, queued: false },
        ]);
        expect(dev.prefix).to.equal("m3lab-dev");
        expect(dev.substrate).to.deep.equal({
            kind: "embedded",
            serviceAddress: "192.168.222.2",
            storageClass: "lab-node",
            own: { nodes: [{ name: "m3lab-dev-control-plane", address: "192.168.222.2" }], etcdMetricsPort: 2379 },
            containers: ["m3lab-dev-control-plane"],
            copiedInto: ["m3lab-dev-control-plane"],
            dockerNetwork: "m3lab-dev",
            gateway: "192.168.222.1",
            workers: [],
            node: {
                index: 0,
                name: "m3lab-dev-control-plane",
                address: "192.168.222.2",
                podRange: "10.244.0.0/17",
                mostPods: 500,
                podRoutes: substrateOf("embedded", dev).node.podRoutes,
                apiPort: substrateOf("embedded", dev).node.apiPort,
                apiServiceAddress: "10.96.0.1",
                dnsAddress: "10.96.0.10",
            },
        });
        expect(substrateOf("embedded", dev).node.apiPort).to.be.within(16_000, 16_999);
    });

    it("queues the hosts beyond hostsAtOnce and the clusters on such hosts, except in the published lab", () => {
        const queued = (raw: Record<string, string>) => {
            const { hosts, clusters } = planOf({ nodes: "100", clusters: "20", ...raw });
            const first = (parts: { queued: boolean; index: number }[]) =>
                parts.filter((part) => part.queued).map(({ index }) => index)[0];
            return [first(hosts), first(clusters)];
        };
        expect(queued({ hostsAtOnce: "24" })).to.deep.equal([24, undefined]);
        expect(queued({ hostsAtOnce: "24", clusters: "100" })).to.deep.equal([24, 24]);
        expect(queued({ hostsAtOnce: "24", workerNodes: "2" })).to.deep.equal([24, 8]);
        expect(queued({ hostsAtOnce: "24", workerNodes: "1" })).to.deep.equal([24, 12]);
        expect(queued({ hostsAtOnce: "100" })).to.deep.equal([undefined, undefined]);
        expect(queued({ clusters: "100", tuning: "published" })).to.deep.equal([undefined, undefined]);
    });

    it("queues all but the first hosts where hostsAtOnce is not set, as many in a lab of any size", () => {
        for (const nodes of ["13", "100", "1500"]) {
            const { hosts, clusters } = planOf({ nodes, clusters: nodes });
            expect(hosts.filter(({ queued }) => !queued).map(({ index }) => index)).to.deep.equal([
                ...Array(12).keys(),
            ]);
            expect(clusters.findIndex(({ queued }) => queued)).to.equal(12);
        }
    });

    it("has one FKAS let hosts in, except in the published lab", () => {
        const limits = (raw: Record<string, string>) =>
            planOf({ nodes: "4", clusters: "4", fakeApiServers: "2", ...raw }).fakeApiServers.map(
                ({ hostsAtOnce }) => hostsAtOnce,
            );
        expect(limits({})).to.deep.equal(["auto", undefined]);
        expect(limits({ hostsAtOnce: "7" })).to.deep.equal([7, undefined]);
        expect(limits({ tuning: "published" })).to.deep.equal([undefined, undefined]);
    });

    it("limits rollouts as hosts in progress unless it is told how many, and not in the published lab", () => {
        const limits = (raw: Record<string, string>) =>
            planOf({ nodes: "4", clusters: "4", fakeApiServers: "2", ...raw }).fakeApiServers.map(
                ({ rolloutsAtOnce }) => rolloutsAtOnce,
            );
        expect(limits({})).to.deep.equal(["auto", undefined]);
        expect(limits({ rolloutsAtOnce: "2" })).to.deep.equal([2, undefined]);
        expect(limits({ hostsAtOnce: "7" })).to.deep.equal([7, undefined]);
        expect(limits({ hostsAtOnce: "7", rolloutsAtOnce: "2" })).to.deep.equal([2, undefined]);
        expect(limits({ tuning: "published" })).to.deep.equal([undefined, undefined]);
        expect(limits({ tuning: "published", rolloutsAtOnce: "2" })).to.deep.equal([2, undefined]);
    });

    it("lets go of machines before it makes the next where no host is free, from three control planes on", () => {
        const without = (nodes: string, controlPlaneNodes: string) =>
            planOf({ nodes, clusters: "2", controlPlaneNodes, workerNodes: "1" }).rollsWithoutSpareHosts;
        expect(without("8", "3")).to.equal(true);
        expect(without("9", "3")).to.equal(false);
        expect(without("4", "1")).to.equal(false);
    });

    it("has one FKAS assign hosts to clusters, also in the published lab", () => {
        for (const tuning of ["lab", "published"]) {
            const { fakeApiServers } = planOf({ nodes: "4", clusters: "4", fakeApiServers: "3", tuning });
            expect(fakeApiServers.map(({ assignsHosts }) => assignsHosts)).to.deep.equal([true, false, false]);
        }
    });

    it("grows without changing anything that was there, and shrinks from the end", () => {
        fc.assert(
            fc.property(counts, counts, perPair, (some, others, nodesPerPair) => {
                const [fewer, more] = [Math.min(some, others), Math.max(some, others)];
                const raw = nodesPerPair === undefined ? {} : { nodesPerPair: String(nodesPerPair) };
                const [small, large] = [fewer, more].map((nodes) =>
                    planOf({ ...raw, nodes: String(nodes), clusters: String(Math.floor(nodes / 2)) }),
                ) as [LabPlan, LabPlan];
                for (const layer of ["hosts", "pairs", "conductors", "fakeApiServers", "clusters"] as const) {
                    expect(large[layer].slice(0, small[layer].length), layer).to.deep.equal(small[layer]);
                }
            }),
            { numRuns: 30 },
        );
    });

    it("gives every host, pair and conductor an identity and an address of its own", () => {
        fc.assert(
            fc.property(counts, perPair, (nodes, nodesPerPair) => {
                const { hosts, pairs, conductors, substrate } = planOf({
                    nodes: String(nodes),
                    clusters: "0",
                    ...(nodesPerPair === undefined ? {} : { nodesPerPair: String(nodesPerPair) }),
                });
                for (const field of ["name", "uuid", "mac", "address"] as const) {
                    expect(new Set(hosts.map((host) => host[field])).size, field).to.equal(nodes);
                }
                const addresses = [
                    substrateOf("embedded", { substrate }).gateway,
                    substrateOf("embedded", { substrate }).node.address,
                    ...conductors.map(({ host }) => host),
                    ...pairs.flatMap((pair) => [pair.sushyToolsHost, pair.fakeIpaHost]),
                ];
                expect(new Set(addresses).size).to.equal(addresses.length);
                for (const host of hosts) {
                    expect(pairs[host.pair]?.hosts).to.deep.include(host);
                }
            }),
            { numRuns: 20 },
        );
    });

    it("tells two stacks' hosts apart", () => {
        const [one, two] = [planOf({}, "one"), planOf({}, "two")];
        for (const field of ["uuid", "mac"] as const) {
            expect(one.hosts.map((host) => host[field])).to.not.have.any.members(two.hosts.map((host) => host[field]));
        }
        expect(one.prefix).to.not.equal(two.prefix);
    });

    it("makes MAC addresses that are unicast and locally administered", () => {
        fc.assert(
            fc.property(fc.string(), fc.nat({ max: 10_000 }), (seed, index) => {
                const mac = hostMac(seed, index);
                expect(mac).to.match(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
                expect(parseInt(mac.slice(0, 2), 16) & 0b11).to.equal(0b10);
            }),
        );
    });

    it("serves every host by exactly one pair", () => {
        fc.assert(
            fc.property(fc.integer({ min: 0, max: 5000 }), perPair, (nodes, nodesPerPair) => {
                const pairs = pairCount(nodes, nodesPerPair);
                let next = 0;
                for (let index = 0; index < pairs; index++) {
                    const range = pairRange(index, nodesPerPair);
                    expect(range.first).to.equal(next);
                    next += range.count;
                }
                expect(next).to.be.at.least(nodes);
                if (pairs > 0) {
                    expect(pairRange(pairs - 1, nodesPerPair).first).to.be.below(nodes);
                }
            }),
        );
    });

    it("has the agents of each pair as far behind its BMCs as FKAS is told", () => {
        const numeric = (address: string): number =>
            address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
        const raw = { nodes: "5000", nodesPerPair: "10", provisioningCidr: "10.20.0.0/16" };
        const { pairs, reach } = plan(validate(raw), "test");
        expect(pairs).to.have.length(500);
        for (const { sushyToolsHost, fakeIpaHost } of pairs) {
            expect(numeric(fakeIpaHost) - numeric(sushyToolsHost)).to.equal(reach.fakeIpaOffset);
        }
        const inCluster = plan(validate({ fakeNodes: "kubernetes" }), "test");
        expect(inCluster.reach.fakeIpaOffset).to.equal(0);
        expect(inCluster.pairs.map(({ fakeIpaHost }) => fakeIpaHost)).to.deep.equal(
            inCluster.pairs.map(({ sushyToolsHost }) => sushyToolsHost),
        );
    });

    it("has room for as many pairs as it says, inside the network and off its ends", () => {
        for (const cidr of ["192.168.222.0/24", "10.20.0.0/16", "10.16.0.0/12"]) {
            const network = parseNetwork(cidr);
            const last = pairAddresses(network, pairCapacity(network) - 1);
            expect(() => pairAddresses(network, Math.ceil(network.size / 2))).to.throw(RangeError);
            const broadcast = network.base + network.size - 1;
            const numeric = last.fakeIpa.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
            expect(numeric).to.be.below(broadcast);
            expect(broadcast - numeric).to.be.at.most(2);
        }
    });

    const shards: [string, Record<string, string>, number[]][] = [
        ["fixed blocks when the number follows from the clusters", { nodes: "1200", clusters: "1200" }, [0, 0, 1, 2]],
        [
            "evenly over as many as were asked for",
            { nodes: "1200", clusters: "1200", fakeApiServers: "2" },
            [0, 1, 0, 1],
        ],
    ];
    for (const [what, raw, expected] of shards) {
        it(`shares clusters out over the fake API servers: ${what}`, () => {
            const { clusters } = planOf(raw);
            expect([0, 499, 500, 1199].map((index) => clusters[index]?.fakeApiServer)).to.deep.equal(expected);
        });
    }
});
