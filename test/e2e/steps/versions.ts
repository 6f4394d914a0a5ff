import { expect } from "chai";
import { chosenVersions } from "../../../plan/config/version-sets";
import { versionSets } from "../../../toolchain/images/recipes";
import { configure, pulumi } from "../harness";
import { Live } from "../live";
import { allAvailable, lab, nothingToDo, npmRunUp } from "./lab";

/** The newest set, and its version of Ironic. */
const [SET] = Object.keys(versionSets().sets).slice(-1) as [string];
const { ironic: NEWEST } = chosenVersions({ versionSet: SET }, versionSets());

const isConductor = (name: string): boolean => /^pod metal3\/ironic-conductor-/.test(name);

const withoutConductors = (all: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !isConductor(name)));

/** Unsets a key of the lab's configuration. */
async function unset(key: string): Promise<void> {
    const { code, output } = await pulumi(["config", "rm", key], { quiet: true });
    expect(code, output).to.equal(0);
}

/** Gives the lab the newest Ironic. It comes last, because no lab goes back. */
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
        expect(withoutConductors(has)).to.deep.equal(withoutConductors(had));
        expect(Object.keys(has).filter((name) => isConductor(name) && name in had)).to.deep.equal([]);
        expect(await lab.live.hostStates()).to.deep.equal(states);
        await allAvailable(lab.live, (await lab.live.clusters()).length, 180);
        await nothingToDo();
    });

    it("has nothing to do for the set that has this version", async () => {
        await configure({ versionSet: SET });
        await unset("versions");
        await nothingToDo();
    });

    it("refuses an older Ironic in the preview, with the way out", async () => {
        await unset("versionSet");
        const { code, output } = await pulumi(["preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include(`below ${NEWEST}, which this lab has: Ironic migrates no database back`);
        expect(output).to.include("npm run up -- --replace");
        await configure({ versionSet: SET });
        await nothingToDo();
    });
}
