import { expect } from "chai";
import * as fc from "fast-check";
import { HOSTS_PER_RACK } from "../../plan/host-nics";
import { agentHardware, disksOf } from "../../plan/host-profiles/hardware";
import { profileNamed, profileSequence } from "../../plan/host-profiles/mix";
import { rootDeviceHints } from "../../plan/host-profiles/root-device";
import { DEFAULT_PROFILE, SHIPPED } from "../../plan/host-profiles/shipped";
import { pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type LabPlan, type PairPlan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import { validate } from "../../plan/validate";
import { readConfig } from "../../services/fake-ipa/config.js";
import { standardHardware } from "../../services/fake-ipa/hardware.js";
import { inventoryOf } from "../../services/fake-ipa/inventory.js";
import { parsePythonLiterals } from "../../services/fake-ipa/python-literals.js";

const MIXED = { small: 70, rack: 20, storage: 10 };

const mixOf = (shares: object) => validate({ hostProfiles: JSON.stringify(shares) }).hostProfiles;
const planOf = (nodes: number, shares: object): LabPlan =>
    plan(
        validate({
            nodes: String(nodes),
            clusters: "0",
            provisioningCidr: "172.20.0.0/16",
            hostProfiles: JSON.stringify(shares),
        }),
        "dev",
    );

/** What fake-ipa reports of the hosts of a plan, by the pair's own configuration file. */
function reported({ pairs }: LabPlan, shares: object) {
    const config = validate({ hostProfiles: JSON.stringify(shares) });
    return pairs.flatMap((pair: PairPlan) => {
        const file = pythonAssignments({
            ...pairConfiguration(pair, config, "https://192.0.2.1:6385"),
            FAKE_IPA_CAFILE: null,
            FAKE_IPA_REDFISH_PASSWORD_FILE: null,
        });
        const read = readConfig(parsePythonLiterals(file, "conf.py"), {});
        return read.systems.map((system) => inventoryOf(system, read));
    });
}

describe("The profiles that the lab has", () => {
    it("are small, which fake-ipa has by itself, and three after machines of other classes", () => {
        expect(Object.keys(SHIPPED)).to.deep.equal([DEFAULT_PROFILE, "rack", "storage", "edge"]);
        const small = profileNamed(mixOf({ small: 1 }), "small");
        expect(agentHardware(small)).to.deep.equal(standardHardware([{ mac: "02:00:00:00:00:00" }]).profile);
    });

    it("name disks as Linux does, each with a path and an address of its own", () => {
        expect(disksOf(profileNamed(mixOf({ rack: 1 }), "rack")).map(({ name, hctl }) => [name, hctl])).to.deep.equal([
            ["/dev/sda", "0:0:0:0"],
            ["/dev/sdb", "0:0:1:0"],
            ["/dev/sdc", "0:0:2:0"],
            ["/dev/sdd", "0:0:3:0"],
            ["/dev/nvme0n1", null],
        ]);
        for (const profile of Object.values(SHIPPED)) {
            const disks = disksOf(profile);
            expect(new Set(disks.map(({ by_path }) => by_path)).size).to.equal(disks.length);
        }
        const many = { kind: "hdd", gib: 1, count: 28, vendor: "V", model: "M" };
        const names = disksOf(profileNamed(mixOf({ many: { share: 1, like: "small", disks: [many] } }), "many"));
        expect(names.slice(25).map(({ name }) => name)).to.deep.equal(["/dev/sdz", "/dev/sdaa", "/dev/sdab"]);
    });
});

describe("The profile of a host", () => {
    const shares = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.integer({ min: 1, max: 100 }), {
        minKeys: 1,
    });

    it("follows from its index: in every prefix each profile is less than one host off its share", () => {
        fc.assert(
            fc.property(shares, fc.integer({ min: 1, max: 700 }), (mix, hosts) => {
                const of = profileSequence(mix);
                const total = Object.values(mix).reduce((sum, share) => sum + share, 0);
                const counts: Record<string, number> = {};
                for (let index = 0; index < hosts; index++) {
                    counts[of(index)] = (counts[of(index)] ?? 0) + 1;
                    for (const [name, share] of Object.entries(mix)) {
                        expect(Math.abs((counts[name] ?? 0) - ((index + 1) * share) / total)).to.be.below(1);
                    }
                }
            }),
            { numRuns: 100 },
        );
    });

    it("is the same whatever the order of the shares, and whatever they add up to", () => {
        const of = (mix: Record<string, number>) =>
            Array.from({ length: 40 }, (_, index) => profileSequence(mix)(index));
        expect(of({ storage: 10, rack: 20, small: 70 })).to.deep.equal(of(MIXED));
        expect(of({ small: 7, rack: 2, storage: 1 })).to.deep.equal(of(MIXED));
        expect(of({ only: 5 })).to.deep.equal(Array(40).fill("only"));
    });

    it("stays when the lab grows, with all that its pair says of it", () => {
        fc.assert(
            fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (some, others) => {
                const [few, many] = [planOf(Math.min(some, others), MIXED), planOf(Math.max(some, others), MIXED)];
                expect(many.hosts.slice(0, few.hosts.length)).to.deep.equal(few.hosts);
                expect(many.pairs.slice(0, few.pairs.length)).to.deep.equal(few.pairs);
            }),
            { numRuns: 20 },
        );
    });

    it("is had by as many hosts as its share says", () => {
        const count = (name: string) => planOf(40, MIXED).hosts.filter(({ profile }) => profile === name).length;
        expect(["small", "rack", "storage"].map(count)).to.deep.equal([28, 8, 4]);
    });
});

describe("A lab of several profiles", () => {
    const shares = { small: 2, rack: 1, storage: 1, edge: 1, mine: { share: 1, like: "rack", memoryGib: 1024 } };
    const planned = planOf(60, shares);
    const inventories = reported(planned, shares).slice(0, 60);

    it("has fake-ipa report the hardware of each host's profile", () => {
        expect(inventories.map(({ hostname }) => hostname)).to.deep.equal(planned.hosts.map(({ name }) => name));
        planned.hosts.forEach(({ profile, mac }, index) => {
            const inventory = inventories[index] as ReturnType<typeof inventoryOf>;
            const wanted = profileNamed(mixOf(shares), profile);
            expect(inventory.memory.physical_mb).to.equal(wanted.memoryGib * 1024);
            expect(inventory.system_vendor.product_name).to.equal(wanted.model);
            expect(inventory.interfaces.map(({ name }) => name)).to.deep.equal(wanted.nics.map(({ name }) => name));
            expect(inventory.interfaces[0]?.mac_address).to.equal(mac);
            expect(inventory.boot.pxe_interface).to.equal(mac);
        });
    });

    it("gives every NIC a MAC address, every disk a WWN and a serial number, and every NIC a port of its own", () => {
        const all = <T>(of: (inventory: ReturnType<typeof inventoryOf>) => T[]): T[] => inventories.flatMap(of);
        const distinct = [
            all(({ interfaces }) => interfaces.map(({ mac_address }) => mac_address)),
            all(({ disks }) => disks.map(({ wwn }) => wwn)),
            all(({ disks }) => disks.map(({ serial }) => serial)),
            planned.hosts.flatMap(({ nics }) =>
                nics.flatMap(({ lldp }) => (lldp ? [`${lldp.system} ${lldp.port}`] : [])),
            ),
        ];
        for (const values of distinct) {
            expect(values.length).to.be.above(60);
            expect(new Set(values).size).to.equal(values.length);
        }
        const switches = new Map(
            planned.hosts.flatMap(({ nics }) =>
                nics.flatMap(({ lldp }) => (lldp ? [[lldp.system, lldp.chassis]] : [])),
            ),
        );
        expect(new Set(switches.values()).size).to.equal(switches.size);
        expect(switches.size, "two switches in each of two racks").to.equal(2 * Math.ceil(60 / HOSTS_PER_RACK));
    });

    it("has hints that fit exactly the disk that the profile means, in what fake-ipa reports", () => {
        const seen = new Set<string>();
        planned.hosts.forEach(({ profile, uuid }, index) => {
            const { rootDevice } = profileNamed(
                validate({ hostProfiles: JSON.stringify(shares) }).hostProfiles,
                profile,
            );
            const hints = rootDeviceHints(profileNamed(mixOf(shares), profile), uuid);
            if (rootDevice === undefined) {
                expect(hints).to.equal(undefined);
                return;
            }
            seen.add(profile);
            const fits = inventories[index]?.disks.filter(
                (disk) =>
                    (hints?.["deviceName"] ?? disk.name) === disk.name &&
                    (hints?.["model"] ?? disk.model) === disk.model &&
                    (hints?.["wwn"] ?? disk.wwn) === disk.wwn &&
                    (hints?.["serialNumber"] ?? disk.serial) === disk.serial &&
                    (hints?.["rotational"] ?? disk.rotational) === disk.rotational &&
                    Number(hints?.["minSizeGigabytes"] ?? 0) <= disk.size / 1024 ** 3,
            );
            expect(fits).to.deep.equal([inventories[index]?.disks[rootDevice.disk]]);
        });
        expect([...seen].sort()).to.deep.equal(["edge", "mine", "rack", "storage"]);
        expect(rootDeviceHints(profileNamed(mixOf({ edge: 1 }), "edge"), "u")).to.deep.equal({
            deviceName: "/dev/nvme0n1",
        });
    });
});
