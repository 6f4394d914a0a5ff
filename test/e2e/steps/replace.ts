import { expect } from "chai";
import { configure, lab as command, NAMESPACE, pulumi, STACK } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab, nothingToDo } from "./lab";

/** Where a cluster is not the lab's own, its system's pods outlive the lab. */
const ofLab = (identities: Record<string, string>): string[] =>
    Object.entries(identities)
        .filter(([name]) => SUBSTRATE.isOwn || !name.startsWith("pod kube-system/"))
        .map(([, identity]) => identity);

/** Values in which the new lab differs from the old one: networks of its pods, or classes of its volumes. */
async function newValues(): Promise<string[]> {
    if (SUBSTRATE.isOwn) {
        const addresses = (await lab.live.pods())
            .filter(({ spec, status }) => !spec?.hostNetwork && status?.phase === "Running")
            .map(({ status }) => status?.podIP ?? "");
        return addresses.map((address) => `${address.split(".").slice(0, 2).join(".")}.0.0/16`);
    }
    const { items } = await lab.live.core.listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE });
    return items.map(({ spec }) => spec?.storageClassName ?? "");
}

/** A person wants what the lab that is there cannot take. */
export function replace(): void {
    it("is replaced by another lab when a person says so, and nothing of the old one is left", async () => {
        const before = ofLab(await lab.live.identities());
        const { key, value } = SUBSTRATE.another;
        await configure({ [key]: value, nodes: 2, clusters: 1 });
        const refused = await pulumi(["preview"], { quiet: true });
        expect(refused.code, refused.output).to.not.equal(0);
        expect(refused.output).to.include("npm run up -- --replace");

        const { code, output } = await command("up", "--stack", STACK, "--replace");
        expect(code, output).to.equal(0);
        lab.live = new Live();
        expect(ofLab(await lab.live.identities()).filter((identity) => before.includes(identity))).to.deep.equal([]);
        expect(await lab.live.hosts()).to.have.length(2);
        await allAvailable(lab.live, 1, 60);
        expect([...new Set(await newValues())]).to.deep.equal([value]);
        await nothingToDo();
    });
}
