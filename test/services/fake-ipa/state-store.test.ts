import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Metrics } from "../../../services/fake-ipa/metrics.js";
import { StateStore } from "../../../services/fake-ipa/state-store.js";
import { removeTemporaryDirectories, silent, temporaryDirectory } from "./support.js";

const store = (directory: string | undefined, metrics = new Metrics(false)): StateStore =>
    new StateStore(directory, metrics, silent);
const load = (directory: string): Promise<Map<string, unknown>> => store(directory).load((value) => value);

describe("The state store of fake-ipa", () => {
    after(removeTemporaryDirectories);

    it("makes one write of many, and keeps the last state", async () => {
        const directory = temporaryDirectory();
        const under = store(directory);
        let taken = 0;
        for (let value = 0; value < 1000; value++) {
            for (const key of ["a", "b"]) {
                void under.save(key, () => {
                    taken++;
                    return { key, value };
                });
            }
        }
        await under.flush();
        expect(taken).to.be.at.most(4);
        expect([...(await load(directory))].sort()).to.deep.equal([
            ["a", { key: "a", value: 999 }],
            ["b", { key: "b", value: 999 }],
        ]);
        expect(readdirSync(directory).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
    });

    it("always has a whole file while it replaces one, and keeps the one before", async () => {
        const directory = temporaryDirectory();
        const under = store(directory);
        await under.save("a", () => 0);
        let reading = true,
            reads = 0;
        const reader = (async () => {
            while (reading) {
                const text = readFileSync(join(directory, "a.json"), "utf8");
                expect(text).to.match(/^fake-ipa-state\/1 [0-9a-f]{64}\n\d+$/);
                reads++;
                await new Promise((resolve) => {
                    setImmediate(resolve);
                });
            }
        })();
        for (let value = 1; value <= 200; value++) {
            await under.save("a", () => value);
        }
        reading = false;
        await reader;
        expect(reads).to.be.above(100);
        expect(readFileSync(join(directory, "a.json.bak"), "utf8")).to.match(/\n199$/);
    });

    it("resolves a save when its state is on disk, also during another write", async () => {
        const directory = temporaryDirectory();
        const under = store(directory);
        const first = under.save("a", () => 1);
        await new Promise((resolve) => {
            setImmediate(resolve);
        });
        const second = under.save("a", () => 2);
        await second;
        expect((await load(directory)).get("a")).to.equal(2);
        await first;
        expect((await load(directory)).get("a")).to.equal(2);
    });

    it("finds every damage of a file", async () => {
        const directory = temporaryDirectory();
        const under = store(directory);
        await under.save("a", () => ({ token: "secret", commands: [1, 2, 3] }));
        const path = join(directory, "a.json");
        const good = readFileSync(path);
        for (let at = 0; at < good.length; at += 3) {
            const flipped = Buffer.from(good);
            flipped[at] = flipped[at]! ^ 1;
            for (const bad of [flipped, good.subarray(0, at)]) {
                writeFileSync(path, bad);
                const metrics = new Metrics(false);
                expect([...(await store(directory, metrics).load((value) => value))]).to.deep.equal([]);
                expect(await metrics.registry.getSingleMetricAsString("fake_ipa_state_errors_total")).to.contain(
                    '{kind="damaged"} 1',
                );
            }
        }
        writeFileSync(path, good);
        expect((await load(directory)).get("a")).to.deep.equal({ token: "secret", commands: [1, 2, 3] });
    });

    it("uses a .bak without its file, and removes an unfinished write", async () => {
        const directory = temporaryDirectory();
        const under = store(directory);
        await under.save("a", () => "whole");
        writeFileSync(join(directory, "a.json.bak"), readFileSync(join(directory, "a.json")));
        writeFileSync(join(directory, "a.json.tmp"), "half");
        rmSync(join(directory, "a.json"));
        const metrics = new Metrics(false);
        expect([...(await store(directory, metrics).load((value) => value))]).to.deep.equal([["a", "whole"]]);
        expect(await metrics.registry.getSingleMetricAsString("fake_ipa_state_errors_total")).to.not.contain(
            'kind="damaged"',
        );
        expect(readdirSync(directory)).to.not.include("a.json.tmp");
    });

    it("goes on and counts errors if it cannot write to its directory", async () => {
        const directory = temporaryDirectory();
        const metrics = new Metrics(false);
        const under = store(join(directory, "gone"), metrics);
        await under.save("a", () => 1);
        await under.flush();
        expect(await metrics.registry.getSingleMetricAsString("fake_ipa_state_errors_total")).to.contain(
            '{kind="write"} 1',
        );
    });

    it("keeps nothing without a directory", async () => {
        const under = store(undefined);
        await under.save("a", () => {
            throw new Error("not asked");
        });
        await under.flush();
        expect((await under.load((value) => value)).size).to.equal(0);
    });
});
