import type { ResultLine } from "../../record/lines";
import type { RunRecord } from "../../record/record";
import { partName, type Definition, type Group, type Single, type Unit } from "./definition";
import { moments } from "./events";
import type { Measured } from "./measured";
import { newClusters, shares } from "./size";
import { hostGoal } from "./throughput";

const figure =
    (group: Group) =>
    (name: string, unit: Unit, meaning: string, of: (record: RunRecord) => number | null | undefined): Single => ({
        name,
        group,
        meaning,
        unit,
        isNumber: true,
        of: (record) => of(record) ?? undefined,
    });
const failure = figure("failures");
const cost = figure("cost");
const pulumi = figure("pulumi");

type Machine = NonNullable<ResultLine["machine"]>;

const machineOf = ({ result }: RunRecord): Machine | undefined => result?.machine ?? undefined;

function perHost(record: RunRecord, total: number | undefined): number | undefined {
    return total === undefined ? undefined : total / shares(record);
}

/** Mean of the calibrations before and after the run, CPU-milliseconds. */
function yardstick({ header, end }: RunRecord): number | undefined {
    const all = [header.calibrationMs, end?.calibrationMs].filter((each) => typeof each === "number");
    return all.length === 0 ? undefined : all.reduce((sum, each) => sum + each, 0) / all.length;
}

/** When the last object was where it should be, seconds from the first host; undefined while one is not. */
function toGoal(record: RunRecord): number | undefined {
    const { firstHost, result } = record;
    const done =
        newClusters(record) > 0 ? moments(record, "clusters", "available") : moments(record, "hosts", hostGoal(record));
    const last = done.at(-1);
    return result?.failed !== 0 || firstHost === undefined || last === undefined ? undefined : last - firstHost;
}

function byComponent(
    record: RunRecord,
    of: (component: Machine["components"][number]) => number | undefined,
): Record<string, Measured | undefined> {
    return Object.fromEntries(
        (machineOf(record)?.components ?? []).map((each) => [partName(each.component), of(each)]),
    );
}

/** What went wrong. */
export const FAILURE_FIGURES: readonly Single[] = [
    failure(
        "failed",
        "",
        "Hosts, clusters and Machines that did not become what they should.",
        ({ result }) => result?.failed,
    ),
    failure(
        "stalls",
        "",
        "Stages of an object that took a minute longer than the median.",
        ({ result }) => result?.stalls,
    ),
    failure("retries", "", "Hosts that were registered more than once.", ({ result }) => result?.registeredAgain),
    failure(
        "ironic.failures",
        "",
        "Requests of the benchmark that Ironic did not answer.",
        ({ result }) => result?.ironicFailures,
    ),
];

/** What the run took of the machine. */
export const COST_FIGURES: readonly Definition[] = [
    cost("goal", "s", "From the first host until all is where it should be.", toGoal),
    cost(
        "cpu.host",
        "CPU-s",
        "All that the machine did from the first host to the end of `up`, by the hosts that came.",
        (record) => perHost(record, machineOf(record)?.cpuSeconds),
    ),
    cost(
        "cpu.yardstick",
        "",
        "The same in pieces of the yardstick's work: it leaves out how fast the machine was.",
        (record) => {
            const [cpu, one] = [perHost(record, machineOf(record)?.cpuSeconds), yardstick(record)];
            return cpu === undefined || one === undefined ? undefined : (cpu * 1000) / one;
        },
    ),
    cost("yardstick", "ms", "What the yardstick took, the mean of before and after the run.", yardstick),
    {
        name: "cpu.component.*",
        group: "cost",
        meaning: "CPU of a component, by the hosts that came.",
        unit: "CPU-s",
        isNumber: true,
        each: (record) => byComponent(record, ({ cpuSeconds }) => perHost(record, cpuSeconds)),
    },
    cost("cores.rest", "cores", "Cores in use at rest (`bench --idle`).", ({ result }) => result?.idleCores),
    cost("memory.peak", "B", "Most memory that the lab took of the machine.", (record) => {
        const machine = machineOf(record);
        return machine && machine.peakBytes - machine.bytesBefore;
    }),
    {
        name: "memory.component.*",
        group: "cost",
        meaning: "Most memory of a component.",
        unit: "B",
        isNumber: true,
        each: (record) => byComponent(record, ({ peakMemoryBytes }) => peakMemoryBytes),
    },
    cost(
        "samples.failed",
        "",
        "Samples of CPU and memory that could not be read.",
        (record) => machineOf(record)?.failedSamples,
    ),
];

/** What Pulumi itself took. */
export const PULUMI_FIGURES: readonly Single[] = [
    pulumi("pulumi.preview", "s", "Preview of what the run makes.", ({ result }) => result?.commands.preview?.seconds),
    pulumi("pulumi.up", "s", "`up` of the run.", ({ result }) => result?.commands.up.seconds),
    pulumi(
        "pulumi.up-cpu",
        "CPU-s",
        "CPU of that `up`, its program and its plugins.",
        ({ result }) => result?.commands.up.cpuSeconds,
    ),
    pulumi(
        "pulumi.no-change-up",
        "s",
        "An `up` that has nothing to change.",
        ({ result }) => result?.commands.noChangeUp?.seconds,
    ),
    pulumi(
        "pulumi.no-change-preview",
        "s",
        "A preview that has nothing to change.",
        ({ result }) => result?.commands.previewAfter?.seconds,
    ),
    pulumi("pulumi.destroy", "s", "`destroy`.", ({ end }) => end?.destroy?.seconds),
    pulumi("pulumi.resources", "", "Resources in the state.", ({ result }) => result?.state?.resources),
    pulumi("pulumi.state", "B", "Size of the state's file.", ({ result }) => result?.state?.bytes),
];
