import { expect } from "chai";
import { inventoryOf } from "../../../services/fake-ipa/inventory.js";
import { rootDevice } from "../../../services/fake-ipa/root-device.js";
import { executeStep } from "../../../services/fake-ipa/steps.js";
import { system } from "./support.js";

const [standard] = inventoryOf(system(1)).disks as [ReturnType<typeof inventoryOf>["disks"][number]];
const GIB = 1024 ** 3;
const DISKS = [
    {
        ...standard,
        name: "/dev/sda",
        size: 2000 * GIB,
        rotational: true,
        model: "ST2000NX0253",
        wwn: "0x5a",
        hctl: "0:0:0:0",
    },
    {
        ...standard,
        name: "/dev/sdb",
        size: 2000 * GIB,
        rotational: true,
        model: "ST2000NX0253",
        wwn: "0x5b",
        hctl: "0:0:1:0",
    },
    { ...standard, name: "/dev/sdc", size: 2 * GIB, model: "Stick", wwn: "0x5c" },
    { ...standard, name: "/dev/nvme0n1", size: 894 * GIB, model: "SAMSUNG MZQL2960", wwn: "0x5d", hctl: null },
];

const chosen = (hints: object): string => {
    const found = rootDevice(DISKS, { properties: { root_device: hints } });
    return typeof found === "string" ? found : found.name;
};

describe("The disk that an image is written to", () => {
    for (const [hints, expected] of [
        [{}, "/dev/nvme0n1"],
        [{ name: "s== /dev/sdb" }, "/dev/sdb"],
        [{ hctl: "s== 0:0:1:0" }, "/dev/sdb"],
        [{ wwn: "s== 0x5B" }, "/dev/sdb"],
        [{ wwn: "0x5a" }, "/dev/sda"],
        [{ model: "<in> samsung" }, "/dev/nvme0n1"],
        [{ model: "s!= ST2000NX0253" }, "/dev/sdc"],
        [{ rotational: "false", size: ">= 100" }, "/dev/nvme0n1"],
        [{ rotational: "true", size: ">= 894" }, "/dev/sda"],
        [{ size: "<= 2" }, "/dev/sdc"],
        [{ size: "= 895" }, "/dev/sda"],
        [{ size: "894" }, "/dev/nvme0n1"],
    ] as [object, string][]) {
        it(`is ${expected} with the hints ${JSON.stringify(hints)}`, () => expect(chosen(hints)).to.equal(expected));
    }

    it("is none where no disk fits all hints, or where a disk does not have what a hint is about", () => {
        const none = "No suitable device was found for deployment using these hints ";
        for (const hints of [{ model: "<in> samsung", rotational: "true" }, { hctl: "s== 0:0:9:0" }, { by: "x" }]) {
            expect(chosen(hints)).to.equal(none + JSON.stringify(hints));
        }
        expect(rootDevice(DISKS.slice(2, 3), {})).to.equal(
            "No suitable device was found for deployment, and there are no root device hints",
        );
    });

    it("follows the instance's hints before the node's", () => {
        const node = {
            instance_info: { root_device: { wwn: "s== 0x5b" } },
            properties: { root_device: { wwn: "0x5a" } },
        };
        expect(rootDevice(DISKS, node)).to.include({ name: "/dev/sdb" });
    });

    it("is named in the result of the step, whose failure says that there is none", () => {
        const params = (hints: object) => ({
            step: { step: "write_image", interface: "deploy", args: { image_info: { id: "image" } } },
            node: { properties: { root_device: hints } },
        });
        expect(executeStep("deploy", params({ wwn: "s== 0x5d" }), DISKS)).to.have.property(
            "deploy_result",
            "image (image) written to device /dev/nvme0n1",
        );
        expect(() => executeStep("deploy", params({ wwn: "s== 0x5e" }), DISKS))
            .to.throw()
            .with.property("details")
            .that.includes("DeviceNotFound: Error finding the disk or partition device to deploy the image onto");
    });
});
