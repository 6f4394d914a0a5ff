import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { tryLock, withLock } from "../../toolchain/cache/lock";

describe("A lock of the toolchain", () => {
    let root: string;
    let path: string;
    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "lab-lock-test-"));
        path = join(root, "locks", "thing");
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    it("is free again after the work, also when the work fails", async () => {
        const error = await withLock(path, "a thing", () => Promise.reject(new Error("no network"))).catch(
            (caught: Error) => caught.message,
        );
        expect(error).to.equal("no network");
        const release = await tryLock(path);
        expect(release).to.be.a("function");
        await release?.();
    });

    it("is waited for while another run holds it, and that is said once", async () => {
        const release = await tryLock(path);
        let waits = 0;
        const order: string[] = [];
        const work = withLock(path, "a thing", async () => void order.push("worked"), { onWait: () => (waits += 1) });
        await new Promise((done) => setTimeout(done, 700));
        order.push("released");
        await release?.();
        await work;
        expect(order).to.deep.equal(["released", "worked"]);
        expect(waits).to.equal(1);
    });

    it("names itself and what is being made when the wait was in vain", async () => {
        const release = await tryLock(path);
        const error = await withLock(path, "a thing", async () => undefined, { timeoutMs: 0 }).catch(
            (caught: Error) => caught.message,
        );
        expect(error).to.equal(`waited 0 s for another run that is making a thing (lock ${path}.lock)`);
        await release?.();
    });

    it("is no longer waited for when the run is stopped", async () => {
        const release = await tryLock(path);
        const stop = new AbortController();
        const reason = new Error("stopped");
        const options = { signal: stop.signal, onWait: () => setTimeout(() => stop.abort(reason), 50) };
        const error: unknown = await withLock(path, "a thing", async () => undefined, options).catch(
            (caught: unknown) => caught,
        );
        expect(error).to.equal(reason);
        await release?.();
    });

    it("is no longer waited for when its folder cannot be used any more", async () => {
        const release = await tryLock(path);
        const onWait = async (): Promise<void> => {
            await rm(join(root, "locks"), { recursive: true });
            await writeFile(join(root, "locks"), "a file in the folder's place");
        };
        const error = await withLock(path, "a thing", async () => undefined, { onWait: () => void onWait() }).catch(
            (caught: NodeJS.ErrnoException) => caught.code,
        );
        expect(error).to.be.oneOf(["EEXIST", "ENOTDIR"]);
        await release?.();
    });
});
