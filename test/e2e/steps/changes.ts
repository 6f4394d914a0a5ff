import { expect } from "chai";
import { configure, previewedSteps, pulumi, STACK } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab, up, VERSION } from "./lab";

/** Forgets values of the configuration, so that the defaults hold again. */
async function unset(...keys: string[]): Promise<void> {
    for (const key of keys) {
        const { code, output } = await pulumi(["config", "rm", key], { quiet: true });
        expect(code, output).to.equal(0);
    }
}

const without = (identities: Record<string, string>, pattern: RegExp): Record<string, string> =>
    Object.fromEntries(Object.entries(identities).filter(([name]) => !pattern.test(name)));

/** Changes that a living lab cannot take, and changes that do less to it than Pulumi would do by itself. */
export function changes(): void {
    it("refuses in the preview and in up what the lab cannot take, all at once, and touches nothing", async () => {
        const before = await lab.live.identities();
        const wrong = { podCidr: "10.200.0.0/16", nodesPerPair: 1, kubernetesVersion: "v1.33.9" };
        await configure(wrong);
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { code, output } = await pulumi(command, { quiet: true });
            expect(code, output).to.not.equal(0);
            expect(output)
                .to.include("(3 problems); nothing was made")
                .and.include('podCidr = "10.200.0.0/16": this lab has 10.244.0.0/16')
                .and.include('nodesPerPair = "1": 3 hosts, from host-0001 to host-0003, would move to another pair')
                .and.include(`kubernetesVersion = "v1.33.9": must not be below ${VERSION}`);
        }
        await unset("podCidr", "nodesPerPair");
        await configure({ kubernetesVersion: VERSION });
        expect(await lab.live.identities()).to.deep.equal(before);
        expect(await previewedSteps()).to.deep.equal([]);
    });

    it("takes another number of hosts at once, and pauses nothing that is there", async () => {
        const before = without(await lab.live.identities(), /^pod metal3\/fkas-0-/);
        await configure({ hostsAtOnce: 1 });
        const steps = await previewedSteps();
        expect(steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)).to.deep.equal(["update fkas-0"]);
        await up();
        await configure({ hostsAtOnce: 3 });
        await up();
        expect(await lab.live.identities()).to.include(before);
        for (const { metadata } of [...(await lab.live.hosts()), ...(await lab.live.clusters())]) {
            expect(Object.keys(metadata.annotations ?? {}), metadata.name).to.not.include("cluster.x-k8s.io/paused");
        }
        lab.identities = await lab.live.identities();
    });

    if (SUBSTRATE.services === "runit") {
        it("takes another port of its API: the node's container is replaced, and no object in it", async () => {
            const objects = (identities: Record<string, string>) =>
                without(identities, /^(pod |container .*control-plane)/);
            const before = await lab.live.identities();
            await configure({ apiPort: 26_500 });
            const replaced = (await previewedSteps()).filter(({ op }) => op === "replace");
            expect(replaced.map(({ urn }) => urn.split("::").at(-1)).sort()).to.deep.equal([
                "kubernetes-control-plane",
                "kubernetes-images",
            ]);
            await up();
            lab.live = new Live();
            const after = await lab.live.identities();
            expect(objects(after)).to.deep.equal(objects(before));
            const node = `container ${SUBSTRATE.node}`;
            expect(before[node], STACK).to.be.a("string").and.not.equal(after[node]);
            await allAvailable(lab.live, 2, 180);
            expect(await previewedSteps()).to.deep.equal([]);
            lab.identities = after;
        });
    }
}
