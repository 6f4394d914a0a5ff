import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { About } from "../../toolchain/bundle/archive.mjs";
import type { BundleContents } from "../../toolchain/bundle/contents";
import { writeBundle } from "../../toolchain/bundle/make";
import type { Recipe } from "../../toolchain/cache/cache";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";

/** A Docker with the images that the file `store` names. It saves and loads names, and after them noise of 40 KB. */
const DOCKER = `#!/bin/sh
cd "$FAKE_DOCKER" || exit 1
case "$1 $2" in
    "info "*) echo '{"ServerVersion":"20.10.24","Driver":"overlay2","DockerRootDir":"/var/lib/docker"}' ;;
    "context inspect") echo unix:///var/run/docker.sock ;;
    "image inspect") grep -qx "$5" store ;;
    "save "*) shift; for name; do grep -x "$name" store || exit 1; done; head -c 30000 /dev/urandom | base64 ;;
    "load --quiet") echo load >> calls; gzip -dc >> store ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

export const RECIPES: Recipe[] = [
    { name: "first", inputs: { version: 1 } },
    { name: "second", inputs: { version: 1 } },
];
export const IMAGES = ["example.org/one:1", "example.org/two:2"];

/** A machine with a Docker, a cache and a checkout of its own, in a folder. */
export class FakeMachine {
    said = "";
    private constructor(readonly folder: string) {}

    static async create(): Promise<FakeMachine> {
        const machine = new FakeMachine(await mkdtemp(join(tmpdir(), "lab-bundle-test-")));
        await machine.write("bin/docker", DOCKER);
        await machine.write("store", "");
        await machine.write("calls", "");
        await machine.write("checkout/package-lock.json", "{}");
        await machine.write("checkout/node_modules/some/index.js", "module.exports = 1;\n");
        return machine;
    }

    async write(path: string, content: string): Promise<void> {
        await mkdir(join(this.folder, path, ".."), { recursive: true });
        await writeFile(join(this.folder, path), content, { mode: 0o755 });
    }

    read(path: string): Promise<string> {
        return readFile(join(this.folder, path), "utf8");
    }

    get toolchain(): Toolchain {
        const progress = new Progress({ sink: { write: (text) => (this.said += text) } });
        return new Toolchain(progress, undefined, join(this.folder, "cache"));
    }

    /** Runs a work with this machine's Docker first on PATH. */
    async with<T>(work: () => Promise<T>): Promise<T> {
        const path = process.env["PATH"];
        process.env["PATH"] = `${join(this.folder, "bin")}${delimiter}${path ?? ""}`;
        process.env["FAKE_DOCKER"] = this.folder;
        try {
            return await work();
        } finally {
            process.env["PATH"] = path;
            delete process.env["FAKE_DOCKER"];
        }
    }

    /** Makes the entries and images, and a bundle of them. @returns its path, and what it says of itself */
    async bundle(contents: Partial<BundleContents> = {}): Promise<{ file: string; about: About }> {
        const { toolchain } = this;
        for (const recipe of RECIPES) {
            await toolchain.cache.ensure(recipe, (dir) =>
                writeFile(join(dir, "program"), `program ${recipe.name}`, { mode: 0o755 }),
            );
        }
        await this.write("store", IMAGES.map((name) => `${name}\n`).join(""));
        // A colon in its path must not make tar look for another machine.
        const file = join(this.folder, "stick:1", "lab.tar");
        const whole = { programs: [], entries: RECIPES, images: IMAGES, ...contents };
        const request = { stack: "dev", out: file };
        const about = await this.with(() => writeBundle(toolchain, whole, request, join(this.folder, "checkout")));
        return { file, about };
    }

    remove(): Promise<void> {
        return rm(this.folder, { recursive: true, force: true });
    }
}
