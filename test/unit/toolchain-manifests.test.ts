import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ManifestError } from "../../plan/manifests/documents";
import { MANIFEST_INDEX, PROVIDERS } from "../../plan/manifests/providers";
import { moduleVersion, renderManifests } from "../../toolchain/manifests/render";
import { readBareMetalOperator, readManifestIndex, readProvider } from "../../toolchain/manifests/rendered";

describe("The index of rendered manifests", () => {
    let folder: string;
    const complete = {
        providers: Object.fromEntries(PROVIDERS.map(({ key }) => [key, "v1.2.3"])),
        bareMetalOperator: "v0.1.2",
    };
    const read = async (index: unknown): Promise<unknown> => {
        await writeFile(join(folder, MANIFEST_INDEX), JSON.stringify(index));
        return readManifestIndex(folder).catch((error: unknown) => error);
    };

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-index-test-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("names a version of every provider", async () => {
        expect(await read(complete)).to.deep.equal(complete);
    });

    for (const { key } of PROVIDERS) {
        it(`is refused without the version of ${key}, and the message names it`, async () => {
            const others = { ...complete.providers };
            delete others[key];
            const error = await read({ ...complete, providers: others });
            expect(error).to.be.instanceOf(ManifestError);
            expect((error as Error).message).to.contain(`providers.${key}`);
        });
    }

    it("is refused with a version that is none", async () => {
        const error = await read({ ...complete, bareMetalOperator: "latest" });
        expect((error as Error).message).to.contain("must be a version such as v1.13.4");
    });

    it("says how to make the manifests where there are none", async () => {
        for (const reading of [readManifestIndex(folder), readBareMetalOperator(folder)]) {
            const error = await reading.catch((caught: unknown) => caught);
            expect(error).to.be.instanceOf(ManifestError);
            expect((error as Error).message).to.match(/npm run setup makes them.*ENOENT/);
        }
    });
});

describe("Manifests of Go modules", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-render-test-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    /** An executable that stands for kubectl. */
    function program(name: string, script: string): string {
        const path = join(folder, name);
        writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        return path;
    }

    it("are rendered into a clusterctl repository with an index, whole or not at all", async () => {
        const module = (path: string): string => join(folder, `${path}@v1.2.3-x`);
        for (const { module: path } of [...PROVIDERS, { module: "github.com/metal3-io/baremetal-operator" }]) {
            mkdirSync(module(path), { recursive: true });
            writeFileSync(join(module(path), "metadata.yaml"), `of: ${path}\n`);
        }
        // Cluster API as it is from 1.14 on, which has its core in another folder than before.
        const folders = PROVIDERS.map(({ module: path, kustomizations }) =>
            join(module(path), kustomizations[0] ?? ""),
        );
        for (const path of [...folders, join(module("github.com/metal3-io/baremetal-operator"), "config/base")]) {
            mkdirSync(path, { recursive: true });
        }
        const out = join(folder, "out");
        const kubectl = program("kubectl", 'echo "rendered: $1 $2"');
        const index = await renderManifests(out, { kubectl, moduleDir: module });
        expect(await readManifestIndex(out)).to.deep.equal(index);
        expect(index.providers.ipam).to.equal("v1.2.3-x");
        for (const [number, { label, componentsFile, module: path }] of PROVIDERS.entries()) {
            const at = join(out, label, "v1.2.3-x");
            expect(readFileSync(join(at, componentsFile), "utf8")).to.equal(`rendered: kustomize ${folders[number]}\n`);
            expect(readFileSync(join(at, "metadata.yaml"), "utf8")).to.equal(`of: ${path}\n`);
        }
        expect(readFileSync(join(out, "baremetal-operator.yaml"), "utf8")).to.match(/config\/base\n$/);

        const [core, bootstrap] = PROVIDERS;
        const part = join(folder, "part");
        await renderManifests(part, { kubectl, moduleDir: module, providers: [core!], operator: false });
        expect(readdirSync(part)).to.have.members(["cluster-api", "index.json"]);
        const { version, components } = await readProvider(part, core!);
        expect([version, components]).to.deep.equal(["v1.2.3-x", `rendered: kustomize ${folders[0]}\n`]);
        const none: unknown = await readProvider(part, bootstrap!).catch((reason: unknown) => reason);
        expect((none as Error).message).to.include("providers.bootstrap");

        const error: Error = await renderManifests(out, {
            kubectl: program("broken", "echo no such thing >&2; exit 3"),
            moduleDir: module,
        }).then(
            () => expect.fail("it was rendered"),
            (reason: Error) => reason,
        );
        expect(error.message).to.include("no such thing");
        expect(await readManifestIndex(out)).to.deep.equal(index);
        expect(readdirSync(folder).filter((name) => name.includes("partial"))).to.deep.equal([]);
    });

    it("want a folder of Go's module cache, which says the version", () => {
        expect(moduleVersion("/m/sigs.k8s.io/cluster-api@v1.13.4")).to.equal("v1.13.4");
        expect(() => moduleVersion("/src/cluster-api")).to.throw("cluster-api is not a folder of Go's module cache");
    });
});
