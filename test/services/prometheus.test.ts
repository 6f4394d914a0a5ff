import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { prometheusConfiguration } from "../../plan/manifests/observability/scrape";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { imageForTests } from "../lab-image";
import { recordedMetrics } from "../promql";

const RULES = path.resolve("metrics/rules");

describe("metrics/rules, by the promtool of the image", function () {
    this.timeout(60_000);
    const image = imageForTests("prometheus");
    const promtool = (folder: string, ...args: string[]): { status: number | null; output: string } => {
        const options = ["run", "--rm", "--network", "none", "-v", `${folder}:/files:ro`, "-w", "/files"];
        const { status, stdout, stderr } = spawnSync("docker", [...options, image(), "promtool", ...args], {
            encoding: "utf8",
        });
        return { status, output: stdout + stderr };
    };

    it("are rules, which promtool finds no fault in", () => {
        const { status, output } = promtool(RULES, "check", "rules", "lab.rules.yaml", "alerts.rules.yaml");
        expect(status, output).to.equal(0);
        expect(output.match(/SUCCESS: \d+ rules found/g)).to.have.length(2);
    });

    it("say what their tests expect", () => {
        const { status, output } = promtool(RULES, "test", "rules", "tests.yaml");
        expect(status, output).to.equal(0);
    });

    it("stand in a configuration that Prometheus takes, on every substrate", () => {
        const folder = mkdtempSync(path.join(tmpdir(), "prometheus-"));
        // The image's user is not the one that runs the tests.
        chmodSync(folder, 0o755);
        try {
            for (const substrate of ["embedded", "existing"]) {
                const lab = plan(validate({ substrate }), "test");
                const content = stringify(prometheusConfiguration(lab, recordedMetrics()));
                writeFileSync(path.join(folder, "prometheus.yml"), content);
                const { status, output } = promtool(folder, "check", "config", "--syntax-only", "prometheus.yml");
                expect(status, output).to.equal(0);
            }
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});
