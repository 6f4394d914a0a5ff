import { expect } from "chai";
import fc from "fast-check";
import { Endpoints } from "../../../services/fake-ipa/endpoints.js";
import { Limiter } from "../../../services/fake-ipa/limiter.js";
import { Scheduler } from "../../../services/fake-ipa/scheduler.js";
import { FakeClock, settled } from "./support.js";

describe("The scheduler of fake-ipa", () => {
    it("runs the last entry of each key at its time, with one timer", async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.array(
                    fc.record({
                        key: fc.integer({ min: 0, max: 30 }),
                        delay: fc.integer({ min: 0, max: 5_000 }),
                        cancel: fc.boolean(),
                    }),
                    { maxLength: 300 },
                ),
                async (entries) => {
                    const clock = new FakeClock();
                    const start = clock.now();
                    const scheduler = new Scheduler(clock, (error) => {
                        throw error;
                    });
                    const ran: [string, number][] = [];
                    const expected = new Map<string, number>();
                    for (const { key, delay, cancel } of entries) {
                        if (cancel) {
                            scheduler.cancel(String(key));
                            expected.delete(String(key));
                            continue;
                        }
                        scheduler.schedule(String(key), start + delay, () => {
                            ran.push([String(key), clock.now() - start]);
                        });
                        expected.set(String(key), delay);
                        expect(clock.timerCount).to.be.at.most(1);
                    }
                    expect(scheduler.size).to.equal(expected.size);
                    await clock.advance(6_000);
                    expect(new Map(ran)).to.deep.equal(expected);
                    expect(ran.length).to.equal(expected.size);
                    expect(ran.map(([, at]) => at)).to.deep.equal([...expected.values()].sort((a, b) => a - b));
                    expect(scheduler.size).to.equal(0);
                },
            ),
            { numRuns: 50 },
        );
    });

    it("goes on after an entry that throws, and runs nothing after it is closed", async () => {
        const clock = new FakeClock();
        const errors: unknown[] = [];
        const scheduler = new Scheduler(clock, (error) => errors.push(error));
        const ran: string[] = [];
        scheduler.schedule("bad", clock.now() + 1, () => {
            throw new Error("bad");
        });
        scheduler.schedule("good", clock.now() + 1, () => ran.push("good"));
        scheduler.schedule("late", clock.now() + 1000, () => ran.push("late"));
        await clock.advance(10);
        scheduler.close();
        scheduler.schedule("after", clock.now(), () => ran.push("after"));
        await clock.advance(10_000);
        expect([ran, errors.length]).to.deep.equal([["good"], 1]);
    });

    it("does not grow if one key is moved a million times", () => {
        const clock = new FakeClock();
        const scheduler = new Scheduler(clock, () => undefined);
        for (let index = 0; index < 1_000_000; index++) {
            scheduler.schedule("key", clock.now() + 1_000_000 - index, () => undefined);
        }
        expect(scheduler.size).to.equal(1);
        expect((scheduler as unknown as { heap: unknown[] }).heap.length).to.be.at.most(65);
    });
});

describe("The limiter of fake-ipa", () => {
    it("runs no more tasks than its limit, in their order, also after failures", async () => {
        const limiter = new Limiter(3);
        let running = 0,
            most = 0;
        const order: number[] = [];
        const results = await Promise.allSettled(
            Array.from({ length: 50 }, (_, index) =>
                limiter.run(async () => {
                    order.push(index);
                    most = Math.max(most, ++running);
                    await settled();
                    running--;
                    if (index % 7 === 0) {
                        throw new Error("failed");
                    }
                }),
            ),
        );
        expect(most).to.equal(3);
        expect(order).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
        expect(results.filter((result) => result.status === "rejected").length).to.equal(8);
        expect(limiter.queued).to.equal(0);
    });

    it("starts nothing after it is closed, and waits for running tasks", async () => {
        const limiter = new Limiter(1);
        let release = (): void => undefined;
        const ran: string[] = [];
        const first = limiter.run(async () => {
            await new Promise<void>((resolve) => {
                release = resolve;
            });
            ran.push("first");
        });
        const second = limiter.run(async () => {
            ran.push("second");
            await settled();
        });
        await settled();
        setTimeout(() => {
            release();
        }, 100);
        await limiter.close(5_000);
        await Promise.all([first, second]);
        expect(ran).to.deep.equal(["first"]);
    });
});

describe("The endpoints of a service", () => {
    it("are spread over the callers, and a failed one comes last for 15 s", async () => {
        const clock = new FakeClock();
        const urls = ["http://a", "http://b", "http://c"];
        const endpoints = new Endpoints(urls, clock);
        const keys = Array.from({ length: 300 }, (_, index) => `52:54:00:00:00:${index}`);
        const firsts = (): Record<string, number> => {
            const counts: Record<string, number> = {};
            for (const key of keys) {
                const order = endpoints.order(key);
                expect([...order].sort()).to.deep.equal(urls);
                counts[order[0]!] = (counts[order[0]!] ?? 0) + 1;
            }
            return counts;
        };
        for (const url of urls) {
            expect(firsts()[url]).to.be.within(60, 140);
        }
        endpoints.failed("http://b");
        expect(firsts()["http://b"]).to.equal(undefined);
        await clock.advance(14_000);
        expect(firsts()["http://b"]).to.equal(undefined);
        await clock.advance(1_001);
        expect(firsts()["http://b"]).to.be.within(60, 140);
    });

    it("take a URL back as soon as it answers again", () => {
        const endpoints = new Endpoints(["http://a", "http://b"], new FakeClock());
        const order = endpoints.order("key");
        endpoints.failed(order[0]!);
        expect(endpoints.order("key")).to.deep.equal([...order].reverse());
        endpoints.answered(order[0]!);
        expect(endpoints.order("key")).to.deep.equal(order);
    });
});
