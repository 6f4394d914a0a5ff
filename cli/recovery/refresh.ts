import { HOLDERS } from "../../machine/holders";
import { stackPrefix } from "../../plan/identities";
import type { StateResource } from "./state";

/**
 * Has Pulumi read again what is gone from the machine, where it would not notice: the next `up` makes it anew, and the
 * next `destroy` does not look for it.
 * @param pulumi runs Pulumi with these arguments and returns its exit code
 * @throws Error when a tool of the machine that holds a part of the lab does not answer, or when Pulumi fails
 */
export async function refreshMissing(
    stack: string,
    resources: readonly StateResource[],
    say: (text: string) => void,
    pulumi: (args: string[]) => Promise<number>,
): Promise<void> {
    const missing = await Promise.all(HOLDERS.map((holder) => holder.missing(stackPrefix(stack), resources)));
    const urns = missing.flat();
    if (urns.length === 0) {
        return;
    }
    say(`gone from this machine, and forgotten: ${urns.map((urn) => urn.split("::").at(-1)).join(", ")}`);
    const targets = urns.flatMap((urn) => ["--target", urn]);
    const code = await pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets]);
    if (code !== 0) {
        throw new Error("what is gone could not be read again: the messages above say why");
    }
}
