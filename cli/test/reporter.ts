import { reporters, Runner, type MochaOptions } from "mocha";
import { duration } from "../../lib/duration";
import { TEST_ENDED } from "./report";

/** Mocha's reporter `json`, which also says of each test, when it ends, how it went and how long it took. */
export default class JsonAndLines extends reporters.JSON {
    constructor(runner: Mocha.Runner, options: MochaOptions) {
        super(runner, options);
        const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Runner.constants;
        const say = (how: string) => (test: Mocha.Test) =>
            process.stdout.write(`\n${TEST_ENDED}${how} ${test.title}, ${duration(test.duration ?? 0)}\n`);
        runner.on(EVENT_TEST_PASS, say("passed:"));
        runner.on(EVENT_TEST_FAIL, say("FAILED:"));
        runner.on(EVENT_TEST_PENDING, say("skipped:"));
    }
}
