import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { configure } from "../harness";
import { SUBSTRATE } from "../substrate";
import { isAsPlanned, users, type FleetConfig } from "./fleet";
import { lab, operations, up, VERSION } from "./lab";

/** The patch version after the one with which the clusters begin. */
const NEXT_PATCH = "v1.34.2";

/** The lab in which these steps are taken, as far as they leave it so. */
const LAB: FleetConfig = {
    // As many as the clusters will have machines at most.
    nodes: 6,
    clusters: 2,
    conductors: 2,
    controlPlaneNodes: 1,
    workerNodes: 0,
    kubernetesVersion: VERSION,
    ...SUBSTRATE.fleet,
};

/** Clusters whose machines use more than one host. */
async function clustersWithTwoHosts(): Promise<string[]> {
    const names = Object.values(await users()).map((user) => (user as { name: string }).name);
    return ["cluster-0000", "cluster-0001"].filter((cluster) => names.filter((n) => n.startsWith(cluster)).length > 1);
}

/** Changes what is in the lab's clusters while they live, and which hosts there are for them. */
export function dayTwo(): void {
    it("gives each cluster a worker, and takes it again: no host in use is touched", async () => {
        const before = await users();
        const identities = await lab.live.identities();
        expect(Object.keys(before)).to.have.length(2);
        // As many hosts as the clusters will have machines at most.
        await configure({ nodes: LAB.nodes, workerNodes: 1 });
        await up();
        await isAsPlanned({ ...LAB, workerNodes: 1 });
        expect(await users()).to.deep.include(before);
        await configure({ workerNodes: 0 });
        await up();
        await isAsPlanned(LAB);
        expect(await users()).to.deep.equal(before);
        expect(await lab.live.identities()).to.include(identities);
    });

    it("gives each cluster three control planes, rolls them without a spare host, and goes back to one", async () => {
        const before = await users();
        const identities = await lab.live.identities();
        await configure({ controlPlaneNodes: 3 });
        await up();
        await isAsPlanned({ ...LAB, controlPlaneNodes: 3 });
        expect(await users()).to.deep.include(before);
        expect(await lab.live.identities()).to.include(identities);

        const old = await lab.live.machines();
        await configure({ kubernetesVersion: NEXT_PATCH });
        await up();
        await isAsPlanned({ ...LAB, controlPlaneNodes: 3, kubernetesVersion: NEXT_PATCH });
        expect(await lab.live.machines()).to.not.have.any.keys(...Object.keys(old));

        await configure({ controlPlaneNodes: 1 });
        await up();
        await isAsPlanned({ ...LAB, kubernetesVersion: NEXT_PATCH });
    });

    it("rolls one cluster after the other to a version two minor versions further, by the one between", async () => {
        const before = await lab.live.machines();
        await configure({ kubernetesVersion: "v1.36.0", rolloutsAtOnce: 1 });
        expect(await operations()).to.deep.equal({ update: 3 });
        let over = false;
        const rolling: string[][] = [];
        const rolled = up().finally(() => (over = true));
        while (!over) {
            rolling.push(await clustersWithTwoHosts());
            await sleep(500);
        }
        await rolled;
        await isAsPlanned({ ...LAB, kubernetesVersion: "v1.36.0" });
        expect(new Set(rolling.flat()), "seen to roll").to.deep.equal(new Set(["cluster-0000", "cluster-0001"]));
        expect(rolling.filter((clusters) => clusters.length > 1)).to.deep.equal([]);
        expect(await lab.live.machines()).to.not.have.any.keys(...Object.keys(before));
    });

    it("vacates a host in use that leaves the lab: its cluster moves and stays", async () => {
        const last = async (): Promise<number> =>
            Math.max(...Object.keys(await users()).map((name) => Number(name.slice("host-".length))));
        let kubernetesVersion = "v1.36.0";
        if ((await last()) < 2) {
            // The first two hosts are in use, and a rollout takes others.
            kubernetesVersion = "v1.36.1";
            await configure({ kubernetesVersion });
            await up();
        }
        const index = await last();
        expect(index, "a host behind those that the clusters need").to.be.at.least(2);
        await configure({ nodes: index });
        await up();
        await isAsPlanned({ ...LAB, nodes: index, kubernetesVersion });
        expect(await last()).to.be.below(index);
        await configure({ nodes: 4 });
        await up();
        await isAsPlanned({ ...LAB, nodes: 4, kubernetesVersion });
        lab.identities = await lab.live.identities();
    });
}
