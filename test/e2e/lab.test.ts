import { lab as command, leftovers, removeState, STACK } from "./harness";
import { bringUp } from "./steps/bring-up";
import { destroy } from "./steps/destroy";
import { interruptions } from "./steps/interruptions";
import { killedParts } from "./steps/killed-parts";
import { resize } from "./steps/resize";

const MINUTE = 60_000;

describe("a small lab, from up to destroy", function () {
    this.timeout(40 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);

    after(async () => {
        if ((await leftovers()).length > 0) {
            await command("down", "--stack", STACK);
        }
        removeState();
    });

    bringUp();
    resize();
    killedParts();
    interruptions();
    destroy();
});
