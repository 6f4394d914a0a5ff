import { spawn } from "node:child_process";
import { once } from "node:events";
import {
    appendFile,
    chmod,
    mkdir,
    mkdtemp,
    readFile,
    readdir,
    rm,
    symlink,
    truncate,
    unlink,
    utimes,
    writeFile,
    stat,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Cache, type Recipe } from "../../toolchain/cache/cache";
import { ENTRY_FILE } from "../../toolchain/cache/entry-file";
import { tryLock } from "../../toolchain/cache/lock";

const RECIPE: Recipe = { name: "thing", inputs: { version: "1" } };

describe("The toolchain's cache", () => {
    let root: string;
    let cache: Cache;
    let builds: number;
    const build = async (dir: string): Promise<void> => {
        builds += 1;
        await mkdir(join(dir, "sub"));
        await writeFile(join(dir, "program"), "content", { mode: 0o755 });
        await writeFile(join(dir, "sub", "data"), "data");
        await symlink("program", join(dir, "link"));
    };

    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "lab-cache-test-"));
        cache = new Cache(root);
        builds = 0;
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    it("names an entry after its recipe, builds it once and keeps it", async () => {
        const first = await cache.ensure(RECIPE, build);
        expect(first).to.match(/\/entries\/thing-[0-9a-f]{12}$/);
        expect(await cache.ensure(RECIPE, build)).to.equal(first);
        expect(await new Cache(root).ensure(RECIPE, build)).to.equal(first);
        expect(builds).to.equal(1);
        expect(await readFile(join(first, "program"), "utf8")).to.equal("content");
        expect(await readdir(join(root, "tmp"))).to.deep.equal([]);
    });

    it("gives each recipe an entry of its own", async () => {
        const first = await cache.ensure(RECIPE, build);
        const second = await cache.ensure({ name: "thing", inputs: { version: "2" } }, build);
        expect(second).not.to.equal(first);
        expect((await cache.stateOf(RECIPE)).state).to.equal("present");
    });

    it("names an entry alike for every order of the recipe's fields", () => {
        expect(cache.idOf({ name: "a", inputs: { x: 1, y: [2] } })).to.equal(
            cache.idOf({ name: "a", inputs: { y: [2], x: 1 } }),
        );
    });

    it("refuses names that would leave its folder", () => {
        for (const name of ["../x", "a/b", "", ".hidden", "A"]) {
            expect(() => cache.pathOf({ name, inputs: 0 }), name).to.throw("cannot be the name of a cache entry");
        }
    });

    const damages: [what: string, damage: (dir: string) => Promise<void>, words: string][] = [
        ["a file grown", (dir) => appendFile(join(dir, "program"), "x"), "program has 8 bytes, not 7"],
        ["a file cut off", (dir) => truncate(join(dir, "sub", "data"), 0), "sub/data has 0 bytes, not 4"],
        [
            "a file of the same size with other bytes",
            (dir) => writeFile(join(dir, "program"), "CONTENT"),
            "program has other content than was built",
        ],
        [
            "a file that may no longer be run",
            (dir) => chmod(join(dir, "program"), 0o644),
            "program has other permissions",
        ],
        [
            "a link to another file",
            async (dir) => {
                await unlink(join(dir, "link"));
                await symlink("sub/data", join(dir, "link"));
            },
            "link points elsewhere",
        ],
        ["a file gone", (dir) => unlink(join(dir, "sub", "data")), "sub/data is missing"],
        ["no entry file", (dir) => unlink(join(dir, ENTRY_FILE)), "its .manifest.json is missing"],
        ["half an entry file", (dir) => truncate(join(dir, ENTRY_FILE), 20), "its .manifest.json cannot be read"],
    ];
    for (const [what, damage, words] of damages) {
        it(`finds and repairs ${what}`, async () => {
            const dir = await cache.ensure(RECIPE, build);
            await damage(dir);
            const notices: string[] = [];
            expect((await cache.stateOf(RECIPE)).damage).to.equal(words);
            await cache.ensure(RECIPE, build, { notice: (text) => notices.push(text) });
            expect(builds).to.equal(2);
            expect(notices).to.deep.equal([
                `${cache.idOf(RECIPE)} in the cache is damaged (${words}): making it again`,
            ]);
            expect(await readFile(join(dir, "program"), "utf8")).to.equal("content");
        });
    }

    it("notices other content also when the file's modification time is set back", async () => {
        const dir = await cache.ensure(RECIPE, build);
        const before = await stat(join(dir, "program"));
        await writeFile(join(dir, "program"), "CONTENT");
        await utimes(join(dir, "program"), before.atime, before.mtime);
        expect((await cache.stateOf(RECIPE)).state).to.equal("damaged");
    });

    it("accepts a file that was touched but not changed", async () => {
        const dir = await cache.ensure(RECIPE, build);
        await utimes(join(dir, "program"), new Date(), new Date());
        expect((await cache.stateOf(RECIPE)).state).to.equal("present");
    });

    it("throws the error of a failed build and leaves nothing of it behind", async () => {
        const failing = async (dir: string): Promise<void> => {
            await writeFile(join(dir, "half"), "");
            throw new Error("no network");
        };
        const error = await cache.ensure(RECIPE, failing).catch((caught: Error) => caught);
        expect(error).to.have.property("message", "no network");
        expect((await cache.stateOf(RECIPE)).state).to.equal("missing");
        expect(await readdir(join(root, "tmp"))).to.deep.equal([]);
        await cache.ensure(RECIPE, build);
        expect(builds).to.equal(1);
    });

    it("builds an entry once for many who ask at the same time in one process", async () => {
        const slow = async (dir: string): Promise<void> => {
            await new Promise((done) => setTimeout(done, 300));
            await build(dir);
        };
        const paths = await Promise.all([1, 2, 3, 4].map(() => new Cache(root).ensure(RECIPE, slow)));
        expect(new Set(paths).size).to.equal(1);
        expect(builds).to.equal(1);
    });

    describe("among several processes", function () {
        this.timeout(60_000);
        const script = `
            import { Cache } from ${JSON.stringify(join(__dirname, "../../toolchain/cache/cache"))};
            import { appendFileSync, writeFileSync } from "node:fs";
            const [root, ms] = process.argv.slice(2) as [string, string];
            void new Cache(root).ensure({ name: "thing", inputs: { version: "1" } }, async (dir) => {
                appendFileSync(root + "/builds", process.pid + "\\n");
                writeFileSync(dir + "/half", "half");
                process.stdout.write("building\\n");
                await new Promise((done) => setTimeout(done, Number(ms)));
                writeFileSync(dir + "/program", "content");
            }).then((path) => process.stdout.write(path + "\\n"));`;
        const start = async (ms: number) => {
            const file = join(root, "worker.ts");
            await writeFile(file, script);
            return spawn(process.execPath, ["--import", "tsx", file, root, String(ms)], {
                stdio: ["ignore", "pipe", "inherit"],
                cwd: join(__dirname, "../.."),
            });
        };

        it("has one build an entry and the others wait for it", async () => {
            const workers = await Promise.all([1, 2, 3].map(() => start(1_500)));
            const codes = await Promise.all(workers.map(async (worker) => (await once(worker, "exit"))[0] as number));
            expect(codes).to.deep.equal([0, 0, 0]);
            expect((await readFile(join(root, "builds"), "utf8")).trim().split("\n")).to.have.length(1);
        });

        it("holds no broken entry after a run was killed (kill -9), and the next run is not blocked", async () => {
            const worker = await start(60_000);
            await once(worker.stdout, "data");
            worker.kill("SIGKILL");
            await once(worker, "exit");
            expect((await cache.stateOf(RECIPE)).state).to.equal("missing");
            expect(await readdir(join(root, "tmp"))).to.have.length(1);
            const dir = await cache.ensure(RECIPE, build);
            expect(await readdir(dir)).to.have.members(["link", "program", "sub", ENTRY_FILE]);
            expect(await readdir(join(root, "tmp"))).to.deep.equal([]);
        });
    });

    it("removes what dead runs left, and nothing that a living one works on", async () => {
        const id = cache.idOf(RECIPE);
        await mkdir(join(root, "tmp", `${id}~999999-dead`), { recursive: true });
        const other = "other-0123456789ab";
        await mkdir(join(root, "tmp", `${other}~1-living`), { recursive: true });
        const release = await tryLock(join(root, "locks", other));
        expect(await cache.sweep()).to.deep.equal([`${id}~999999-dead`]);
        expect(await readdir(join(root, "tmp"))).to.deep.equal([`${other}~1-living`]);
        await release?.();
    });
});
