import { expect } from "chai";
import { eventually, previewedSteps, pulumi } from "../harness";
import type { Live } from "../live";

/** The one lab of all steps: each step stands on the one before. */
export const lab = {} as {
    live: Live;
    /** What must still be the same: identities of hosts, clusters, pods and containers. */
    identities: Record<string, string>;
};

/** Runs `pulumi up`; its output is the failure's message. */
export async function up(): Promise<void> {
    const { code, output } = await pulumi(["up", "--yes", "--skip-preview"]);
    expect(code, output).to.equal(0);
}

/** How often each operation is previewed. Resources that stay the same are not listed. */
export async function operations(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { op } of await previewedSteps()) {
        counts[op] = (counts[op] ?? 0) + 1;
    }
    return counts;
}

/** Waits until every cluster is Available. */
export const allAvailable = (live: Live, count: number, limitSeconds: number): Promise<void> =>
    eventually(
        `${count} clusters Available`,
        limitSeconds,
        async () => (await live.availableClusters()).length === count,
        () => live.clusters(),
    );
