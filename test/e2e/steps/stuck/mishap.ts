import { expect } from "chai";
import type { LabStatus, Waiting } from "../../../../cli/status/summary";
import { copyCluster, deleteCluster } from "../../extra-cluster";
import { eventually, pulumiEnvironment, run, STACK } from "../../harness";
import { within } from "../../ironic";
import { inLab, lab } from "../lab";

/** A cluster that is not in the plan, and its index. It waits for whatever is made stuck. */
export const CLUSTER = "cluster-0002";
const INDEX = 2;

/** Limit for the lab to be as it was, seconds: BMO tries again ever more seldom. */
export const SETTLED_SECONDS = 900;

/** What a person could do to a lab, and what status has to say of it. */
export interface Mishap {
    name: string;
    make: () => Promise<void>;
    undo: () => Promise<void>;
    /** The line, in the words of the object at its end. */
    says: () => RegExp;
    /** What waits for it as well, with its reason. Default: nothing has to. */
    waits?: RegExp;
    next: () => RegExp;
}

/** What `npm run NAME -- ARGS --json` prints, below what it says of itself. */
export async function json<Found>(name: string, ...args: string[]): Promise<Found> {
    const all = ["toolchain/bootstrap.mjs", name, ...args, "--stack", STACK, "--json"];
    const { code, output } = await run(process.execPath, all, { quiet: true });
    expect(code, output).to.equal(0);
    return JSON.parse(output.slice(output.indexOf("{"))) as Found;
}

export const status = (): Promise<LabStatus> => json("status");

export const scale = (replicas: number, ...deployments: string[]): Promise<string> =>
    inLab("scale", "deployment", ...deployments, "--replicas", String(replicas));

export const addCluster = (): Promise<void> => copyCluster(lab.live, "cluster-0001", CLUSTER, INDEX);

export async function removeCluster(): Promise<void> {
    await deleteCluster(lab.live, CLUSTER);
    await eventually(
        `${CLUSTER} deleted`,
        SETTLED_SECONDS,
        async () => (await lab.live.clusters()).every(({ metadata }) => metadata.name !== CLUSTER),
        async () => (await status()).stuck.map(({ line }) => line),
    );
}

/** Runs a command line as a person does, with the lab's kubeconfig. */
export async function shell(line: string): Promise<void> {
    const env = { ...(await pulumiEnvironment()), KUBECONFIG: within.kubeconfig };
    const { code, output } = await run("sh", ["-c", line], { env, quiet: true });
    expect(code, `${line}: ${output}`).to.equal(0);
}

export const named = async (says: RegExp): Promise<Waiting | undefined> =>
    (await status()).stuck.find(({ line }) => says.test(line));
