import { configure } from "./harness";
import { Live } from "./live";
import { isAsPlanned } from "./steps/fleet";
import { cleanBeforeAndAfter, destroyWhole, lab, makeStack, npmRunUp } from "./steps/lab";
import { workers } from "./steps/workers";

const MINUTE = 60_000;
/** With three conductors, one for each node. */
const LAB = {
    nodes: 6,
    clusters: 3,
    conductors: 3,
    controlPlaneNodes: 1,
    workerNodes: 0,
    kubernetesVersion: "v1.35.4",
    provisioningCidr: "192.168.235.0/24",
    hostsAtOnce: 6,
    embeddedWorkers: 2,
};

// `npm run test:e2e -- --only e2e-workers` makes this suite alone.
describe("a lab on three Kubernetes nodes", function () {
    this.timeout(40 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);
    cleanBeforeAndAfter();

    it("comes up", async () => {
        await makeStack();
        await configure(LAB);
        await npmRunUp();
        lab.live = new Live();
        await isAsPlanned(LAB);
    });

    workers(LAB);

    it("is destroyed, and leaves nothing behind", destroyWhole);
});
