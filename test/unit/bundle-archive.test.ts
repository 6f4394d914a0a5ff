import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { appendFile, copyFile, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ABOUT, PARTS, aboutText, platform, verifyBundle, type About } from "../../toolchain/bundle/archive.mjs";
import { pack } from "../../toolchain/bundle/pack";
import { StoppedError } from "../../toolchain/progress";
import { IMAGES, RECIPES, FakeMachine } from "./bundle-support";

const BOOTSTRAP = "toolchain/bootstrap.mjs";

/** In the place of tsx, which is loaded before the command line: says what that would get, and ends. */
const TSX = 'console.log("the command line got", process.argv[2]);\nprocess.exit();\n';

/** Bytes cut off the end, so that the last part loses some: tar ends with blocks of zeros, up to 10 KiB. */
const CUT = 20_480;

describe("A bundle", () => {
    let machine: FakeMachine;
    let file: string;
    let about: About;
    before(async () => {
        machine = await FakeMachine.create();
        ({ file, about } = await machine.bundle());
    });
    after(() => machine.remove());

    /** A copy of the bundle that is changed. */
    const changed = async (change: (copy: string) => Promise<unknown>): Promise<string> => {
        const copy = join(machine.folder, "copy.tar");
        await copyFile(file, copy);
        await change(copy);
        return copy;
    };
    const complaint = (path: string): Promise<string> =>
        verifyBundle(path).then(
            () => "none",
            (error: Error) => error.message,
        );
    /** A bundle that says something else of itself, and has the hash for it. */
    const saying = (other: Partial<About>): Promise<string> =>
        changed(async (copy) => {
            const folder = join(machine.folder, "unpacked");
            mkdirSync(folder, { recursive: true });
            execFileSync("tar", ["-xf", "copy.tar", "-C", folder], { cwd: machine.folder });
            await writeFile(join(folder, ABOUT), aboutText({ ...about, ...other }));
            execFileSync("tar", ["-cf", copy, ...readdirSync(folder)], { cwd: folder });
        });

    it("says for which lab, commit and machine it is, and what is in it", async () => {
        expect(await verifyBundle(file)).to.deep.equal(about);
        expect(about).to.include({ stack: "dev", platform: `${process.platform}-${process.arch}`, commit: "unknown" });
        expect(about.entries).to.have.length(RECIPES.length);
        expect(about.entries[0]).to.match(/^first-[0-9a-f]{12}$/);
        expect(about.images).to.deep.equal(IMAGES);
        expect(Object.keys(about.parts)).to.have.members(Object.values(PARTS));
    });

    it("is one file: what it was made from is removed, also when the making fails", async () => {
        expect(readdirSync(dirname(file))).to.deep.equal(["lab.tar"]);
        const before = await readFile(file);
        const failure = await machine.bundle({ images: ["example.org/none:1"] }).then(
            () => "none",
            (error: Error) => error.message,
        );
        expect(failure).to.include("docker save: exit code 1");
        expect(readdirSync(dirname(file))).to.deep.equal(["lab.tar"]);
        expect(before.equals(await readFile(file))).to.equal(true);
    });

    it("is not made when somebody stops that, who is told so", async () => {
        const stop = new AbortController();
        const to = join(machine.folder, "never.tar.gz");
        const packing = pack("sh", ["-c", "echo begun; exec sleep 60"], to, {
            signal: stop.signal,
            see: () => stop.abort(new StoppedError("stopped by the test")),
        });
        const error: unknown = await packing.catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(StoppedError).and.have.property("message", "stopped by the test");
    });

    it("is refused when a byte of any part is another one", async () => {
        for (const part of Object.values(PARTS)) {
            const copy = await changed(async (path) => {
                const bytes = await readFile(path);
                // The name of the part begins its header, and its content comes 512 bytes later.
                const at = bytes.indexOf(`${part}\0`) + 512 + 20;
                bytes[at] = (bytes[at] as number) ^ 1;
                await writeFile(path, bytes);
            });
            expect(await complaint(copy)).to.equal(
                `${copy} is damaged: ${part} has other content than was put into it. Copy it again.`,
            );
        }
    });

    it("is refused when it is cut off, wherever that is", async () => {
        const { size } = await stat(file);
        for (const length of [0, 100, 700, Math.round(size / 2), size - CUT]) {
            const copy = await changed((path) => truncate(path, length));
            expect(await complaint(copy), `${length} of ${size} bytes`).to.match(
                /is cut off or damaged: |is no bundle that/,
            );
        }
    });

    it("is refused when it is another file, or none", async () => {
        const [text, archive] = [join(machine.folder, "text"), join(machine.folder, "archive.tar")];
        await writeFile(text, "lab");
        execFileSync("tar", ["-cf", archive, "text"], { cwd: machine.folder });
        for (const other of [text, archive]) {
            expect(await complaint(other)).to.match(/is no bundle that `npm run bundle` made/);
        }
        expect(await complaint(join(machine.folder, "none"))).to.match(/cannot be read: ENOENT/);
    });

    it("is refused when it says other things of itself than it was made with", async () => {
        const copy = await changed(async (path) => {
            const text = (await readFile(path)).toString("latin1");
            await writeFile(path, text.replace('"stack":"dev"', '"stack":"dex"'), "latin1");
        });
        expect(await complaint(copy)).to.match(/or its beginning is damaged/);
    });

    it("is refused on another kind of machine, and by a checkout that knows another format", async () => {
        expect(await complaint(await saying({ platform: "linux-arm64" }))).to.match(
            new RegExp(`is a bundle for linux-arm64, and this machine is ${platform}$`),
        );
        expect(await complaint(await saying({ format: 2 }))).to.match(/format 2, and this checkout reads format 1$/);
        expect(await complaint(await saying({}))).to.equal("none");
    });

    describe("in a checkout without npm packages", () => {
        /** Runs bootstrap.mjs of a checkout whose only dependency is tsx, where npm fails. */
        const run = async (name: string, ...args: string[]): Promise<{ status: number; output: string }> => {
            // Into a file: a child of npm's that is still there would keep a pipe open.
            const command = ["sh", "-c", 'exec "$@" >"$0" 2>&1', join(machine.folder, "output"), process.execPath];
            const { status } = await machine.with(async () =>
                spawnSync("env", [...command, join(machine.folder, name, BOOTSTRAP), ...args]),
            );
            return { status: status ?? 1, output: await machine.read("output") };
        };
        let bundle: string;
        const checkout = async (name: string): Promise<void> => {
            for (const path of [BOOTSTRAP, "toolchain/bundle/archive.mjs"]) {
                cpSync(path, join(machine.folder, name, path));
            }
            const packages = { "": {}, "node_modules/tsx": { version: "1.0.0" } };
            await machine.write(`${name}/package-lock.json`, JSON.stringify({ lockfileVersion: 3, packages }));
            await machine.write(`${name}/package.json`, '{"name": "lab", "dependencies": {"tsx": "1.0.0"}}');
        };
        before(async () => {
            await checkout("checkout");
            const lock = await machine.read("checkout/package-lock.json");
            await machine.write("checkout/node_modules/.package-lock.json", lock);
            await machine.write("checkout/node_modules/tsx/package.json", '{"version": "1.0.0", "main": "index.js"}');
            await machine.write("checkout/node_modules/tsx/index.js", TSX);
            await machine.write("bin/npm", "#!/bin/sh\nexit 1\n");
            bundle = (await machine.bundle()).file;
        });

        it("gives them, and the command runs", async () => {
            await checkout("fresh");
            const { status, output } = await run("fresh", "up", "--bundle", bundle);
            expect(output).to.match(
                /^\[npm\] taking .* from .*lab\.tar …\n\[npm\] done in \d+ s\nthe command line got up$/m,
            );
            expect(status).to.equal(0);
            expect(await machine.read("fresh/node_modules/some/index.js")).to.equal("module.exports = 1;\n");
            expect(readdirSync(join(machine.folder, "fresh", ".lab"))).to.deep.equal(["npm-install.lock"]);
            expect((await run("fresh", "up", `--bundle=${bundle}`)).output).to.equal("the command line got up\n");
        });

        it("gives none when it is damaged", async () => {
            await checkout("other");
            const damaged = join(machine.folder, "damaged.tar");
            await copyFile(bundle, damaged);
            await truncate(damaged, (await stat(bundle)).size - CUT);
            const { status, output } = await run("other", "up", "--bundle", damaged);
            expect(status).to.equal(1);
            expect(output).to.match(
                /\nerror: .*damaged\.tar is cut off or damaged: images\.tar\.gz has .* Copy it again\.\n$/,
            );
            expect(existsSync(join(machine.folder, "other", "node_modules"))).to.equal(false);
        });

        it("gives none when the checkout wants others: npm is asked, and the message names both", async () => {
            await checkout("newer");
            await appendFile(join(machine.folder, "newer", "package-lock.json"), "\n");
            const { status, output } = await run("newer", "up", "--bundle", bundle);
            expect(output).to.match(/was made from commit unknown, this checkout is commit unknown/);
            expect(output).to.match(/error: npm ci failed .*npm run up -- --bundle FILE/);
            expect(status).to.equal(1);
        });
    });
});
