import { expect } from "chai";
import * as fc from "fast-check";
import { overlap, parseNetwork, type Network } from "../../plan/addresses";
import { MAX_EMBEDDED_WORKERS } from "../../plan/config/limits";
import { plan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { mostPods, podRange, podRoutes } from "../../plan/substrate/pod-ranges";
import { validate } from "../../plan/validate";

const ALL = Array.from({ length: 1 + MAX_EMBEDDED_WORKERS }, (_, index) => index);
const PROVISIONING = parseNetwork("192.168.222.0/24");

/** Any pod network that a lab may have. */
const podNetwork = fc
    .record({ prefix: fc.integer({ min: 8, max: 22 }), bits: fc.nat({ max: 0xffffffff }) })
    .map(({ prefix, bits }) => {
        const base = Math.floor(bits / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
        const octets = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256);
        return parseNetwork(`${octets.join(".")}/${prefix}`);
    });

const isWithin = (inner: Network, outer: Network): boolean =>
    inner.base >= outer.base && inner.base + inner.size <= outer.base + outer.size;

describe("The parts of the pod network", () => {
    it("are what the documentation says of the default network", () => {
        const pods = parseNetwork("10.244.0.0/16");
        expect([0, 1, 2, 13].map((index) => podRange(pods, index).cidr)).to.deep.equal([
            "10.244.0.0/17",
            "10.244.128.0/21",
            "10.244.136.0/21",
            "10.244.224.0/21",
        ]);
    });

    it("lie in the pod network, and no two nodes share an address", () => {
        fc.assert(
            fc.property(podNetwork, (pods) => {
                const ranges = ALL.map((index) => podRange(pods, index));
                for (const [index, range] of ranges.entries()) {
                    expect(isWithin(range, pods), `${range.cidr} in ${pods.cidr}`).to.equal(true);
                    for (const other of ranges.slice(index + 1)) {
                        expect(overlap(range, other), `${range.cidr} and ${other.cidr}`).to.equal(false);
                    }
                }
            }),
        );
    });

    it("hold as many pods as their node takes, and 253 at least where workers are allowed", () => {
        const least = podRange(parseNetwork("10.8.0.0/19"), 1);
        expect([least.cidr, mostPods(least)]).to.deep.equal(["10.8.16.0/24", 253]);
        // The control plane of the smallest pod network takes as many pods as before there were workers.
        expect(mostPods(podRange(parseNetwork("10.8.0.0/22"), 0))).to.equal(500);
        fc.assert(
            fc.property(podNetwork, fc.constantFrom(...ALL), (pods, index) => {
                const range = podRange(pods, index);
                expect(mostPods(range)).to.be.at.most(range.size - 3);
            }),
        );
    });

    it("are refused to a node that there cannot be", () => {
        for (const index of [-1, 0.5, MAX_EMBEDDED_WORKERS + 1]) {
            expect(() => podRange(parseNetwork("10.244.0.0/16"), index), String(index)).to.throw(RangeError);
        }
    });

    it("are reached from each node by way of the node that has them, whether or not it is there", () => {
        const pods = parseNetwork("10.244.0.0/16");
        for (const index of ALL) {
            const routes = podRoutes({ pods, provisioning: PROVISIONING }, index);
            expect(routes.map(({ range }) => range)).to.deep.equal(
                ALL.filter((other) => other !== index).map((other) => podRange(pods, other).cidr),
            );
        }
        expect(podRoutes({ pods, provisioning: PROVISIONING }, 1).slice(0, 2)).to.deep.equal([
            { range: "10.244.0.0/17", via: "192.168.222.2" },
            { range: "10.244.136.0/21", via: "192.168.222.4" },
        ]);
    });
});

describe("The plan of workers", () => {
    const nodes = (raw: Record<string, string>) => {
        const { node, workers } = substrateOf("embedded", plan(validate(raw), "dev"));
        return [node, ...workers];
    };

    it("gives each a name, an address and a part of the pod network by its index", () => {
        expect(
            nodes({ embeddedWorkers: "2" })
                .slice(1)
                .map(({ name, address, podRange: range, mostPods: most }) => [name, address, range, most]),
        ).to.deep.equal([
            ["m3lab-dev-worker-1", "192.168.222.3", "10.244.128.0/21", 500],
            ["m3lab-dev-worker-2", "192.168.222.4", "10.244.136.0/21", 500],
        ]);
    });

    it("changes no node when there are more", () => {
        const all = nodes({ embeddedWorkers: String(MAX_EMBEDDED_WORKERS) });
        for (let count = 0; count <= MAX_EMBEDDED_WORKERS; count++) {
            expect(nodes({ embeddedWorkers: String(count) })).to.deep.equal(all.slice(0, count + 1));
        }
    });

    it("has all of them run, and images copied into each", () => {
        const { substrate } = plan(validate({ embeddedWorkers: "1" }), "dev");
        const names = ["m3lab-dev-control-plane", "m3lab-dev-worker-1"];
        expect([substrate.containers, substrate.copiedInto]).to.deep.equal([names, names]);
    });

    it("keeps the nodes off the addresses of pairs and conductors", () => {
        const { conductors, pairs } = plan(validate({ embeddedWorkers: "13", nodes: "100", clusters: "0" }), "dev");
        const others = [
            ...conductors.map(({ host }) => host),
            ...pairs.flatMap(({ sushyToolsHost, fakeIpaHost }) => [sushyToolsHost, fakeIpaHost]),
        ];
        const addresses = nodes({ embeddedWorkers: "13" }).map(({ address }) => address);
        expect(new Set([...addresses, ...others]).size).to.equal(addresses.length + others.length);
    });
});
