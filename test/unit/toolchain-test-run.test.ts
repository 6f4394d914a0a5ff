import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pulumiSettings } from "../../cli/pulumi";
import { labLabel } from "../../cli/recovery/docker-leftovers";
import { knownIds } from "../../cli/recovery/state";
import { dropSalt } from "../../cli/stack-file";
import { verdict } from "../../cli/test";
import { countGo, countMocha, judge, runSuite, type Counts } from "../../cli/test/run";
import { validate } from "../../plan/config/validate";
import { dockerLabels } from "../../plan/docker-labels";
import { plan } from "../../plan/plan";

const NONE: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
const DONE = { code: 0, timedOut: false, tail: "" };

describe("counting tests", () => {
    it("reads mocha's report", () => {
        const text = JSON.stringify({
            stats: { passes: 3, failures: 1, pending: 2 },
            failures: [{ fullTitle: "a b", err: { message: "no" } }],
        });
        expect(countMocha(text)).to.deep.equal({ passed: 3, failed: 1, skipped: 2, failures: ["a b: no"] });
        expect(() => countMocha(text.slice(0, 30))).to.throw(SyntaxError);
    });

    const event = (fields: object): string => JSON.stringify(fields);
    it("reads Go's events: tests, not packages", () => {
        const text = [
            event({ Action: "pass", Package: "p", Test: "TestA" }),
            event({ Action: "skip", Package: "p", Test: "TestB" }),
            event({ Action: "output", Package: "p", Test: "TestC", Output: "c_test.go:1: wrong\n" }),
            event({ Action: "fail", Package: "p", Test: "TestC" }),
            event({ Action: "fail", Package: "p" }),
            event({ Action: "pass", Package: "q" }),
        ].join("\n");
        expect(countGo(text)).to.deep.equal({
            passed: 1,
            failed: 1,
            skipped: 1,
            failures: ["p TestC: c_test.go:1: wrong"],
        });
    });

    it("counts a Go package that does not compile as a failure", () => {
        const text = [
            event({ Action: "output", Package: "p", Output: "undefined: x\n" }),
            event({ Action: "fail", Package: "p" }),
        ].join("\n");
        expect(countGo(text)).to.deep.equal({ passed: 0, failed: 1, skipped: 0, failures: ["p: undefined: x"] });
    });

    it("lets no crash, time-out or empty run pass", () => {
        expect(judge({ ...NONE, passed: 2 }, DONE)).to.include({ passed: 2, failed: 0 });
        expect(judge(NONE, DONE)).to.include({ failed: 1 });
        expect(judge({ ...NONE, passed: 2 }, { ...DONE, code: 7 }).failures).to.deep.equal([
            "the suite itself ended with exit code 7\n",
        ]);
        expect(judge({ ...NONE, passed: 2 }, { code: 1, timedOut: true, tail: "x" }).failures).to.deep.equal([
            "the suite itself did not end in time\nx",
        ]);
        expect(judge({ ...NONE, failed: 1 }, { ...DONE, code: 1 })).to.include({ failed: 1 });
    });

    it("is failed as a whole by one failure, or by no test at all", () => {
        const result = (passed: number, failed: number) => ({ ...NONE, name: "x", ms: 0, passed, failed });
        expect(verdict([result(2, 0), result(3, 0)])).to.deep.equal({ line: "5 passed, 0 failed", ok: true });
        expect(verdict([result(2, 1)])).to.deep.equal({ line: "2 passed, 1 failed", ok: false });
        expect(verdict([])).to.deep.equal({ line: "0 passed, 0 failed", ok: false });
    });

    it("runs a suite of one command and keeps its output", async () => {
        const reports = await mkdtemp(join(tmpdir(), "lab-suite-test-"));
        try {
            const suite = { kind: "one" as const, cwd: "/", limitMs: 10_000, tools: false };
            const good = await runSuite({ ...suite, name: "good", command: ["true"] }, { reports, env: process.env });
            const bad = await runSuite(
                { ...suite, name: "bad", command: ["sh", "-c", "echo wrong type; exit 2"] },
                { reports, env: process.env },
            );
            expect(good).to.include({ passed: 1, failed: 0 });
            expect(bad).to.include({ passed: 0, failed: 1 });
            expect(bad.failures).to.deep.equal(["bad\nwrong type"]);
            expect(await readFile(join(reports, "bad.log"), "utf8")).to.equal("wrong type\n");
        } finally {
            await rm(reports, { recursive: true });
        }
    });
});

describe("around a stack", () => {
    it("the salt goes from a configuration without secrets, and stays with one", async () => {
        const dir = await mkdtemp(join(tmpdir(), "lab-salt-test-"));
        const file = join(dir, "Pulumi.dev.yaml");
        try {
            await writeFile(file, "# ours\nencryptionsalt: v1:abc\nconfig:\n  metal3-scale-lab:nodes: 4 # hosts\n");
            expect(await dropSalt(file)).to.equal(true);
            expect(await readFile(file, "utf8"))
                .to.contain("metal3-scale-lab:nodes: 4 # hosts")
                .and.not.contain("salt");
            expect(await dropSalt(file)).to.equal(false);
            const secret = "encryptionsalt: v1:abc\nconfig:\n  a:b:\n    secure: v1:x\n";
            await writeFile(file, secret);
            expect(await dropSalt(file)).to.equal(false);
            expect(await readFile(file, "utf8")).to.equal(secret);
        } finally {
            await rm(dir, { recursive: true });
        }
    });

    it("leftovers are looked for under the label the program gives", () => {
        const [label] = dockerLabels(plan(validate({}), "dev"));
        expect(labLabel("dev")).to.equal(`${label?.label}=${label?.value}`);
        expect(labLabel("organization/metal3-scale-lab/dev")).to.equal(labLabel("dev"));
    });

    it("what the state knows, by id or by name, is no leftover", () => {
        expect([
            ...knownIds([{ id: "abc", outputs: { name: "m3lab-dev-x" } }, { outputs: { name: 7 } }]),
        ]).to.deep.equal(["abc", "m3lab-dev-x"]);
    });

    it("only a large lab goes without checkpoints, and with a larger heap", () => {
        expect(pulumiSettings(4, 2, 115, {})).to.deep.equal({});
        expect(pulumiSettings(Number.NaN, 2, 0, {})).to.deep.equal({});
        expect(pulumiSettings(500, 100, 115, {})).to.deep.equal({
            PULUMI_SKIP_CHECKPOINTS: "true",
            NODE_OPTIONS: "--max-old-space-size=4096",
        });
        expect(pulumiSettings(10_000, 0, 0, { NODE_OPTIONS: "--trace-warnings" })["NODE_OPTIONS"]).to.equal(
            "--trace-warnings --max-old-space-size=8000",
        );
    });

    it("nor does a large lab that is to be small", () => {
        for (const nodes of [4, Number.NaN]) {
            expect(pulumiSettings(nodes, 2, 3189, {})).to.deep.equal(pulumiSettings(200, 0, 0, {}));
        }
    });

    it("they come out the same in a shell that has them already", () => {
        const env = { NODE_OPTIONS: "--trace-warnings --max-old-space-size=4096" };
        expect(pulumiSettings(10_000, 0, 0, env)["NODE_OPTIONS"]).to.equal(
            "--trace-warnings --max-old-space-size=8000",
        );
        expect(pulumiSettings(1000, 0, 0, env)).to.deep.equal({ PULUMI_SKIP_CHECKPOINTS: "true", ...env });
    });
});
