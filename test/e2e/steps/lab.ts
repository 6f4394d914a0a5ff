import { expect } from "chai";
import { eventually, lab as command, previewedSteps, pulumi, STACK } from "../harness";
import type { Live } from "../live";

/** Kubernetes version with which the clusters begin. There are two minor versions above it. */
export const VERSION = "v1.34.1";

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

/**
 * Runs `npm run up`; its output is the failure's message. Where the lab is large or was, Pulumi then writes its state
 * once, and not at each of hundreds of resources, which takes most of the time (docs/pulumi-cost.md).
 */
export async function npmRunUp(): Promise<void> {
    const { code, output } = await command("up", "--stack", STACK);
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

/** Nothing is left to do: neither by the state, nor by what is really there. */
export async function nothingToDo(): Promise<void> {
    for (const command of [
        ["up", "--yes", "--skip-preview"],
        ["preview", "--refresh"],
    ]) {
        const { code, output } = await pulumi([...command, "--expect-no-changes"], { quiet: true });
        expect(code, output).to.equal(0);
    }
}

/** Waits until every cluster is Available. */
export const allAvailable = (live: Live, count: number, limitSeconds: number): Promise<void> =>
    eventually(
        `${count} clusters Available`,
        limitSeconds,
        async () => (await live.availableClusters()).length === count,
        () => live.clusters(),
    );
