import { mkdtemp, rm, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { duration } from "../../lib/duration";
import { Progress, StoppedError } from "../../toolchain/progress";
import { CommandError, run } from "../../toolchain/run";

class Text {
    text = "";
    constructor(readonly isTTY = false) {}
    write(text: string): void {
        this.text += text;
    }
    get lines(): string[] {
        return this.text.trimEnd().split("\n");
    }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe("The progress of the toolchain", () => {
    it("says which step of how many, and how long, in plain lines", async () => {
        const sink = new Text();
        let now = 0;
        const progress = new Progress({ sink, now: () => now });
        progress.expect(12);
        await progress.step("compile kube", async (step) => {
            step.notice("fetched modules");
            now += 65_000;
        });
        expect(sink.lines).to.deep.equal([
            "[ 1/12] compile kube …",
            "[ 1/12] compile kube: fetched modules",
            "[ 1/12] compile kube: done in 1 min 05 s",
        ]);
        expect(sink.text).to.not.contain("\r").and.not.contain("\u001b");
    });

    it("says that a long step is still at work, and at what", async () => {
        const sink = new Text();
        const progress = new Progress({ sink, heartbeatMs: 40 });
        await progress.step("image ironic", async (step) => {
            step.doing("docker build");
            await pause(150);
        });
        const beats = sink.lines.filter((line) => line === "[1/1] image ironic: docker build, 0 s");
        expect(beats.length).to.be.within(1, 4);
    });

    it("numbers steps that run side by side", async () => {
        const sink = new Text();
        const progress = new Progress({ sink });
        progress.expect(2);
        await Promise.all([progress.step("a", () => pause(30)), progress.step("b", () => pause(10))]);
        expect(sink.lines).to.deep.equal(["[1/2] a …", "[2/2] b …", "[2/2] b: done in 0 s", "[1/2] a: done in 0 s"]);
    });

    it("redraws one line on a terminal and leaves it clean", async () => {
        const sink = new Text(true);
        await new Progress({ sink }).step("a", async (step) => step.doing("x"));
        expect(sink.text).to.contain("a (x) 0 s");
        expect(sink.text.endsWith("\r\u001b[K[1/1] a: done in 0 s\n")).to.equal(true);
    });

    it("says which step failed and which was stopped, and throws the error on", async () => {
        const sink = new Text();
        const progress = new Progress({ sink });
        const failed = await progress
            .step("a", () => Promise.reject(new Error("disk full")))
            .catch((error: Error) => error.message);
        await progress.step("b", () => Promise.reject(new StoppedError("x"))).catch(() => undefined);
        expect(failed).to.equal("disk full");
        expect(sink.text)
            .to.match(/a: FAILED after/)
            .and.match(/b: stopped after/);
    });

    it("shows the end of a failed command's output and the path of its log", async () => {
        const dir = await mkdtemp(join(tmpdir(), "lab-progress-test-"));
        const log = join(dir, "step.log");
        try {
            const script = "for i in $(seq 1 40); do echo line $i; done; echo broken >&2; exit 3";
            const error = (await run("sh", ["-c", script], { timeoutMs: 5_000, log }).catch(
                (caught: unknown) => caught,
            )) as CommandError;
            expect(error).to.be.instanceOf(CommandError);
            expect(error.reason).to.equal("exit code 3");
            const sink = new Text();
            await new Progress({ sink }).failure(error);
            expect(sink.text)
                .to.contain("| line 40\n    | broken\n")
                .and.contain(`the whole log: ${log}`)
                .and.not.contain("line 10\n");
            expect(await readFile(log, "utf8"))
                .to.contain("line 1\n")
                .and.contain("broken");
        } finally {
            await rm(dir, { recursive: true });
        }
    });

    it("says that a command took too long or could not be started", async () => {
        const error = (await run("sleep", ["30"], { timeoutMs: 100 }).catch(
            (caught: unknown) => caught,
        )) as CommandError;
        expect(error.reason).to.equal("did not end within 0 s");
        const missing = (await run("/no/such/command", [], { timeoutMs: 100 }).catch(
            (caught: unknown) => caught,
        )) as CommandError;
        expect(missing.reason).to.match(/ENOENT/);
    });

    it("writes time spans in hours, minutes and seconds", () => {
        expect([0, 59_400, 60_000, 3_599_000, 3_600_000, 7_325_000].map(duration)).to.deep.equal([
            "0 s",
            "59 s",
            "1 min 00 s",
            "59 min 59 s",
            "1 h 00 min",
            "2 h 02 min",
        ]);
    });
});
