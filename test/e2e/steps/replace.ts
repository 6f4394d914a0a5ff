import { expect } from "chai";
import { configure, lab as command, pulumi, STACK } from "../harness";
import { Live } from "../live";
import { allAvailable, lab, nothingToDo } from "./lab";

/** Another network than the default for the pods, which a lab keeps as long as it lives. */
const OTHER_PODS_PREFIX = "10.200.";
const OTHER_PODS = `${OTHER_PODS_PREFIX}0.0/16`;

/** A person wants what the lab that is there cannot take. */
export function replace(): void {
    it("is replaced by another lab when a person says so, and nothing of the old one is left", async () => {
        const before = await lab.live.identities();
        await configure({ podCidr: OTHER_PODS, nodes: 2, clusters: 1 });
        const refused = await pulumi(["preview"], { quiet: true });
        expect(refused.code, refused.output).to.not.equal(0);
        expect(refused.output).to.include("npm run up -- --replace");

        const { code, output } = await command("up", "--stack", STACK, "--replace");
        expect(code, output).to.equal(0);
        lab.live = new Live();
        const after = await lab.live.identities();
        expect(Object.values(after).filter((identity) => Object.values(before).includes(identity))).to.deep.equal([]);
        expect(await lab.live.hosts()).to.have.length(2);
        await allAvailable(lab.live, 1, 60);
        const addresses = (await lab.live.pods())
            .filter(({ spec, status }) => !spec?.hostNetwork && status?.phase === "Running")
            .map(({ status }) => status?.podIP ?? "");
        expect(addresses).to.have.length.above(0);
        expect(addresses.filter((address) => !address.startsWith(OTHER_PODS_PREFIX))).to.deep.equal([]);
        await nothingToDo();
    });
}
