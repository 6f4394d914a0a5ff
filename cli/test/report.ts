import { tailOf } from "../../toolchain/run";

/** What the tests of a suite, or of several, came to. */
export interface Counts {
    passed: number;
    /** Title and message of each failed test. */
    failures: string[];
    /** Title of each skipped test, with the reason. */
    skips: string[];
}

/** How a line of a suite's output begins that tells of one test, in suites of few and long tests. */
export const TEST_ENDED = "test ended: ";

export const NONE: Counts = { passed: 0, failures: [], skips: [] };

interface MochaTest {
    fullTitle: string;
    err: { message?: string };
}

/** Lines of a failed test's message that are shown. The reason of a failed command stands at the end of its output. */
const MESSAGE_LINES = 30;

/** The end of a failed test's message, with the number of lines that were left out: the suite's log has them all. */
function endOfMessage(message: string): string {
    const end = tailOf(message, MESSAGE_LINES);
    const left = message.trimEnd().split("\n").length - end.split("\n").length;
    return left > 0 ? `(${left} lines left out, which are in the suite's log)\n${end}` : end;
}

/** Reads a report of mocha's reporter `json`. @throws SyntaxError when the report is cut off */
export function countMocha(text: string): Counts {
    const report = JSON.parse(text) as { passes: MochaTest[]; failures: MochaTest[]; pending: MochaTest[] };
    return {
        passed: report.passes.length,
        failures: report.failures.map(
            ({ fullTitle, err }) => `${fullTitle}: ${endOfMessage(err.message ?? "no message")}`,
        ),
        skips: report.pending.map(({ fullTitle }) => fullTitle),
    };
}

interface GoEvent {
    Action: string;
    Package?: string;
    Test?: string;
    Output?: string;
}

/**
 * Reads the events of `go test -json`. A package that fails without a failed test, because it does not compile or
 * panics before the first test, counts as one failure.
 */
export function countGo(text: string): Counts {
    const counts = structuredClone(NONE);
    const said = new Map<string, string>();
    const failedPackages = new Set<string>();
    for (const line of text.split("\n").filter((line) => line.startsWith("{"))) {
        const { Action, Package = "", Test, Output = "" } = JSON.parse(line) as GoEvent;
        const name = Test === undefined ? Package : `${Package} ${Test}`;
        said.set(name, (said.get(name) ?? "") + Output);
        const withReason = `${name}: ${tailOf(said.get(name) ?? "", 15)}`;
        if (Action === "fail" && !(Test === undefined && failedPackages.has(Package))) {
            failedPackages.add(Package);
            counts.failures.push(withReason);
        } else if (Action === "skip" && Test !== undefined) {
            counts.skips.push(withReason);
        } else if (Action === "pass" && Test !== undefined) {
            counts.passed += 1;
        }
    }
    return counts;
}

/** How a suite's program ended. */
export interface Exit {
    /** `undefined` if a signal ended it. */
    code: number | undefined;
    timedOut: boolean;
    /** The end of its output. */
    tail: string;
}

/** The counts, with one failure more if the program failed without a failed test (crash, time-out) or passed none. */
export function withExit(counts: Counts, exit: Exit): Counts {
    if (counts.failures.length > 0 || (exit.code === 0 && counts.passed > 0)) {
        return counts;
    }
    const why = exit.timedOut
        ? "did not end in time"
        : exit.code === 0
          ? "ran no test"
          : `ended with exit code ${exit.code ?? "none"}`;
    return { ...counts, failures: [`the suite itself ${why}\n${exit.tail}`] };
}

/** "N passed, N failed", and "N skipped" if any were. */
export function countsText({ passed, failures, skips }: Counts): string {
    return [
        `${passed} passed`,
        `${failures.length} failed`,
        ...(skips.length > 0 ? [`${skips.length} skipped`] : []),
    ].join(", ");
}

/** How test/skip.ts ends the title of a test for which the machine lacks something that a lab can stand on. */
const NOT_THERE = /\(skipped: not there: (.*?)\)(?= |$)/s;

/** What the machine lacks of the things that a lab can stand on, with the reason: "libvirt: it is not installed". */
export const absent = (skips: readonly string[]): string[] => [
    ...new Set(skips.flatMap((skip) => NOT_THERE.exec(skip)?.[1] ?? [])),
];

/** The sum of several suites. */
export const sumOf = (all: readonly Counts[]): Counts => ({
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failures: all.flatMap(({ failures }) => failures),
    skips: all.flatMap(({ skips }) => skips),
});
