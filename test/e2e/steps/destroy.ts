import { NAMESPACE } from "../harness";
import { destroyWhole, lab } from "./lab";

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
        await destroyWhole();
    });
}
