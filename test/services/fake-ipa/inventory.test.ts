import { expect } from "chai";
import { inventoryOf } from "../../../services/fake-ipa/inventory.js";
import { lldpOf } from "../../../services/fake-ipa/lldp.js";
import { system } from "./support.js";

/** What hosts without a profile have always reported. BMO and Ironic hold it of the hosts of labs that are there. */
const STANDARD =
    '{"interfaces":[{"name":"eth0","mac_address":"52:54:00:00:00:01","ipv4_address":"10.77.1.2","ipv6_add' +
    'ress":null,"has_carrier":true,"lldp":null,"vendor":"0x1af4","product":"0x0001","client_id":null,"bio' +
    'sdevname":null,"speed_mbps":10000}],"cpu":{"model_name":"Fake CPU","frequency":"2100.0000","count":4' +
    ',"architecture":"x86_64","socket_count":1,"flags":["fpu","mmx","fxsr","sse","sse2","aes","vmx","rdra' +
    'nd"]},"memory":{"total":8589934592,"physical_mb":8192},"disks":[{"name":"/dev/sda","model":"Fake dis' +
    'k","size":53687091200,"rotational":false,"wwn":"0x511e594f481958c1","wwn_with_extension":"0x511e594f' +
    '481958c1","wwn_vendor_extension":null,"serial":"E3015D0BF0447A22","vendor":"Metal3","by_path":"/dev/' +
    'disk/by-path/pci-0000:00:05.0-scsi-0:0:0:0","hctl":"0:0:0:0"}],"system_vendor":{"product_name":"Fake' +
    ' host","serial_number":"00000000-0000-4000-8000-000000000001","manufacturer":"Metal3 scale lab","fir' +
    'mware":{"vendor":"Fake firmware","version":"1.0","build_date":"01/01/2024"}},"boot":{"current_boot_m' +
    'ode":"bios","pxe_interface":"52:54:00:00:00:01"},"bmc_address":null,"bmc_v6address":null,"hostname":' +
    '"host1"}';

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

    it("is, without a profile, the same to the byte as it always was", () => {
        expect(JSON.stringify(inventoryOf(system(1)))).to.equal(STANDARD);
    });

    it("has what a switch announces at each NIC that is connected to one", () => {
        const port = { chassis: "fe:01:00:00:00:61", system: "leaf-000a", port: "Ethernet1/7", vlan: 100 };
        const nics = [{ mac: "52:54:00:00:00:0a", lldp: port }, { mac: "52:54:00:00:00:0b" }];
        const [first, second] = inventoryOf({ uuid: "x", nics }).interfaces;
        expect(second?.lldp).to.equal(null);
        expect(first?.lldp).to.deep.equal([
            [1, "04fe0100000061"],
            [2, "0545746865726e6574312f37"],
            [3, "0078"],
            [4, Buffer.from("Ethernet1/7 of leaf-000a").toString("hex")],
            [5, Buffer.from("leaf-000a").toString("hex")],
            [127, "0080c2010064"],
            [0, ""],
        ]);
        expect(lldpOf({ ...port, vlan: undefined }).map(([type]) => type)).to.deep.equal([1, 2, 3, 4, 5, 0]);
    });
});
