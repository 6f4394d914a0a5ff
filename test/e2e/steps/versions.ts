import { expect } from "chai";
import { chosenVersions, versionsOf } from "../../../plan/config/version-sets";
import { versionSets } from "../../../toolchain/images/recipes";
import { configure, pulumi } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab, nothingToDo, npmRunUp } from "./lab";

/** The newest version of a part, whatever set it is in. */
const newest = (part: string): string => (versionsOf(part, versionSets()) ?? []).at(-1) as string;

/** The oldest set, and the newest one. */
const SETS = Object.keys(versionSets().sets);
const [OLDEST_SET, SET] = [SETS[0], SETS.at(-1)] as [string, string];

/** What the lab of these tests begins with, and what it gets. */
const OWN = chosenVersions(SUBSTRATE.settings, versionSets());
const { ironic: NEWEST } = chosenVersions({ versionSet: SET }, versionSets());
const NEWEST_CAPI = newest("capi");

/** In a cluster that is there, the tests have not the rights that an upgrade of Cluster API takes. */
const MAY_UPGRADE = SUBSTRATE.name !== "existing";

/** The newest Kubernetes, which no set has. */
const KUBERNETES = newest("kubernetes");

/** A sushy-tools beside that of all sets. */
const [SUSHY_TOOLS] = (versionsOf("sushyTools", versionSets()) ?? []) as [string];

const OWN_NODES = SUBSTRATE.name === "embedded";

/** Versions that stay beside those that a step changes: from the first step on, and where a set cannot be had whole. */
const kubernetes = OWN_NODES ? { kubernetes: KUBERNETES } : {};
const capi = { capi: MAY_UPGRADE ? NEWEST_CAPI : OWN["capi"] };
const parts = (versions: Record<string, string | undefined>): string => JSON.stringify({ ...kubernetes, ...versions });

const isSushyTools = (name: string): boolean => /^(container .*-pair-\d+-sushy-tools$|pod metal3\/pair-)/.test(name);

const isNode = (name: string): boolean => /^(pod |container .*-control-plane$)/.test(name);

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
    it("takes another sushy-tools, and goes back: other containers, the same hosts and clusters", async () => {
        const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
        await configure({ versions: JSON.stringify({ sushyTools: SUSHY_TOOLS }) });
        const preview = await pulumi(["preview"], { quiet: true });
        expect(preview.output).to.include(
            `sushy-tools ${OWN["sushyTools"]} to ${SUSHY_TOOLS}: its containers are replaced`,
        );
        await npmRunUp();
        lab.live = new Live();
        const has = await lab.live.identities();
        expect(without(isSushyTools, has)).to.deep.equal(without(isSushyTools, had));
        expect(Object.keys(has).filter((name) => isSushyTools(name) && has[name] === had[name])).to.deep.equal([]);
        expect(await lab.live.hostStates()).to.deep.equal(states);
        await nothingToDo();
        await unset("versions");
        await npmRunUp();
        lab.live = new Live();
        await nothingToDo();
    });

    if (OWN_NODES) {
        it("takes a newer Kubernetes: another node over the same volume, the same hosts and clusters", async () => {
            const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
            await configure({ versions: parts({}) });
            const preview = await pulumi(["preview"], { quiet: true });
            expect(preview.output).to.include(`to ${KUBERNETES}: the containers of the nodes are replaced`);
            await npmRunUp();
            lab.live = new Live();
            expect(without(isNode, await lab.live.identities())).to.deep.equal(without(isNode, had));
            const version = ["--output", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}"];
            const { output } = await lab.live.kubectl(["get", "nodes", ...version]);
            expect(new Set(output.split(" "))).to.deep.equal(new Set([`v${KUBERNETES}`]));
            expect(await lab.live.hostStates()).to.deep.equal(states);
            await allAvailable(lab.live, (await lab.live.clusters()).length, 180);
            await nothingToDo();
        });
    }

    if (OWN["ironic"] !== NEWEST) {
        it("takes a newer Ironic: other conductors on the same database, the same hosts and clusters", async () => {
            const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
            await configure({ versions: parts({ ironic: NEWEST }) });
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
    }

    if (MAY_UPGRADE) {
        it("takes a newer Cluster API: other managers, the same hosts, clusters and all other pods", async () => {
            const [had, states] = [await lab.live.identities(), await lab.live.hostStates()];
            await configure({ versions: parts({ ironic: NEWEST, ...capi }) });
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
        await configure({ versionSet: SET, versions: parts(capi) });
        await nothingToDo();
    });

    it("refuses older versions in the preview, with the way out", async () => {
        await configure({ versionSet: OLDEST_SET, versions: parts({}) });
        const { code, output } = await pulumi(["preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include(`below ${NEWEST}, which this lab has: Ironic migrates no database back`);
        if (MAY_UPGRADE) {
            expect(output).to.include(
                `below ${NEWEST_CAPI}, which this lab has: Cluster API converts no stored object`,
            );
        }
        expect(output).to.include("npm run up -- --replace");
        await configure({ versionSet: SET, versions: parts(capi) });
        await nothingToDo();
    });
}
