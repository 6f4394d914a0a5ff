import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
    eventually,
    lab as command,
    leftovers,
    NAMESPACE,
    previewedSteps,
    pulumi,
    removeConfiguration,
    removeState,
    STACK,
    tally,
} from "../harness";
import type { Live } from "../live";
import { SUBSTRATE } from "../substrate";

/** Kubernetes version with which the clusters begin. There are two minor versions above it. */
export const VERSION = "v1.34.1";

/** The one lab of all steps: each step stands on the one before. */
export const lab = {} as {
    live: Live;
    /** What must still be the same: identities of hosts, clusters, pods and containers. */
    identities: Record<string, string>;
};

/** Runs kubectl on the lab, as a person does; what it was asked and its output are the failure's message. */
export async function kubectl(...args: string[]): Promise<string> {
    const { code, output } = await lab.live.kubectl(args);
    expect(code, `kubectl ${args.join(" ")}: ${output}`).to.equal(0);
    return output;
}

/** Runs kubectl in the lab's namespace. */
export const inLab = (...args: string[]): Promise<string> => kubectl("--namespace", NAMESPACE, ...args);

/** Applies an object, or a List of objects, which may hold a secret: no command line has it. */
export async function apply(object: object): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "metal3-scale-lab-apply-"));
    try {
        const file = join(folder, "object.json");
        await writeFile(file, JSON.stringify(object));
        await kubectl("apply", "--filename", file);
    } finally {
        await rm(folder, { recursive: true });
    }
}

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
    return tally((await previewedSteps()).map(({ op }) => op));
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

/** Everything of the lab that is still on the machine, of its substrate as well. */
export const remains = async (): Promise<string[]> => [...(await leftovers()), ...(await SUBSTRATE.leftovers())];

/**
 * Takes away what a run has left that was killed, and what these tests leave when they fail. The stack's name is that
 * of these tests alone, and the state of a run that was killed is gone.
 */
export function cleanBeforeAndAfter(): void {
    const clean = async (): Promise<void> => {
        if ((await remains()).length > 0) {
            await command("down", "--stack", STACK, "--take-over");
        }
    };
    before(async () => {
        await clean();
        removeConfiguration();
        await SUBSTRATE.prepare?.();
    });
    after(async () => {
        await clean();
        await SUBSTRATE.end?.();
        removeState();
    });
}

/** Makes what a lab needs, and a stack. */
export async function makeStack(): Promise<void> {
    const { code: setup } = await command("setup");
    expect(setup).to.equal(0);
    const created = await pulumi(["stack", "init"], { quiet: true });
    expect(created.code, created.output).to.equal(0);
}

/** Runs `pulumi destroy`, and looks for what it has left. */
export async function destroyWhole(): Promise<void> {
    const { code, output } = await pulumi(["destroy", "--yes", "--skip-preview"]);
    expect(code, output).to.equal(0);
    expect(await remains()).to.deep.equal([]);
    expect(existsSync(`.lab/${STACK}`)).to.equal(false);
}
