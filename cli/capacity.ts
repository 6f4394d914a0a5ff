import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { duration } from "../lib/duration";
import { machineFacts } from "../lib/machine-facts";
import { replaceFile } from "../lib/replace-file";
import { predictedMachine } from "../machine/own-runs/machine";
import { percent, roughTime } from "../plan/prediction/words";
import { validate } from "../plan/validate";
import { repoPath } from "../toolchain/paths";
import { DEFAULT_SETTINGS } from "./bench";
import { BenchLab, currentCommit, labPlace } from "./bench/lab";
import { settings } from "./bench/options";
import { forecastSearch } from "./capacity/forecast";
import { predictedRung, RealCapacityLab, refused, type RungFacts } from "./capacity/lab";
import { limitsOf, searchPlan, type CapacityOptions } from "./capacity/options";
import { search, type Found, type Rung, type SearchPlan } from "./capacity/search";
import { foundText, rungLines, rungTable } from "./capacity/text";
import { INTERRUPTED, Session } from "./session";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The JSON file of figures of a search. */
export interface CapacityFile {
    machine: ReturnType<typeof machineFacts>;
    commit: string;
    /** ISO 8601. */
    began: string;
    settings: Readonly<Record<string, string>>;
    limits: string[];
    /** Whether hosts alone are looked for, without clusters. */
    hostsAlone: boolean;
    rungs: Rung[];
    /** Absent: the search goes on, or was killed. */
    found?: Found;
}

/** Writes the figures as a whole, so that a search that is killed keeps its earlier rungs. */
async function write(file: CapacityFile, out: string): Promise<void> {
    await mkdir(dirname(out), { recursive: true });
    await replaceFile(out, `${JSON.stringify(file, undefined, 1)}\n`);
}

/** Says beforehand how long a search takes. Nothing fails because that cannot be predicted. */
async function sayForecast(plan: SearchPlan, facts: RungFacts, minutes: number, say: (text: string) => void) {
    const forecast = await forecastSearch(
        plan,
        (from, to) => predictedRung(facts, from, to),
        (hosts) => refused(facts, hosts),
    );
    const limit = `it ends after ${duration(minutes * 60_000)} at the latest`;
    say(
        forecast === undefined
            ? `== how long this takes cannot be predicted; ${limit}`
            : `== predicted: ${forecast.rungs} rungs in about ${roughTime(forecast.seconds)} ` +
                  `(${percent(forecast.error)}), the last that holds being one of ${forecast.holds} hosts; ${limit}`,
    );
}

/**
 * `npm run capacity`: looks for the largest lab that this machine holds within limits. The lab is taken away at the
 * end, also when the search fails or is stopped.
 * @returns the exit code: 0 when it has found one, 1 when not even the smallest lab holds, or it does not know
 */
export async function capacity(options: CapacityOptions): Promise<number> {
    const given = settings(options.set);
    const place = labPlace(given);
    const plan = searchPlan(options, given, place);
    const limits = await limitsOf(options);
    const common = { ...DEFAULT_SETTINGS, ...given };
    const { controlPlaneNodes, workerNodes } = validate({ ...common, nodes: "0", clusters: "0" });
    let began = Date.now();
    const secondsLeft = (): number => options.limit * 60 - (Date.now() - began) / 1000;
    const facts: RungFacts = {
        stack: options.stack,
        settings: common,
        clustersOf: (hosts) => (options.clusters === 0 ? 0 : Math.floor(hosts / (controlPlaneNodes + workerNodes))),
        limits,
        machine: predictedMachine(),
        secondsLeft,
    };
    // What cannot work is refused before anything is made.
    predictedRung(facts, 0, plan.start);
    const session = new Session();
    const say = (text: string): void => session.progress.line(text);
    const ready = await session.ensure("up", options.stack, given);
    // What had to be built first is not of the search.
    began = Date.now();
    await sayForecast(plan, facts, options.limit, say);

    const out = resolve(repoPath(), options.out);
    const file: CapacityFile = {
        machine: machineFacts(),
        commit: await currentCommit(),
        began: new Date(began).toISOString(),
        settings: common,
        limits: limits.map(({ text }) => text),
        hostsAlone: options.clusters === 0,
        rungs: [],
    };
    const lab = new BenchLab(ready, options.stack, options.parallel, say, place);
    let isStopped = false;
    // Stays to the end: a second signal must not end this process while the lab is taken away.
    const stop = (): void => {
        isStopped = true;
        say("stopping: the lab is taken away, which can take some minutes");
    };
    SIGNALS.forEach((signal) => process.on(signal, stop));
    try {
        const clock = { now: Date.now, isOver: () => secondsLeft() <= 0, isStopped: () => isStopped };
        file.found = await search(plan, new RealCapacityLab(lab, facts, say), clock, async (rung) => {
            file.rungs.push(rung);
            rungLines(rung).forEach(say);
            await write(file, out);
        });
    } finally {
        await write(file, out);
        await lab.end();
        SIGNALS.forEach((signal) => process.off(signal, stop));
    }
    process.stdout.write(`${rungTable(file.rungs).join("\n")}\n${foundText(file.found, file)}\n`);
    process.stdout.write(`the figures are in ${options.out}\n`);
    return isStopped ? INTERRUPTED : file.found.holds > 0 && file.found.ended !== "lost" ? 0 : 1;
}
