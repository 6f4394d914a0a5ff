import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { npmRun } from "../../plan/commands";
import { NAMESPACE } from "../../plan/identities";
import type { Ready } from "../../toolchain/ensure";
import { repoPath } from "../../toolchain/paths";
import { preparePulumiState } from "../../toolchain/pulumi/home";
import { run } from "../../toolchain/run";
import { operation, runPulumi, stackPulumiSettings } from "../pulumi";
import { recover, removeUnrecorded } from "../recovery/recover";
import { exportState, type StateResource } from "../recovery/state";
import { removeStack, stackExists } from "../stack";
import { stackFile } from "../stack-file";
import { ManagementCluster } from "./management";
import { ProcessMeter, type ProcessUsage } from "./process-meter";

const CONFIG_LIMIT_MS = 60_000;

/** Short hash of the program's commit; "unknown" without a clone of its repository. */
export const currentCommit = (): Promise<string> =>
    run("git", ["-C", repoPath(), "rev-parse", "--short", "HEAD"], { timeoutMs: 10_000 }).catch(() => "unknown");

/** Time, CPU and memory of a Pulumi command with everything that it started. */
export interface MeasuredCommand extends ProcessUsage {
    seconds: number;
}

/** A Pulumi command that ended with another exit code than 0. */
export class PulumiError extends Error {
    /** @param command the first word of its arguments, such as `preview` */
    constructor(
        readonly command: string,
        message: string,
    ) {
        super(message);
        this.name = new.target.name;
    }
}

/** Where a lab stands, as far as it makes a difference to what can be measured. */
export interface LabPlace {
    namespace: string;
    /** Whether its parts run on this machine, where their CPU and memory can be read. */
    isHere: boolean;
}

/** Where a lab of a configuration stands. */
export const labPlace = (settings: Record<string, string>): LabPlace => ({
    namespace: settings["namespace"] ?? NAMESPACE,
    isHere: settings["substrate"] !== "existing",
});

/** The lab of a stack. It is driven by the same commands that a person uses, and each of them is measured. */
export class BenchLab {
    private meter: ProcessMeter | undefined;

    constructor(
        readonly ready: Ready,
        readonly stack: string,
        private readonly parallel: number,
        private readonly say: (text: string) => void,
        /** Namespace of the lab, and whether its parts run on this machine. */
        readonly place: LabPlace,
    ) {}

    /** The lab's management cluster; undefined until the lab's program has written its kubeconfig. */
    get cluster(): ManagementCluster | undefined {
        return ManagementCluster.of(this.stack, this.place.namespace);
    }

    /** The management cluster of the lab that is up. @throws Error when its program has written no kubeconfig. */
    get runningCluster(): ManagementCluster {
        const { cluster } = this;
        if (cluster === undefined) {
            throw new Error(`the lab of the stack ${this.stack} is up but has written no kubeconfig`);
        }
        return cluster;
    }

    /** CPU-seconds of the Pulumi command that runs now, or ran last. */
    get pulumiCpuSeconds(): number {
        return this.meter?.usage.cpuSeconds ?? 0;
    }

    /** Makes the stack, and removes what an earlier run left that was killed. */
    async begin(): Promise<void> {
        // The removal of the last stack has removed the folder of the stacks, too.
        await preparePulumiState(this.ready.setup);
        await recover(this.ready, this.stack, { command: "up", say: this.say });
    }

    async configure(values: Record<string, string>): Promise<void> {
        const pairs = Object.entries(values).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
        await run(this.ready.pulumi, ["config", "set-all", "--stack", this.stack, "--non-interactive", ...pairs], {
            cwd: repoPath(),
            env: this.ready.env,
            timeoutMs: CONFIG_LIMIT_MS,
        });
    }

    preview(): Promise<MeasuredCommand> {
        return this.pulumi(["preview", "--diff=false", "--stack", this.stack]);
    }

    up(args: string[] = []): Promise<MeasuredCommand> {
        return this.pulumi([...operation("up", this.stack, this.parallel), ...args]);
    }

    /** Destroys the lab and removes its stack. Nothing is left of it, even when its `up` had failed. */
    async end(): Promise<MeasuredCommand | undefined> {
        let measured: MeasuredCommand | undefined;
        await preparePulumiState(this.ready.setup);
        let known: readonly StateResource[] = [];
        const clean = { command: "down", say: this.say } as const;
        if (await stackExists(this.ready, this.stack)) {
            ({ resources: known } = await recover(this.ready, this.stack, clean));
            measured = await this.pulumi(operation("destroy", this.stack, this.parallel));
            await removeStack(this.ready, this.stack);
        }
        await removeUnrecorded(this.ready, this.stack, known, clean);
        await rm(stackFile(this.stack), { force: true });
        return measured;
    }

    /** Number of resources in the stack's state, and the size of its file when the backend is a folder. */
    async state(): Promise<{ resources: number; bytes?: number }> {
        const resources = (await exportState(this.ready, this.stack)).deployment?.resources ?? [];
        const folder = this.ready.setup.backendFolder;
        const file = folder === undefined ? undefined : `${folder}/.pulumi/stacks/metal3-scale-lab/${this.stack}.json`;
        return { resources: resources.length, ...(file && existsSync(file) ? { bytes: (await stat(file)).size } : {}) };
    }

    private async pulumi(args: string[]): Promise<MeasuredCommand> {
        const env = await stackPulumiSettings(this.stack);
        const began = Date.now();
        this.meter = undefined;
        const code = await runPulumi(this.ready, [...args, "--non-interactive"], env, (pid) => {
            this.meter = new ProcessMeter(pid);
        });
        const usage = this.stopMeter();
        if (code !== 0) {
            throw new PulumiError(
                args[0] ?? "",
                `pulumi ${args[0]} of the stack ${this.stack} ended with exit code ${code}: see its output above. ` +
                    `What was made is still there; this takes it away: ${npmRun("down", this.stack)}`,
            );
        }
        return { seconds: (Date.now() - began) / 1000, ...usage };
    }

    private stopMeter(): ProcessUsage {
        if (this.meter === undefined) {
            throw new Error("pulumi was not started");
        }
        return this.meter.stop();
    }
}
