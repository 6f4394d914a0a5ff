import { configure } from "./harness";
import { Live } from "./live";
import { cleanBeforeAndAfter, destroyWhole, lab, makeStack, npmRunUp } from "./steps/lab";
import { registry } from "./steps/registry";
import { SUBSTRATE } from "./substrate";

const MINUTE = 60_000;

describe("a small lab whose images come from a registry", function () {
    this.timeout(40 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);
    cleanBeforeAndAfter();

    it("begins with the images of this machine", async () => {
        await makeStack();
        await configure({ ...SUBSTRATE.settings, nodes: 4, clusters: 2 });
        await npmRunUp();
        lab.live = new Live();
    });
    registry();
    it("is destroyed, and leaves nothing behind", destroyWhole);
});
