import { existsSync } from "node:fs";
import { expect } from "chai";
import { leftovers, NAMESPACE, pulumi, STACK } from "../harness";
import { SUBSTRATE } from "../substrate";
import { lab } from "./lab";

/** Takes the lab away. */
export function destroy(): void {
    it("is destroyed although Ironic and FKAS are dead, and leaves nothing behind", async () => {
        for (const pod of await lab.live.pods()) {
            if (!/^(ironic-conductor|fkas)/.test(pod.metadata?.name ?? "")) {
                continue;
            }
            await lab.live.core.deleteNamespacedPod({
                name: pod.metadata?.name ?? "",
                namespace: NAMESPACE,
                gracePeriodSeconds: 0,
            });
        }
        const { code, output } = await pulumi(["destroy", "--yes", "--skip-preview"]);
        expect(code, output).to.equal(0);
        expect([...(await leftovers()), ...SUBSTRATE.leftovers()]).to.deep.equal([]);
        expect(existsSync(`.lab/${STACK}`)).to.equal(false);
    });
}
