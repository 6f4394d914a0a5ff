import { expect } from "chai";
import { inventoryOf } from "../../../services/fake-ipa/inventory.js";
import { system } from "./support.js";

describe("The inventory of a fake host", () => {
    it("has serial numbers of its own, the same each time, and no loopback address", () => {
        const one = inventoryOf(system(1));
        expect(inventoryOf(system(1))).to.deep.equal(one);
        expect(inventoryOf(system(2)).disks[0]!.wwn).to.not.equal(one.disks[0]!.wwn);
        expect(one.disks[0]!.wwn).to.match(/^0x5[0-9a-f]{15}$/);
        const nics = [
            { mac: "52:54:00:00:00:0A", ip: "127.0.0.1" },
            { mac: "52:54:00:00:00:0b", ip: "fd00::1" },
            { mac: "52:54:00:00:00:0c", ip: "" },
        ];
        expect(
            inventoryOf({ uuid: "x", nics, boot_mode: "UEFI" }).interfaces.map((each) => [
                each.name,
                each.mac_address,
                each.ipv4_address,
                each.ipv6_address,
            ]),
        ).to.deep.equal([
            ["eth0", "52:54:00:00:00:0a", null, null],
            ["eth1", "52:54:00:00:00:0b", null, "fd00::1"],
            ["eth2", "52:54:00:00:00:0c", null, null],
        ]);
        expect(inventoryOf({ uuid: "x", nics, boot_mode: "UEFI" }).boot).to.deep.equal({
            current_boot_mode: "uefi",
            pxe_interface: "52:54:00:00:00:0a",
        });
    });
});
