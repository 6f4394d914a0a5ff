import { expect } from "chai";
import { chosenVersions } from "../../../plan/config/version-sets";
import { versionSets } from "../../../toolchain/images/recipes";
import { configure, pulumi } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab, nothingToDo, npmRunUp } from "./lab";

/** The newest set, and its versions. */
const [SET] = Object.keys(versionSets().sets).slice(-1) as [string];
const { ironic: NEWEST, capi: NEWEST_CAPI } = chosenVersions({ versionSet: SET }, versionSets());

/** In a cluster that is there, the tests have not the rights that an upgrade of Cluster API takes. */
const MAY_UPGRADE = SUBSTRATE.name !== "existing";

/** What stays as it is where the newest set cannot be had as a whole. */
const KEPT: Record<string, string> = MAY_UPGRADE
    ? {}
    : { versions: JSON.stringify({ capi: chosenVersions({}, versionSets())["capi"] }) };

const isConductor = (name: string): boolean => /^pod metal3\/ironic-conductor-/.test(name);

const isManager = (name: string): boolean => /^pod capi-(kubeadm-(bootstrap|control-plane)-)?system\//.test(name);

const without = (is: (name: string) => boolean, all: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !is(name)));

/** Unsets a key of the lab's configuration. */
async function unset(key: string): Promise<void> {
    const { code, output } = await pulumi(["config", "rm", key], { quiet: true });
    expect(code, output).to.equal(0);
}

/** Gives the lab the newest Ironic and Cluster API. It comes last, because no lab goes back. */
export function versions(): void {
    it("takes a newer Ironic: other conductors on the same database, the same hosts and clusters", async () => {
        const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
        await configure({ versions: JSON.stringify({ ironic: NEWEST }) });
        const preview = await pulumi(["preview"], { quiet: true });
        expect(preview.output).to.include(`to ${NEWEST}: all conductors stop, its database is migrated`);
        await npmRunUp();
        lab.live = new Live();
        const said = Object.values(await lab.live.onConductors(["ironic", "--version"]));
        expect(new Set(said.map((output) => output.trim()))).to.deep.equal(new Set([NEWEST]));
        const has = await lab.live.identities();
        expect(without(isConductor, has)).to.deep.equal(without(isConductor, had));
        expect(Object.keys(has).filter((name) => isConductor(name) && name in had)).to.deep.equal([]);
        expect(await lab.live.hostStates()).to.deep.equal(states);
        await allAvailable(lab.live, (await lab.live.clusters()).length, 180);
        await nothingToDo();
    });

    if (MAY_UPGRADE) {
        it("takes a newer Cluster API: other managers, the same hosts, clusters and all other pods", async () => {
            const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
            await configure({ versions: JSON.stringify({ ironic: NEWEST, capi: NEWEST_CAPI }) });
            const preview = await pulumi(["preview"], { quiet: true });
            expect(preview.output).to.include(`to ${NEWEST_CAPI}: its three managers stop`);
            await npmRunUp();
            lab.live = new Live();
            const has = await lab.live.identities();
            expect(without(isManager, has)).to.deep.equal(without(isManager, had));
            const managers = Object.keys(has).filter(isManager);
            expect(managers).to.have.length(3);
            expect(managers.filter((name) => name in had)).to.deep.equal([]);
            const providers = ["get", "providers.clusterctl.cluster.x-k8s.io", "--all-namespaces"];
            const { output } = await lab.live.kubectl([...providers, "--output", "jsonpath={.items[*].version}"]);
            expect(output.split(" ").filter((version) => version === `v${NEWEST_CAPI}`)).to.have.length(3);
            expect(await lab.live.hostStates()).to.deep.equal(states);
            await allAvailable(lab.live, (await lab.live.clusters()).length, 180);
            await nothingToDo();
        });
    }

    it("has nothing to do for the set that has these versions", async () => {
        await unset("versions");
        await configure({ versionSet: SET, ...KEPT });
        await nothingToDo();
    });

    it("refuses older versions in the preview, with the way out", async () => {
        await unset("versionSet");
        const { code, output } = await pulumi(["preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include(`below ${NEWEST}, which this lab has: Ironic migrates no database back`);
        if (MAY_UPGRADE) {
            expect(output).to.include(
                `below ${NEWEST_CAPI}, which this lab has: Cluster API converts no stored object`,
            );
        }
        expect(output).to.include("npm run up -- --replace");
        await configure({ versionSet: SET });
        await nothingToDo();
    });
}
