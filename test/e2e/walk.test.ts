import { randomInt } from "node:crypto";
import { Live } from "./live";
import { isAsPlanned } from "./steps/fleet";
import { cleanBeforeAndAfter, destroyWhole, lab, makeStack } from "./steps/lab";
import { describeStep, drawWalk, START } from "./walk/draw";
import { makeLab, PROVISIONING_CIDR, takeStep } from "./walk/step";

const MINUTE = 60_000;

/** Set by `npm run test:e2e -- --walk STEPS --seed SEED`. */
const LENGTH = Number(process.env["METAL3_SCALE_LAB_E2E_WALK"] ?? 6);
const SEED = Number(process.env["METAL3_SCALE_LAB_E2E_SEED"] ?? randomInt(1, 2 ** 31));

// The title is part of each failure's message.
describe(`a random walk over a living lab (--walk ${LENGTH} --seed ${SEED})`, function () {
    this.timeout(30 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);
    cleanBeforeAndAfter();

    it("starts with a lab as planned", async () => {
        await makeStack();
        await makeLab(START);
        lab.live = new Live();
        await isAsPlanned({ ...START, provisioningCidr: PROVISIONING_CIDR });
    });

    for (const [index, step] of drawWalk(LENGTH, SEED).entries()) {
        it(`step ${index + 1}: ${describeStep(step)}`, () => takeStep(step));
    }

    it("is destroyed, and leaves nothing behind", destroyWhole);
});
