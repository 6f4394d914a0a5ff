import { errorText } from "../../lib/error-text";
import { machineMemory } from "../../lib/proc";
import { plannedLab } from "../../plan/change/planned-lab";
import { npmRun } from "../../plan/commands";
import { plan as makePlan } from "../../plan/plan";
import { predicted, type Predicted, type PredictedMachine } from "../../plan/prediction/words";
import { ConfigurationError, validate } from "../../plan/validate";
import { versionSets } from "../../toolchain/images/recipes";
import { calibrate } from "../bench/calibration";
import type { RunResult } from "../bench/file";
import { memoryInUse } from "../bench/growth";
import { probeSeconds } from "../bench/ironic-probe";
import { PulumiError, type BenchLab } from "../bench/lab";
import { measure } from "../bench/measure";
import { newRecorder } from "../bench/recording/new-recorder";
import { judgedRecord } from "../report";
import { hasFailed, type Judged, type Limit } from "../report/limits/limit";
import { LostError, type CapacityLab, type Judgement } from "./search";

/** Most of the machine's memory that may be in use, as a share: with less left, the kernel ends programs. */
const MOST_MEMORY = 0.95;

/** What all rungs have in common. */
export interface RungFacts {
    stack: string;
    /** Configuration beside the sizes. */
    settings: Readonly<Record<string, string>>;
    /** Clusters of a lab of so many hosts. */
    clustersOf: (hosts: number) => number;
    limits: readonly Limit[];
    machine: PredictedMachine;
    /** Seconds that are left. */
    secondsLeft: () => number;
}

/** Configuration of a lab of a size. */
const configured = ({ settings, clustersOf }: RungFacts, hosts: number): Record<string, string> => ({
    ...settings,
    nodes: String(hosts),
    clusters: String(clustersOf(hosts)),
});

/**
 * What is predicted of the way from one size to another; undefined where nothing can be.
 * @param from 0: there is no lab
 * @throws ConfigurationError when the configuration cannot work
 */
export function predictedRung(facts: RungFacts, from: number, to: number): Predicted | undefined {
    const { stack, machine } = facts;
    const versions = versionSets();
    const config = validate(configured(facts, to));
    const before = from === 0 ? undefined : plannedLab(stack, validate(configured(facts, from)), versions);
    const found = predicted({ before, plan: makePlan(config, stack), config, versions }, machine);
    return "prediction" in found ? found : undefined;
}

/** Why the memory cannot hold a lab, even if it took the least that is likely; undefined: it may. */
export function refusal(found: Predicted | undefined): string | undefined {
    if (found === undefined) {
        return undefined;
    }
    const { prediction, room } = found;
    const least = prediction.gib * (1 - prediction.gibError);
    return least <= room.memoryGib
        ? undefined
        : `not tried: it is predicted to need ${least.toFixed(1)} GiB at least, of ${room.memoryGib.toFixed(1)} GiB`;
}

/** Why a lab of so many hosts is not tried: it cannot be configured, or the memory cannot hold it. */
export function refused(facts: RungFacts, hosts: number): string | undefined {
    try {
        return refusal(predictedRung(facts, 0, hosts));
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems.map(({ key, value, rule }) => `not tried: ${key} = ${value}: ${rule}`).join("\n");
        }
        throw error;
    }
}

/** What a rung is held against: the limits, and the memory of the machine. @param peakBytes most that was in use */
export function judgement(judged: readonly Judged[], peakBytes: number | undefined, totalBytes: number): Judgement {
    const share = (peakBytes ?? 0) / totalBytes;
    const memory =
        peakBytes === undefined
            ? []
            : [
                  `${share <= MOST_MEMORY ? "PASS" : "FAIL"} memory in use on the machine <= ${100 * MOST_MEMORY} % ` +
                      `(${Math.round(100 * share)} %)`,
              ];
    return { holds: !hasFailed(judged) && share <= MOST_MEMORY, says: [...judged.map(({ says }) => says), ...memory] };
}

/** The lab of a search, on this machine. */
export class RealCapacityLab implements CapacityLab {
    /** Memory in use before there was a lab, bytes. */
    private bytesBefore = 0;

    constructor(
        private readonly lab: BenchLab,
        private readonly facts: RungFacts,
        private readonly say: (text: string) => void,
    ) {}

    refused(hosts: number): string | undefined {
        return refused(this.facts, hosts);
    }

    async fresh(hosts: number): Promise<void> {
        const { lab } = this;
        await lab.end();
        this.bytesBefore = memoryInUse();
        await lab.begin();
        if (hosts > 0) {
            this.say(`== a new lab is brought to ${hosts} hosts, which have held`);
            await lab.configure({ ...configured(this.facts, hosts), waitTimeout: this.waitTimeout(hosts) });
            await lab.up();
        }
    }

    async grow(from: number, to: number): Promise<Judgement> {
        const { lab, facts, say, bytesBefore } = this;
        const size = { nodes: to, clusters: facts.clustersOf(to) };
        say(`== ${from} → ${size.nodes} hosts, ${size.clusters} clusters`);
        const settings = { ...facts.settings, waitTimeout: this.waitTimeout(to) };
        const before = calibrate();
        const about = {
            ...(from > 0 && { existing: from, existingClusters: facts.clustersOf(from) }),
            tuning: "lab",
            settings,
            calibrationMs: before,
            command: npmRun("capacity", facts.stack),
        } as const;
        const { file, recorder } = await newRecorder(lab, size, about, probeSeconds(size.clusters, lab.place));
        const growth = { tuning: "lab", settings, idleSeconds: 0, existing: from, recorder } as const;
        const result: RunResult = await measure(lab, size, { ...growth, onlyGrowth: true, bytesBefore }).catch(
            async (error: unknown) => {
                await recorder.fail(errorText(error));
                // The program refuses or fails, whatever the size: no lab was begun.
                throw error instanceof PulumiError && error.command === "preview"
                    ? new LostError(error.message)
                    : error;
            },
        );
        recorder.end({ calibrationMs: [before, calibrate()] });
        say(`== the record of the rung is in ${file}`);
        const peak = result.growth.machine?.peakBytes;
        return judgement(await judgedRecord(file, facts.limits), peak, machineMemory().total);
    }

    /** A lab that is still on its way when the time is over is not waited for. */
    private waitTimeout(hosts: number): string {
        const { waitSeconds } = makePlan(validate(configured(this.facts, hosts)), this.facts.stack);
        return String(Math.min(waitSeconds, Math.max(1, Math.floor(this.facts.secondsLeft()))));
    }
}
