import { setMaxListeners } from "node:events";
import { errorText } from "../../../lib/error-text";
import type { Holder, NodeAccess, RunningPart } from "../../../machine/holder";
import { HOLDERS } from "../../../machine/holders";
import { stackPrefix } from "../../../plan/identities";
import { DESCRIBE_SCRIPT, parseDescriptions } from "./container-descriptions";
import { partComponent, type PodContainer } from "./names";
import { containerIds, nodeSamples, parseSample, SAMPLE_SCRIPT } from "./node";
import { UsageTotals, type ComponentUsage, type Sample } from "./totals";

/**
 * Longest time for all samples of a lab, seconds. A quarter of a second is usual; a busy machine needs many times
 * that.
 */
const LIMIT_SECONDS = 30;

/** Samples of which a part or all could not be read. */
export interface Failures {
    count: number;
    /** The reason of the last one; "" when there was none. */
    lastError: string;
}

/**
 * Measures the components of a lab: the processes of its Kubernetes nodes, the containers of its pods, and its parts
 * outside of Kubernetes, such as the fake nodes. A window begins with the first sample, or with beginWindow(). The usage of an instance
 * that ran before counts from there on; the usage of an instance that begins within the window counts in full.
 */
export class UsageMeter {
    private readonly totals = new UsageTotals();
    /**
     * Parts that ran at the first sample and have not been read yet: their usage until then is not of the window.
     */
    private older: Set<string> | undefined;
    private readonly described = new Map<string, PodContainer>();
    private machineSeconds: { baseline: number; last: number } | undefined;
    private readonly failed: Failures = { count: 0, lastError: "" };
    private running: Promise<void> | undefined;

    constructor(
        private readonly stack: string,
        private readonly holders: readonly Holder[] = HOLDERS,
    ) {}

    /** Failures so far. The totals go on with the next sample. */
    get failures(): Failures {
        return { ...this.failed };
    }

    /**
     * Samples everything once. A failure does not throw but counts in `failures`. A call during another one joins it.
     */
    async sample(): Promise<void> {
        this.running ??= this.sampleAll().finally(() => (this.running = undefined));
        return this.running;
    }

    /** Begins a window at the last sample. */
    beginWindow(): void {
        this.totals.beginWindow();
        if (this.machineSeconds) {
            this.machineSeconds.baseline = this.machineSeconds.last;
        }
    }

    /**
     * Usage of the window until the last sample by component, most CPU first, with the remainders of the node and its
     * pods.
     */
    report(): ComponentUsage[] {
        return this.totals.report();
    }

    /** CPU-seconds for which the machine of the Docker daemon was busy in the window; 0 until a node has run. */
    machineCpuSeconds(): number {
        return this.machineSeconds ? this.machineSeconds.last - this.machineSeconds.baseline : 0;
    }

    private async sampleAll(): Promise<void> {
        const signal = AbortSignal.timeout(LIMIT_SECONDS * 1000);
        // Each request listens to the signal. A large lab has more requests than the ten that Node takes for a leak.
        setMaxListeners(0, signal);
        const errors: string[] = [];
        try {
            const prefix = stackPrefix(this.stack);
            const parts = (await Promise.all(this.holders.map((each) => each.runningParts(prefix, signal)))).flat();
            this.older ??= new Set(parts.map(({ id }) => id));
            const present = new Set(parts.map(({ id }) => id));
            for (const source of this.totals.runningSources()) {
                if (!present.has(source)) {
                    this.totals.apply(source, []);
                }
            }
            await Promise.all(
                parts.map(async (part) => {
                    try {
                        await this.read(part, signal);
                    } catch (error) {
                        if (!(await part.hasEnded(AbortSignal.timeout(LIMIT_SECONDS * 1000)))) {
                            errors.push(`${part.name}: ${errorText(error)}`);
                        }
                    }
                }),
            );
        } catch (error) {
            errors.push(errorText(error));
        }
        if (errors.length === 0) {
            return;
        }
        this.failed.count++;
        const late = signal.aborted ? `not done after ${LIMIT_SECONDS} s: ` : "";
        this.failed.lastError = `${late}${errors.join("; ")}`;
    }

    private async read(part: RunningPart, signal: AbortSignal): Promise<void> {
        const samples = part.node ? await this.readNode(part.node, signal) : [await readPart(part, signal)];
        this.totals.apply(part.id, samples, this.older?.delete(part.id));
    }

    private async readNode(node: NodeAccess, signal: AbortSignal): Promise<Sample[]> {
        const reading = parseSample(await node.exec(["sh", "-c", SAMPLE_SCRIPT], signal));
        const unknown = containerIds(reading).filter((container) => !this.described.has(container));
        if (unknown.length > 0) {
            const found = parseDescriptions(
                await node.exec(["sh", "-c", DESCRIBE_SCRIPT, "describe", ...unknown], signal),
            );
            for (const [container, description] of found) {
                this.described.set(container, description);
            }
        }
        const { machineBusySeconds } = reading;
        this.machineSeconds = {
            baseline: this.machineSeconds?.baseline ?? machineBusySeconds,
            last: machineBusySeconds,
        };
        return nodeSamples(reading, this.described);
    }
}

/** A part that is measured whole. */
async function readPart(part: RunningPart, signal: AbortSignal): Promise<Sample> {
    return { key: "part", owner: "machine", component: partComponent(part.name), ...(await part.usage(signal)) };
}
