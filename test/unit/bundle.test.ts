import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { substrateNeeds } from "../../machine/needs";
import { ABOUT, PARTS, aboutText, type About } from "../../toolchain/bundle/archive.mjs";
import { bundleContents } from "../../toolchain/bundle/contents";
import { takeBundle } from "../../toolchain/bundle/take";
import { hashFile } from "../../toolchain/cache/keys";
import { install } from "../../toolchain/docker/ensure";
import { NO_MORE, type LabNeeds } from "../../toolchain/ensure/needs";
import { imagesThatRunAs } from "../../toolchain/images/recipes";
import { builtReference, imageReference } from "../../toolchain/images/reference";
import { FakeMachine, IMAGES, RECIPES } from "./bundle-support";

/** What a lab with these keys needs. */
const needsOf = (keys: Record<string, string>, images: LabNeeds["images"] = NO_MORE.images): LabNeeds => ({
    ...NO_MORE,
    ...substrateNeeds(keys),
    images,
    offline: true,
});

describe("What a bundle holds", () => {
    const names = ({ entries }: ReturnType<typeof bundleContents>) => entries.map(({ name }) => name);

    it("is every image of the lab, and Pulumi with the tools and plugins that it takes", () => {
        const contents = bundleContents(needsOf({}));
        expect(contents.images).to.have.members(imagesThatRunAs("pod", "container").map(builtReference));
        // Kubernetes is one program, and kubectl a name of it.
        expect(contents.programs).to.have.members(["pulumi", "kube", "clusterctl", "pulumi-resource-kubernetes"]);
        expect(names(contents)).to.have.members([...contents.programs, "pulumi-plugins", "manifests"]);
    });

    it("is what the substrate takes besides", () => {
        const docker = bundleContents(
            needsOf({ substrate: "minikube", minikubeDriver: "docker", minikubeBaseImage: "built" }),
        );
        expect(docker.programs).to.include("minikube").and.not.include("pulumi-resource-libvirt");
        expect(docker.images).to.include(builtReference("minikube-base"));
        expect(bundleContents(needsOf({ substrate: "minikube" })).programs).to.include("pulumi-resource-libvirt");
    });

    it("is upstream's images where the lab has those, and never one by its digest", () => {
        const pull = { source: "pull" as const, overrides: { mariadb: "example.org/mariadb:1" } };
        const { images } = bundleContents(needsOf({}, pull));
        expect(images).to.include.members([imageReference("ironic", pull), "example.org/mariadb:1"]);
        expect(images).to.not.include(builtReference("ironic"));
        const digest = {
            source: "build" as const,
            overrides: { ironic: `example.org/ironic@sha256:${"0".repeat(64)}` },
        };
        expect(() => bundleContents(needsOf({}, digest))).to.throw(/cannot hold an image that is pinned by its digest/);
    });
});

describe("A machine that takes a bundle", () => {
    let maker: FakeMachine;
    let machine: FakeMachine;
    let file: string;
    let about: About;
    beforeEach(async () => {
        maker = await FakeMachine.create();
        ({ file, about } = await maker.bundle());
        machine = await FakeMachine.create();
    });
    afterEach(async () => {
        await maker.remove();
        await machine.remove();
    });
    const take = (needs = needsOf({}), purpose: "up" | "preview" = "up") =>
        machine.with(() => takeBundle(machine.toolchain, purpose, needs, file));
    const failure = (): Promise<string> =>
        take().then(
            () => "none",
            (error: Error & { tail?: string }) => `${error.message} ${error.tail ?? ""}`,
        );
    /** Puts other cache entries into the bundle, which is whole with them. @param fill makes the archive's content */
    const repack = async (other: Partial<About>, fill: (folder: string) => Promise<string[]>): Promise<void> => {
        const folder = await mkdtemp(join(tmpdir(), "lab-repack-"));
        execFileSync("tar", ["-xf", "lab.tar", "-C", folder], { cwd: join(file, "..") });
        const content = join(folder, "content");
        execFileSync("mkdir", [content]);
        const args = await fill(content);
        execFileSync("tar", ["-czf", join(folder, PARTS.cache), "-C", content, ...args], { stdio: "pipe" });
        const bytes = await readFile(join(folder, PARTS.cache));
        const part = { size: bytes.length, sha256: hashFile(join(folder, PARTS.cache)), unpacked: 1 };
        const parts = { ...about.parts, [PARTS.cache]: part };
        await writeFile(join(folder, ABOUT), aboutText({ ...about, ...other, parts }));
        execFileSync("tar", ["-cf", "whole", ABOUT, ...Object.keys(parts)], { cwd: folder });
        await writeFile(file, await readFile(join(folder, "whole")));
        await rm(folder, { recursive: true });
    };

    it("has its entries and images, and takes nothing a second time", async () => {
        await take();
        const { cache } = machine.toolchain;
        for (const recipe of RECIPES) {
            expect(await cache.stateOf(recipe)).to.deep.equal({ state: "present" });
            expect(await readFile(join(cache.pathOf(recipe), "program"), "utf8")).to.equal(`program ${recipe.name}`);
        }
        const store = await machine.read("store");
        expect(store.split("\n")).to.include.members(IMAGES);
        expect(await readdir(join(cache.root, "tmp"))).to.deep.equal([]);
        machine.said = "";
        await take();
        expect(await machine.read("store")).to.equal(store);
        expect(machine.said).to.not.match(/from the bundle/);
    });

    it("needs no Docker for a preview", async () => {
        await machine.write("bin/docker", "#!/bin/sh\nexit 1\n");
        await take(needsOf({}), "preview");
        expect(await machine.toolchain.cache.has(about.entries[0] as string)).to.equal(true);
        expect(machine.said).to.not.match(/images? /);
    });

    it("gets a damaged entry again, and loads the images of which one is not there", async () => {
        await take();
        const entry = machine.toolchain.cache.pathOf(RECIPES[0] as (typeof RECIPES)[0]);
        await appendFile(join(entry, "program"), "x");
        await machine.write("store", `${IMAGES[1]}\n`);
        await take();
        expect(await readFile(join(entry, "program"), "utf8")).to.equal("program first");
        expect((await machine.read("calls")).trim()).to.equal("load\nload");
    });

    it("is told what neither has, and of which commit either is", async () => {
        await take();
        const said = machine.said.replace(/\s+/g, " ");
        expect(said).to.match(/made for stack dev, lacks .* which takes a network: /);
        expect(said).to.match(/was made from commit unknown, this checkout is commit [0-9a-f]{40}/);
        expect(said).to.include("program pulumi").and.include("image node").and.include("manifests");
    });

    it("takes nothing from a damaged one", async () => {
        const bytes = await readFile(file);
        const at = bytes.length - 20_480;
        bytes[at] = (bytes[at] as number) ^ 1;
        await writeFile(file, bytes);
        expect(await failure()).to.match(/is damaged: images\.tar\.gz has other content/);
        expect(existsSync(join(machine.folder, "cache", "entries"))).to.equal(false);
        expect(await machine.read("store")).to.equal("");
    });

    it("takes no file that leads out of the folder, and no entry whose name does", async () => {
        await repack({}, async (folder) => {
            await writeFile(join(folder, "..", "outside"), "outside");
            return ["--absolute-names", "../outside"];
        });
        expect(await failure()).to.match(/\.\.\/outside: Member name contains '\.\.'/);
        const evil = "../../evil-0123456789ab";
        await repack({ entries: [evil] }, async () => ["."]);
        expect(await failure()).to.include(`"${evil}" cannot be the name of a cache entry`);
        expect((await readdir(machine.folder)).sort()).to.deep.equal(["bin", "cache", "calls", "checkout", "store"]);
        expect(await readdir(join(machine.folder, "cache", "tmp")).catch(() => [])).to.deep.equal([]);
    });

    it("takes no entry that is not as it was built", async () => {
        await repack({}, async (folder) => {
            execFileSync("cp", ["-r", `${maker.toolchain.cache.root}/entries/.`, folder]);
            await appendFile(join(folder, about.entries[1] as string, "program"), "x");
            return ["."];
        });
        expect(await failure()).to.match(/second-[0-9a-f]{12} is not as it was built: program has \d+ bytes/);
        expect(await readdir(join(machine.folder, "cache", "entries"))).to.deep.equal([]);
    });
});

describe("A machine without Docker and without a network", () => {
    it("says what is missing", async () => {
        const folder = await mkdtemp(join(tmpdir(), "lab-no-docker-"));
        const path = process.env["PATH"];
        const apt = "#!/bin/sh\necho 'E: Package docker.io has no installation candidate' >&2\nexit 100\n";
        await writeFile(join(folder, "apt-get"), apt, { mode: 0o755 });
        process.env["PATH"] = `${folder}${delimiter}${path ?? ""}`;
        try {
            const error = await install({ root: folder }).then(
                () => undefined,
                (reason: Error) => reason,
            );
            expect(error?.message).to.match(
                /^Docker is not installed, .*has no installation candidate; see .*apt\.log/,
            );
            expect(error?.message).to.match(/Without a network, install Docker Engine .*: no bundle holds it\.$/);
        } finally {
            process.env["PATH"] = path;
            await rm(folder, { recursive: true });
        }
    });
});
