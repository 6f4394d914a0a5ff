import { expect } from "chai";
import { WaitTimeout, waitUntil, type Look } from "../../lib/wait-until";

describe("waitUntil", () => {
    const looks = (answers: (Look<string> | Error)[]) => {
        let next = 0;
        return {
            count: () => next,
            look: async (): Promise<Look<string>> => {
                const answer = answers[Math.min(next++, answers.length - 1)] as Look<string> | Error;
                if (answer instanceof Error) {
                    throw answer;
                }
                return answer;
            },
        };
    };

    it("returns what the first finished look found, after looks that were pending or failed", async () => {
        const { look, count } = looks([{ pending: ["no pod"] }, new Error("connection refused"), { done: "ready" }]);
        expect(await waitUntil({ what: "the pod", timeoutMs: 1000, everyMs: 1, look })).to.equal("ready");
        expect(count()).to.equal(3);
    });

    it("names what it waited for, how long, what was missing at the last look, and where to look", async () => {
        const { look } = looks([{ pending: ["pod a", "pod b"] }]);
        const error = await waitUntil({
            what: "the pods",
            timeoutMs: 20,
            everyMs: 5,
            look,
            hint: "See the logs.",
        }).catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(WaitTimeout);
        expect((error as Error).message).to.equal(
            "waited 0 s for the pods; at the last look:\n  pod a\n  pod b\nSee the logs.",
        );
    });

    it("takes the last look's error for what was missing", async () => {
        const { look } = looks([new Error("connection refused")]);
        const error = await waitUntil({ what: "it", timeoutMs: 0, look }).catch((thrown: unknown) => thrown);
        expect((error as WaitTimeout).pending).to.deep.equal(["connection refused"]);
    });

    it("looks once even when no time is given", async () => {
        const { look } = looks([{ done: "there" }]);
        expect(await waitUntil({ what: "it", timeoutMs: 0, look })).to.equal("there");
    });

    it("ends at once when it is aborted, with the reason of the signal", async () => {
        const { look } = looks([{ pending: [] }]);
        const abort = new AbortController();
        const waiting = waitUntil({ what: "it", timeoutMs: 60_000, everyMs: 60_000, look, signal: abort.signal });
        // Long enough for the wait to be asleep between two looks.
        await new Promise((done) => setTimeout(done, 20));
        const reason = new Error("another step failed");
        abort.abort(reason);
        expect(await waiting.catch((thrown: unknown) => thrown)).to.equal(reason);
    });

    it("reports progress with what is missing, no more often than told", async () => {
        const lines: string[] = [];
        const { look } = looks([{ pending: ["pod a"] }]);
        await waitUntil({
            what: "the pods",
            timeoutMs: 50,
            everyMs: 5,
            look,
            progressMs: 0,
            onProgress: (line) => lines.push(line),
        }).catch(() => undefined);
        expect(lines[0]).to.equal("waiting for the pods (0 s): pod a");
    });

    it("ends at once with the error of a look that says that waiting is in vain", async () => {
        const gone = new Error("somebody has deleted it");
        const { look, count } = looks([{ pending: ["not yet"] }, { failed: gone }, { done: "ready" }]);
        const error = await waitUntil({ what: "it", timeoutMs: 1000, everyMs: 1, look }).catch(
            (thrown: unknown) => thrown,
        );
        expect(error).to.equal(gone);
        expect(count()).to.equal(2);
    });

    it("goes by the clock that it is given", async () => {
        let time = 0;
        const { look, count } = looks([{ pending: [] }]);
        const clock = { now: () => time, sleep: (milliseconds: number) => Promise.resolve((time += milliseconds)) };
        const error = await waitUntil({ what: "it", timeoutMs: 60_000, everyMs: 10_000, look, clock }).catch(
            (thrown: unknown) => thrown,
        );
        expect((error as Error).message).to.match(/^waited 60 s for it/);
        expect(count()).to.equal(7);
    });
});
