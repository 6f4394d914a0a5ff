import { expect } from "chai";
import { lab as command, PREFIX, pulumiEnvironment, run, STACK } from "../harness";
import type { Live } from "../live";
import { lab } from "./lab";

/** UIDs of hosts and clusters and ids of containers; pods start again with their machine. */
const lasting = async (live: Live): Promise<[string, string][]> =>
    Object.entries(await live.identities()).filter(([name]) => !name.startsWith("pod "));

/** A person stops minikube's machine. */
export function machine(): void {
    it("is started again by the next up after its machine was stopped, with all that stood in it", async () => {
        const before = await lasting(lab.live);
        const { code, output } = await run("minikube", ["stop", "-p", PREFIX], { env: await pulumiEnvironment() });
        expect(code, output).to.equal(0);
        const up = await command("up", "--stack", STACK);
        expect(up.code, up.output).to.equal(0);
        expect(await lasting(lab.live)).to.deep.equal(before);
    });
}
