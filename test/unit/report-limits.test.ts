import { readFileSync } from "node:fs";
import { expect } from "chai";
import { figuresOf } from "../../cli/report/figures/figures";
import { junit } from "../../cli/report/limits/junit";
import { hasFailed, judge, RELATIONS } from "../../cli/report/limits/limit";
import { parseLimits } from "../../cli/report/limits/parse";
import { parseXml } from "../../lib/xml";
import { repoPath } from "../../toolchain/paths";
import { sample } from "./record-samples";

const figures = figuresOf(sample());
const says = (...lines: string[]): string[] =>
    judge(parseLimits(lines.map((line) => `- ${line}\n`).join(""), "limits.yaml"), figures).map((each) => each.says);

describe("Limits", () => {
    it("are held against the figures of a run, in any unit of theirs", () => {
        expect(
            says(
                "hosts.provisioned.p95 < 120s",
                "hosts.provisioned.p95 < 1 min",
                "ironic.list.p95 <= 80ms",
                "memory.peak < 3.5 GiB",
                "failed = 0",
                "hosts.available.n >= 20",
                "throughput.hosts.linearity > 1",
                "cpu.component.kube-apiserver < 3.5",
            ),
        ).to.deep.equal([
            "PASS hosts.provisioned.p95 < 120s (68 s)",
            "FAIL hosts.provisioned.p95 < 1 min (68 s)",
            "PASS ironic.list.p95 <= 80ms (80 ms)",
            "PASS memory.peak < 3.5 GiB (3 GiB)",
            "PASS failed = 0 (0)",
            "PASS hosts.available.n >= 20 (20)",
            "FAIL throughput.hosts.linearity > 1 (1)",
            "PASS cpu.component.kube-apiserver < 3.5 (3 CPU-s)",
        ]);
    });

    it("fail where the run has not recorded the figure", () => {
        expect(says("cores.rest < 1")).to.deep.equal(["FAIL cores.rest < 1 (not recorded)"]);
        expect(says("queue.depth.kcp.max < 9")).to.deep.equal(["FAIL queue.depth.kcp.max < 9 (not recorded)"]);
    });

    it("know five relations, of which each means what it says", () => {
        const holds = Object.entries(RELATIONS).map(([name, is]) => [name, is(1, 2), is(2, 2), is(3, 2)]);
        expect(holds).to.deep.equal([
            ["<", true, false, false],
            ["<=", true, true, false],
            [">", false, false, true],
            [">=", false, true, true],
            ["=", false, true, false],
        ]);
    });

    it("make a run fail when one of them does", () => {
        const of = (text: string): boolean => hasFailed(judge(parseLimits(text, "limits.yaml"), figures));
        expect(of("- failed = 0\n- stalls = 0\n")).to.equal(false);
        expect(of("- failed = 0\n- retries = 0\n")).to.equal(true);
    });
});

describe("A file of limits", () => {
    const refused = (text: string): string => {
        try {
            parseLimits(text, "limits.yaml");
        } catch (error) {
            return (error as Error).message;
        }
        throw new Error("it was taken");
    };

    it("is taken as docs/report.md shows it", () => {
        const [, shown = ""] = /```yaml\n([^]*?)```/.exec(readFileSync(repoPath("docs/report.md"), "utf8")) ?? [];
        expect(parseLimits(shown, "limits.yaml")).to.have.length(6);
    });

    it("may have comments, and no limits at all", () => {
        expect(parseLimits("# the hosts\n- failed = 0 # all of them\n", "limits.yaml")).to.have.length(1);
        expect(parseLimits("[]\n", "limits.yaml")).to.deep.equal([]);
    });

    it("is refused with line, key, value and rule of everything that is wrong, at once", () => {
        const form = "must be FIGURE RELATION VALUE[UNIT], such as hosts.available.p95 < 120s";
        const lines = [
            "- failed = 0",
            "- failed",
            "- host.available.p95 < 1s",
            "- hosts.available < 1s",
            "- failed.p95 < 1",
            "- hosts.available.p95 < 1MiB",
            "- failed < 1s",
        ];
        expect(refused(lines.join("\n")).split("\n")).to.deep.equal([
            `limits.yaml:2: limit: failed: ${form}`,
            "limits.yaml:3: figure: host.available: is no figure of a report; the nearest is hosts.available",
            "limits.yaml:4: figure: hosts.available: must say which number is meant: hosts.available.p95; " +
                "n, p50, p95, p99, max",
            "limits.yaml:5: figure: failed.p95: is a single number: write failed",
            "limits.yaml:6: unit: MiB: must be one of ms, s, min, h",
            "limits.yaml:7: unit: s: failed has no unit",
        ]);
    });

    it("is refused where it is no list, or no YAML", () => {
        expect(refused("failed: 0\n")).to.include("limits.yaml:1: limits: failed: 0: must be a list");
        expect(refused("")).to.include("must be a list");
        expect(refused("- 'open\n")).to.match(/^limits\.yaml:\d+: /);
    });
});

describe("The verdicts of limits as JUnit's XML", () => {
    it("have a suite for each run, and a case with a failure for each limit that does not hold", () => {
        const limits = parseLimits("- failed = 0\n- hosts.provisioned.p95 < 1s\n", "limits.yaml");
        const text = junit([{ name: "20 hosts <and> 10 clusters", judged: judge(limits, figures) }]);
        const root = parseXml(text);
        const [suite] = [...root.getElementsByTagName("testsuite")];
        expect(suite?.getAttribute("name")).to.equal("20 hosts <and> 10 clusters");
        expect([suite?.getAttribute("tests"), suite?.getAttribute("failures")]).to.deep.equal(["2", "1"]);
        const cases = [...root.getElementsByTagName("testcase")];
        expect(cases.map((each) => each.getAttribute("name"))).to.deep.equal([
            "failed = 0",
            "hosts.provisioned.p95 < 1s",
        ]);
        expect([...root.getElementsByTagName("failure")].map((each) => each.getAttribute("message"))).to.deep.equal([
            "FAIL hosts.provisioned.p95 < 1s (68 s)",
        ]);
    });
});
