import { mkdirSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { configure, eventually, NAMESPACE } from "./harness";
import { Live } from "./live";
import { isAsPlanned } from "./steps/fleet";
import { cleanBeforeAndAfter, destroyWhole, lab, makeStack, npmRunUp } from "./steps/lab";

const MINUTE = 60_000;
const FROM = "v1.35.4";
const TO = "v1.36.0";
const LAB = {
    nodes: 60,
    clusters: 20,
    conductors: 2,
    controlPlaneNodes: 1,
    workerNodes: 1,
    kubernetesVersion: FROM,
    provisioningCidr: "192.168.234.0/24",
};
/** Machines of the new version at which parts are killed: a rollout is in its midst then. */
const MIDST = 8;
/** Where the figures are written, in the checkout. `npm run test:e2e -- --only e2e-rollout` makes this suite alone. */
const FIGURES = ".lab/test/rollout.json";

const secondsSince = (began: number): number => Math.round((Date.now() - began) / 1000);

/** Machines of the version to which the clusters roll, in any phase. */
const newMachines = async (): Promise<number> =>
    (await lab.live.machineObjects()).filter(({ spec }) => spec["version"] === TO).length;

/** Kills the pods whose names begin so. @returns how many there were */
async function kill(prefix: string): Promise<number> {
    const pods = (await lab.live.pods()).filter(({ metadata }) => metadata?.name?.startsWith(prefix));
    for (const { metadata } of pods) {
        await lab.live.core.deleteNamespacedPod({
            name: metadata?.name ?? "",
            namespace: NAMESPACE,
            gracePeriodSeconds: 0,
        });
    }
    return pods.length;
}

describe(`a rollout of ${LAB.clusters} clusters on ${LAB.nodes} hosts, with parts killed in its midst`, function () {
    this.timeout(60 * MINUTE);
    this.bail(true);
    cleanBeforeAndAfter();
    const figures: Record<string, number> = { hosts: LAB.nodes, clusters: LAB.clusters };

    it("begins with all clusters at one version", async () => {
        await makeStack();
        await configure(LAB);
        const began = Date.now();
        await npmRunUp();
        figures["upSeconds"] = secondsSince(began);
        lab.live = new Live();
        await isAsPlanned(LAB);
    });

    it("loses no cluster and leaves no host behind, though FKAS and a conductor die", async () => {
        const before = await lab.live.machines();
        await configure({ kubernetesVersion: TO });
        const began = Date.now();
        let over = false;
        const rolled = npmRunUp().finally(() => (over = true));
        await eventually(
            `${MIDST} machines of ${TO}`,
            1200,
            async () => over || (await newMachines()) >= MIDST,
            newMachines,
        );
        expect(over, "the rollout is over before a part is killed").to.equal(false);
        expect(await kill("fkas-0-")).to.equal(1);
        expect(await kill("ironic-conductor-1-")).to.equal(1);
        figures["machinesAtKill"] = await newMachines();
        await rolled;
        figures["rolloutSeconds"] = secondsSince(began);
        await isAsPlanned({ ...LAB, kubernetesVersion: TO });
        expect(await lab.live.machines()).to.not.have.any.keys(...Object.keys(before));
        mkdirSync(".lab/test", { recursive: true });
        writeFileSync(FIGURES, `${JSON.stringify(figures)}\n`);
        process.stderr.write(`\n${FIGURES}: ${JSON.stringify(figures)}\n`);
    });

    it("is destroyed, and leaves nothing behind", destroyWhole);
});
