import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { absent, countGo, countMocha, countsText, NONE, sumOf, withExit } from "../../cli/test/report";
import { runSuite } from "../../cli/test/run";
import { e2eSuites, FOLDERS, untriedSubstrates, WALK_SUITE, type Suite } from "../../cli/test/suites";
import { repoPath } from "../../toolchain/paths";

const DONE = { code: 0, timedOut: false, tail: "" };

describe("The report of npm test", () => {
    it("counts mocha's tests", () => {
        const test = (fullTitle: string, err = {}) => ({ fullTitle, err });
        const text = JSON.stringify({
            passes: [test("a"), test("b")],
            failures: [test("a b", { message: "no" })],
            pending: [test("c (Docker does not answer)")],
        });
        expect(countMocha(text)).to.deep.equal({
            passed: 2,
            failures: ["a b: no"],
            skips: ["c (Docker does not answer)"],
        });
        expect(() => countMocha(text.slice(0, 30))).to.throw(SyntaxError);
    });

    it("shows the end of a long message, where a failed command gives its reason", () => {
        const said = Array.from({ length: 100 }, (_, index) => `line ${index}`).join("\n");
        const failure = { fullTitle: "grows", err: { message: `${said}\nerror: no host\n: expected 1 to equal 0` } };
        const [shown = ""] = countMocha(JSON.stringify({ passes: [], failures: [failure], pending: [] })).failures;
        const [first, ...rest] = shown.split("\n");
        expect(first).to.equal("grows: (72 lines left out, which are in the suite's log)");
        expect(rest).to.have.length(30).and.include("line 72").and.not.include("line 71");
        expect(rest.slice(-2)).to.deep.equal(["error: no host", ": expected 1 to equal 0"]);
    });

    const event = (fields: object): string => JSON.stringify(fields);

    it("counts Go's tests, not its packages", () => {
        const text = [
            event({ Action: "pass", Package: "p", Test: "TestA" }),
            event({ Action: "output", Package: "p", Test: "TestB", Output: "b_test.go:1: no etcd\n" }),
            event({ Action: "skip", Package: "p", Test: "TestB" }),
            event({ Action: "output", Package: "p", Test: "TestC", Output: "c_test.go:1: wrong\n" }),
            event({ Action: "fail", Package: "p", Test: "TestC" }),
            event({ Action: "fail", Package: "p" }),
            event({ Action: "pass", Package: "q" }),
            event({ Action: "skip", Package: "r" }),
        ].join("\n");
        expect(countGo(text)).to.deep.equal({
            passed: 1,
            failures: ["p TestC: c_test.go:1: wrong"],
            skips: ["p TestB: b_test.go:1: no etcd"],
        });
    });

    it("counts a Go package that does not compile as one failure", () => {
        const text = [
            event({ Action: "output", Package: "p", Output: "undefined: x\n" }),
            event({ Action: "fail", Package: "p" }),
        ].join("\n");
        expect(countGo(text)).to.deep.equal({ ...NONE, failures: ["p: undefined: x"] });
    });

    it("counts a crash, a time-out and an empty run as a failure", () => {
        const two = { ...NONE, passed: 2 };
        expect(withExit(two, DONE)).to.deep.equal(two);
        expect(withExit({ ...NONE, skips: ["a"] }, DONE).failures).to.deep.equal(["the suite itself ran no test\n"]);
        expect(withExit(two, { ...DONE, code: 7 }).failures).to.deep.equal([
            "the suite itself ended with exit code 7\n",
        ]);
        expect(withExit(two, { code: undefined, timedOut: true, tail: "x" }).failures).to.deep.equal([
            "the suite itself did not end in time\nx",
        ]);
        expect(withExit({ ...NONE, failures: ["a"] }, { ...DONE, code: 1 }).failures).to.deep.equal(["a"]);
    });

    it("names skipped tests in the last line, and only if there are any", () => {
        const one = { passed: 2, failures: ["a"], skips: [] };
        expect(countsText(one)).to.equal("2 passed, 1 failed");
        expect(countsText(sumOf([one, { passed: 3, failures: [], skips: ["b", "c"] }]))).to.equal(
            "5 passed, 1 failed, 2 skipped",
        );
    });

    it("counts a suite of one command by its exit code, and keeps its output", async () => {
        const reports = await mkdtemp(join(tmpdir(), "lab-suite-test-"));
        const run = (name: string, ...command: string[]) =>
            runSuite(
                { name, kind: "command", command, cwd: "/", limitMs: 10_000, tools: false },
                { reports, env: process.env },
            );
        try {
            expect(await run("good", "true")).to.deep.include({ passed: 1, failures: [] });
            expect(await run("bad", "sh", "-c", "echo wrong type; exit 2")).to.deep.include({
                passed: 0,
                failures: ["the suite itself ended with exit code 2\nwrong type"],
            });
            expect(await readFile(join(reports, "bad.log"), "utf8")).to.equal("wrong type\n");
        } finally {
            await rm(reports, { recursive: true });
        }
    });

    it("tells of each long test when it ends: how it went, and how long it took", async () => {
        const folder = await mkdtemp(join(tmpdir(), "lab-suite-test-"));
        const file = join(folder, "long.test.js");
        const told: string[] = [];
        await writeFile(
            file,
            `describe("a lab", () => {
                it("grows", (done) => setTimeout(done, 1200));
                it("waits for a person");
                it("shrinks", () => { throw new Error("no host"); });
            });`,
        );
        try {
            const [suite] = await e2eSuites({ steps: 6, seed: 7 }, {});
            const command = [...(suite?.command.slice(0, -2) ?? []), file, "--exit"];
            const result = await runSuite(
                { ...(suite as Suite), name: "long", command },
                { reports: folder, env: process.env, ended: (text) => told.push(text) },
            );
            expect(told).to.deep.equal([
                "passed: grows, 1 s",
                "skipped: waits for a person, 0 s",
                "FAILED: shrinks, 0 s",
            ]);
            expect(result).to.deep.include({ passed: 1, failures: ["a lab shrinks: no host"] });
        } finally {
            await rm(folder, { recursive: true });
        }
    });

    it("says once what a lab can stand on and was not there, with the reason", () => {
        expect(
            absent([
                "The network (skipped: not there: libvirt: it is not installed) is made",
                "The network (skipped: not there: libvirt: it is not installed) is shared",
                "a lab stands on a machine (skipped: not there: minikube's driver kvm2: no KVM)",
                "a lab grows (skipped: only with --whole, for its time)",
            ]),
        ).to.deep.equal(["libvirt: it is not installed", "minikube's driver kvm2: no KVM"]);
    });

    it("includes every folder of tests", async () => {
        const entries = await readdir(repoPath("test"), { withFileTypes: true });
        const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
        expect(folders).to.have.members([...Object.keys(FOLDERS), "e2e", "vm"]);
    });

    it("hands a random walk its length and seed, the time for its steps, and a stack of its own", async () => {
        const [short, long] = await Promise.all(
            [6, 20].map(async (steps) =>
                (await e2eSuites({ steps, seed: 7 }, {})).find(({ name }) => name === WALK_SUITE),
            ),
        );
        expect(short?.env).to.include({ METAL3_SCALE_LAB_E2E_WALK: "6", METAL3_SCALE_LAB_E2E_SEED: "7" });
        expect(short?.env?.["METAL3_SCALE_LAB_E2E_STACK"]).to.be.a("string").and.not.equal("e2e");
        expect(long?.limitMs).to.be.above(short?.limitMs ?? 0);
    });

    it("takes every step of a lab only where that is asked for", async () => {
        const asked = async (isWhole: boolean): Promise<unknown[]> =>
            (await e2eSuites({ steps: 6, seed: 7 }, { isWhole }))
                .filter(({ name }) => name.startsWith("e2e-lab-"))
                .map(({ env }) => env?.["METAL3_SCALE_LAB_E2E_WHOLE"]);
        expect(await asked(true)).to.deep.equal(["1", "1", "1"]);
        expect(await asked(false)).to.deep.equal([undefined, undefined, undefined]);
    });

    it("begins labs with another set of versions only where that is asked for", async () => {
        const asked = async (versionSet?: string): Promise<unknown[]> =>
            (await e2eSuites({ steps: 6, seed: 7 }, { versionSet }))
                .filter(({ name }) => name.startsWith("e2e-lab-"))
                .map(({ env }) => env?.["METAL3_SCALE_LAB_E2E_VERSION_SET"]);
        expect(await asked("2026.1")).to.deep.equal(["2026.1", "2026.1", "2026.1"]);
        expect(await asked()).to.deep.equal([undefined, undefined, undefined]);
    });

    it("says on which substrates no suite makes a lab", async () => {
        const suites = await e2eSuites({ steps: 6, seed: 7 }, {});
        const ordinary = suites.filter(({ onDemand }) => !onDemand);
        expect(untriedSubstrates(suites)).to.deep.equal([]);
        expect(untriedSubstrates(ordinary)).to.have.length(1);
        expect(untriedSubstrates(ordinary)[0]).to.match(/^the substrate existing: .*--only e2e-lab-existing/);
    });

    it("gives no two suites the same stack, since they would take each other's lab away", async () => {
        const suites = await e2eSuites({ steps: 6, seed: 7 }, {});
        const stacks = suites.map(({ name, env }) => env?.["METAL3_SCALE_LAB_E2E_STACK"] ?? name);
        expect(stacks).to.deep.equal([...new Set(stacks)]);
        expect(stacks).to.include.members(["embedded", "minikube", "guest"]);
    });

    it("makes some suites only where they are asked for, each with a stack of its own", async () => {
        const suites = (await e2eSuites({ steps: 6, seed: 7 }, {})).filter(({ onDemand }) => onDemand);
        expect(suites.map(({ name, env }) => [name, env?.["METAL3_SCALE_LAB_E2E_STACK"]])).to.deep.equal([
            ["e2e-bundle", "bundle"],
            ["e2e-existing", "existing"],
            ["e2e-lab-existing", "guest"],
            ["e2e-registry-embedded", "registry-embedded"],
            ["e2e-registry-minikube", "registry-minikube"],
            ["e2e-registry-existing", "registry-existing"],
            ["e2e-rollout", "rollout"],
            ["e2e-state", "state"],
            ["e2e-workers", "workers"],
        ]);
    });
});
