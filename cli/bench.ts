import { Benchmark } from "./bench/benchmark";
import { sidesOf, type Side } from "./bench/compare/sides";
import { BenchLab, labPlace, type LabPlace } from "./bench/lab";
import { benchSizes, checkWays, nodesOf, settings, type BenchOptions } from "./bench/options";
import { report } from "./bench/report/report";
import { checkResizing } from "./bench/resize";
import { planOf } from "./bench/sizing/lab";
import { checkSizing, sizingPlan } from "./bench/sizing/options";
import { sizingSteps } from "./bench/sizing/steps";
import { judged, readLimits } from "./report";
import { Session } from "./session";

/** Of a lab on this machine: a network that no lab has by default, with room for about a thousand addresses. */
export const DEFAULT_SETTINGS = { provisioningCidr: "192.168.244.0/22" };

/**
 * `npm run bench`: makes labs of several sizes one after another and measures them. The file of figures is written
 * after each lab.
 * @returns the exit code.
 */
export async function bench(options: BenchOptions): Promise<number> {
    const given = settings(options.set);
    const place = labPlace(given);
    checkSizing(options, given, place);
    const defaults = place.isHere ? DEFAULT_SETTINGS : {};
    const way = options.sizing ? waySizing(options, { ...defaults, ...given }) : waySizes(options, given, place);
    const limits = await readLimits(options.thresholds);
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    let ready = await session.ensure("up", options.stack, given);
    // The other side may have other images. Another checkout makes its own.
    for (const side of way.further) {
        ready = await session.ensure("up", options.stack, side.settings);
    }
    if (!place.isHere) {
        say("the lab's parts are not on this machine: their CPU and memory are not measured, and no logs are kept");
    }
    const lab = new BenchLab(ready, options.stack, options.parallel, say, place);
    const benchmark = new Benchmark(lab, options, { defaults, given }, say);
    await way.go(benchmark);
    process.stdout.write(`${report(benchmark.file)}\n`);
    return options.thresholds === undefined ? 0 : judged(benchmark.records, limits, options.junit);
}

/** What a benchmark measures. */
interface Way {
    /** Labs beside the first one whose parts this checkout has to make as well. */
    further: readonly Side[];
    go: (benchmark: Benchmark) => Promise<void>;
}

/** @throws UserError with what contradicts itself, before anything is made */
function waySizes(options: BenchOptions, given: Record<string, string>, place: LabPlace): Way {
    const machinesPerCluster = Number(given["controlPlaneNodes"] ?? 1) + Number(given["workerNodes"] ?? 0);
    const { clusters } = options;
    const sizes = benchSizes({ nodes: nodesOf(options), machinesPerCluster, ...(clusters ? { clusters } : {}) });
    checkWays(options, place);
    const sides = sidesOf(options);
    if (options.underLoad) {
        checkResizing(sizes);
    }
    return {
        further: sides.slice(1).filter(({ checkout }) => checkout === undefined),
        go: (benchmark) => (options.underLoad ? benchmark.resize(sizes) : benchmark.measureAll(sizes, sides)),
    };
}

/** @throws UserError when the configuration of a lab cannot work, before anything is made */
function waySizing(options: BenchOptions, common: Record<string, string>): Way {
    const steps = sizingSteps(sizingPlan(options), options.keep);
    for (const step of steps.filter((each) => each.do === "measure")) {
        planOf(step.point, common, options.stack);
    }
    return { further: [], go: (benchmark) => benchmark.size(steps) };
}
