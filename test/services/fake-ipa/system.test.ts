import { expect } from "chai";
import fc from "fast-check";
import { powerActionOf, type PowerMemory, type System } from "../../../services/fake-ipa/system.js";
import { system } from "./support.js";

const NOW = 1_700_000_000_000;
const on = (at: number, device = "Pxe"): System =>
    system(1, { boot_device: device, pending_power: { power_state: "On", apply_time: at } });
const off = (at: number): System =>
    system(1, { power_state: "On", pending_power: { power_state: "Off", apply_time: at } });
const restart = (at: number, device = "Pxe"): System =>
    system(1, { boot_device: device, pending_power: { power_state: "ForceRestart", apply_time: at } });
const applied = (power: string, device = "Pxe"): System =>
    system(1, { power_state: power, boot_device: device, pending_power: null });

/** As sushy-tools tells of a virtual drive after a medium was put in, or taken out. */
const withMedium = (told: System, inserted: boolean): System => ({
    ...told,
    boot_image: { Cd: [inserted ? "/tmp/x/boot.iso" : null, true, inserted] },
});

/** Plays notifications; the agent runs from "boot" to "stop" or "boot-disk". */
function play(...notifications: System[]): string[] {
    const memory: PowerMemory = { seen: [] };
    let runs = false;
    return notifications.map((notification) => {
        const action = powerActionOf(notification, memory, runs, NOW);
        if (action.kind === "boot") {
            runs = true;
        }
        if (action.kind === "stop" || action.kind === "boot-disk") {
            runs = false;
        }
        return action.kind;
    });
}

describe("A notification of sushy-tools", () => {
    for (const [what, notifications, expected] of [
        [
            "power on, applied, power off, applied",
            [on(1), applied("On"), off(2), applied("Off")],
            ["boot", "none", "stop", "none"],
        ],
        ["the same power-on said again with every other change", [on(1), on(1), on(1)], ["boot", "none", "none"]],
        ["a second power-on while the first is pending", [on(1), on(2)], ["boot", "none"]],
        [
            "a restart gives a new agent, once",
            [on(1), applied("On"), restart(2), restart(2), applied("On")],
            ["boot", "none", "boot", "none", "none"],
        ],
        ["a host that boots from disk has no agent", [on(1, "Hdd"), applied("On", "Hdd")], ["none", "none"]],
        ["a restart from disk ends the agent", [on(1), restart(2, "Hdd")], ["boot", "boot-disk"]],
        [
            "the boot device of a running host changes: nothing until it restarts",
            [on(1, "Hdd"), applied("On", "Hdd"), applied("On", "Pxe"), restart(2)],
            ["none", "none", "none", "boot"],
        ],
        ["the boot device changes before the power-on is applied", [on(1, "Hdd"), on(1, "Pxe")], ["none", "boot"]],
        [
            "no boot device is sushy-tools' default, the disk",
            [system(1, { boot_device: undefined, pending_power: { power_state: "On", apply_time: 1 } })],
            ["none"],
        ],
        ["a host boots from the medium in its virtual drive", [withMedium(on(1, "Cd"), true)], ["boot"]],
        ["an empty virtual drive leaves the disk", [withMedium(on(1, "Cd"), false), on(2, "Cd")], ["none", "none"]],
        [
            "a medium that is only attached, such as that of a DataImage, boots nothing",
            [withMedium(on(1, "Hdd"), true), withMedium(applied("On", "Hdd"), true)],
            ["none", "none"],
        ],
        [
            "a restart without the medium ends the agent that came from it",
            [withMedium(on(1, "Cd"), true), withMedium(restart(2, "Cd"), false)],
            ["boot", "boot-disk"],
        ],
        ["a power-on that was missed", [applied("Off"), applied("On")], ["none", "boot"]],
        ["a power-off that was missed", [on(1), applied("Off")], ["boot", "stop"]],
        ["a repeated old power-off after a newer power-on", [off(1), on(2), off(1)], ["none", "boot", "none"]],
        ["a repeated old power-on after a newer power-off", [on(1), off(2), on(1)], ["boot", "stop", "none"]],
        [
            "an overtaken 'off' is corrected by what follows",
            [on(1), applied("Off"), applied("On")],
            ["boot", "stop", "boot"],
        ],
        ["an unknown power state", [system(1, { power_state: "PoweringOn" })], ["none"]],
    ] as [string, System[], string[]][]) {
        it(`has the right consequence: ${what}`, () => {
            expect(play(...notifications)).to.deep.equal(expected);
        });
    }

    it("boots an agent when sushy-tools applies the power, unless a clock is wrong", () => {
        const at = (seconds: number): number => {
            const action = powerActionOf(on(seconds), { seen: [] }, false, NOW);
            return action.kind === "boot" ? action.at - NOW : NaN;
        };
        expect([at(NOW / 1000 + 11), at(NOW / 1000 - 5), at(NOW / 1000 + 3600)]).to.deep.equal([11_000, 0, 0]);
    });

    it("leads to the last requested power state, however often it is repeated", () => {
        const request = fc.constantFrom("On", "Off", "ForceRestart");
        fc.assert(
            fc.property(
                fc.array(fc.tuple(request, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 30 }),
                fc.boolean(),
                (requests, apply) => {
                    const memory: PowerMemory = { seen: [] };
                    let runs = false,
                        boots = 0,
                        power = "Off";
                    requests.forEach(([state, times], index) => {
                        const before = boots;
                        for (let time = 0; time < times; time++) {
                            const action = powerActionOf(
                                system(1, { pending_power: { power_state: state, apply_time: index } }),
                                memory,
                                runs,
                                NOW,
                            );
                            if (action.kind === "boot") {
                                runs = true;
                                boots++;
                            }
                            if (action.kind === "stop") {
                                runs = false;
                            }
                        }
                        expect(boots - before).to.equal(
                            state === "ForceRestart" || (state === "On" && power === "Off") ? 1 : 0,
                        );
                        power = state === "Off" ? "Off" : "On";
                        if (apply) {
                            expect(powerActionOf(applied(power), memory, runs, NOW).kind).to.equal("none");
                        }
                        expect(runs).to.equal(power === "On");
                    });
                },
            ),
        );
    });
});
