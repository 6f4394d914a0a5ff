import { notThere, skipBecause } from "../skip";
import { addons } from "./steps/addons";
import { bench } from "./steps/bench";
import { bmcAddress } from "./steps/bmc-address";
import { bmcPassword } from "./steps/bmc-password";
import { bringUp } from "./steps/bring-up";
import { changes } from "./steps/changes";
import { dayTwo } from "./steps/day-two";
import { destroy } from "./steps/destroy";
import { drift } from "./steps/drift";
import { figures } from "./steps/figures";
import { interruptions } from "./steps/interruptions";
import { ipa } from "./steps/ipa";
import { everyKey } from "./steps/keys";
import { killedParts } from "./steps/killed-parts";
import { cleanBeforeAndAfter } from "./steps/lab";
import { machine } from "./steps/machine";
import { metrics } from "./steps/metrics";
import { powerOff } from "./steps/power-off";
import { profiles } from "./steps/profiles";
import { replace } from "./steps/replace";
import { resize } from "./steps/resize";
import { secondOwner } from "./steps/second-owner";
import { slips } from "./steps/slips";
import { stuck } from "./steps/stuck";
import { tutorial } from "./steps/tutorial";
import { versions } from "./steps/versions";
import { SUBSTRATE } from "./substrate";

const MINUTE = 60_000;

describe("a small lab, from up to destroy", function () {
    this.timeout(40 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);

    cleanBeforeAndAfter();
    bringUp();
    figures();
    secondOwner();
    if (SUBSTRATE.isWhole) {
        addons();
        metrics();
        resize();
        profiles();
        bmcAddress();
        changes();
    }
    if (!SUBSTRATE.isBrief) {
        everyKey();
        slips();
        drift();
        bmcPassword();
    }
    if (SUBSTRATE.isWhole) {
        ipa();
        dayTwo();
        stuck();
        powerOff();
    }
    if (!SUBSTRATE.isBrief) {
        killedParts();
        interruptions();
    }
    if (SUBSTRATE.hasMachine) {
        machine();
        it("stands on a virtual machine", function () {
            notThere(this, "minikube's driver kvm2", "the tests take docker, which needs neither KVM nor a download");
        });
    }
    if (!SUBSTRATE.isBrief) {
        replace();
    }
    if (SUBSTRATE.isWhole) {
        versions();
    }
    destroy();
    if (SUBSTRATE.name === "embedded") {
        tutorial();
    }
    if (SUBSTRATE.name === "existing") {
        bench();
    }
    if (!SUBSTRATE.isWhole) {
        it("takes every step there is", function () {
            skipBecause(this, `on the substrate ${SUBSTRATE.name} only with --whole, for its time`);
        });
    }
});
