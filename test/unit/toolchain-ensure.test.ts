import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Cache } from "../../toolchain/cache/cache";
import type { Finding } from "../../toolchain/doctor/finding";
import { memory, spaceFinding } from "../../toolchain/doctor/machine";
import { missingPrograms } from "../../toolchain/doctor/missing-programs";
import { programFindings, toolFindings } from "../../toolchain/doctor/parts";
import { compileOrder, missingParts } from "../../toolchain/ensure/missing";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { goBinaryRecipe } from "../../toolchain/go/build";
import { goTargets } from "../../toolchain/go/targets";
import { imageRecipe, imagesThatRunAs } from "../../toolchain/images/recipes";
import { builtReference } from "../../toolchain/images/reference";
import { manifestsEntries, manifestsRecipe } from "../../toolchain/manifests/entry";
import { versions } from "../../toolchain/versions";

const GIB = 1024 ** 3;

describe("What a lab lacks", () => {
    let root: string;
    let cache: Cache;
    const parts = {
        programs: ["clusterctl"],
        builtImages: imagesThatRunAs("pod", "container"),
        publishedImages: ["example.org/a:1", "example.org/b:1"],
        plugins: [{ name: "docker", version: "1.0.0", do: "download" as const, there: false }],
        manifests: manifestsEntries({}),
    };
    /** Puts a finished binary of a target into the cache. @returns the entry's folder */
    const built = (name: string): Promise<string> =>
        cache.ensure(goBinaryRecipe(name), (dir) => writeFile(join(dir, name), "program"));

    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "lab-ensure-test-"));
        cache = new Cache(root);
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    it("is everything on a fresh machine: each program and each image once, with the image beneath", async () => {
        const missing = await missingParts(cache, parts, async () => false);
        expect(missing.images).to.have.members([...parts.builtImages, "base"]);
        const inside = parts.builtImages.flatMap((name) => imageRecipe(name).binaries);
        expect(missing.programs).to.have.members([...new Set(["clusterctl", ...inside])]);
        expect(missing.manifests).to.equal(true);
        // Two images to pull, the plugins and the manifests are four steps more.
        expect(missing.steps).to.equal(missing.images.length + missing.programs.length + 4);
    });

    it("is no program of an image that Docker has", async () => {
        const missing = await missingParts(cache, parts, async () => true);
        expect(missing).to.deep.include({ images: [], programs: ["clusterctl"] });
        expect(missing.steps).to.equal(3);
    });

    it("is only the one image that somebody removed from Docker, and its programs that the cache lacks", async () => {
        await built("kube");
        const gone = builtReference("node");
        const missing = await missingParts(cache, parts, async (reference) => reference !== gone);
        expect(missing.images).to.deep.equal(["node"]);
        expect(missing.programs).to.have.members(["clusterctl", "etcd"]);
    });

    it("is every image inside one that Docker lacks, and none inside one that Docker has", async () => {
        const only = { ...parts, builtImages: ["minikube-base"] };
        const missing = await missingParts(cache, only, async () => false);
        expect(missing.images).to.have.members([
            "minikube-base",
            "base",
            "minikube-kubernetes",
            "minikube-storage",
            "pause",
            "coredns",
        ]);
        expect(missing.programs).to.include.members(["kubeadm", "crictl", "storage-provisioner", "coredns"]);
        expect((await missingParts(cache, only, async () => true)).images).to.deep.equal([]);
    });

    it("is the manifests of each version that the lab has", async () => {
        const lacking = async (chosen: Record<string, string>): Promise<boolean> =>
            (await missingParts(cache, { ...parts, manifests: manifestsEntries(chosen) }, async () => true)).manifests;
        await cache.ensure(manifestsRecipe(), (dir) => writeFile(join(dir, "index.json"), "{}"));
        expect([await lacking({}), await lacking({ capi: "1.13.6" })]).to.deep.equal([false, false]);
        expect(await lacking({ capi: "1.14.2" })).to.equal(true);
    });

    it("is a program that is damaged in the cache", async () => {
        const dir = await built("clusterctl");
        const lacking = async (): Promise<string[]> => (await missingParts(cache, parts, async () => true)).programs;
        expect(await lacking()).to.deep.equal([]);
        await appendFile(join(dir, "clusterctl"), "x");
        expect(await lacking()).to.deep.equal(["clusterctl"]);
    });

    it("is compiled with the slow programs first, and no program is lost or compiled twice", () => {
        const names = goTargets().map(({ name }) => name);
        const order = compileOrder([...names].reverse());
        expect(order.slice(0, 3)).to.deep.equal(["kube", "pulumi", "pulumi-resource-kubernetes"]);
        expect(order).to.have.members(names);
        expect(compileOrder(["fkas", "pulumi"])).to.deep.equal(["pulumi", "fkas"]);
    });
});

describe("The doctor", () => {
    const memories: [available: number, total: number, state: Finding["state"]][] = [
        [8, 16, "ok"],
        [7, 7, "ok"],
        [6.9, 16, "warning"],
        [6.9, 6.9, "problem"],
    ];
    for (const [available, total, state] of memories) {
        it(`says "${state}" where ${available} of ${total} GiB of memory are available`, () => {
            expect(memory({ available: available * GIB, total: total * GIB }).state).to.equal(state);
        });
    }

    it("adds up the room for every program and image that is still to be made", async () => {
        const root = await mkdtemp(join(tmpdir(), "lab-doctor-test-"));
        try {
            const todo = (makes: "program" | "image"): Finding => ({ what: "x", state: "to do", found: "", makes });
            const ready: Finding = { what: "x", state: "ok", found: "" };
            const { disk } = versions();
            const sum = 2 * (disk.cachePerProgram + disk.goPerProgram) + disk.dockerPerImage;
            const findings = [todo("program"), todo("image"), ready, todo("program")];
            expect(spaceFinding(new Cache(root), findings, join(root, "docker"))).to.deep.equal({
                what: "disk",
                state: "ok",
                found: `room for what is to be made (about ${sum.toFixed(1)} GiB)`,
            });
            const many = Array<Finding>(200_000).fill(todo("image"));
            expect(spaceFinding(new Cache(root), many, join(root, "docker")).state).to.equal("problem");
        } finally {
            await rm(root, { recursive: true });
        }
    });

    it("counts no program that only images hold which Docker has, nor a tool of the tests", async () => {
        const root = await mkdtemp(join(tmpdir(), "lab-doctor-test-"));
        const home = process.env["PULUMI_HOME"];
        process.env["PULUMI_HOME"] = root;
        try {
            const cache = new Cache(root);
            const lacking = (...images: string[]) =>
                missingPrograms(cache, NO_MORE, async (reference) => !images.map(builtReference).includes(reference));
            const ours = [...(await lacking())];
            expect(ours).to.include("pulumi-resource-kubernetes").and.not.include("pulumi-resource-libvirt");
            expect(ours).to.not.include.members(["etcd"]).and.not.include.members(["fkas"]);
            expect([...(await lacking("node"))]).to.have.members([...new Set([...ours, "kube", "etcd"])]);
            const helm = (await toolFindings(cache, [])).find(({ what }) => what === "helm");
            expect(helm?.state).to.equal("ok");
        } finally {
            if (home === undefined) {
                delete process.env["PULUMI_HOME"];
            } else {
                process.env["PULUMI_HOME"] = home;
            }
            await rm(root, { recursive: true });
        }
    });

    it("says that a damaged program is built again, and why", async () => {
        const root = await mkdtemp(join(tmpdir(), "lab-doctor-test-"));
        try {
            const cache = new Cache(root);
            const dir = await cache.ensure(goBinaryRecipe("fkas"), (to) => writeFile(join(to, "fkas"), "program"));
            await appendFile(join(dir, "fkas"), "x");
            const findings = await programFindings(cache, new Set(["fkas", "etcd"]));
            expect(findings.find(({ what }) => what === "fkas")).to.deep.equal({
                what: "fkas",
                state: "to do",
                found: "1, to be built again, because fkas has 8 bytes, not 7",
                makes: "program",
            });
            expect(findings.find(({ what }) => what === "etcd")).to.include({ state: "to do", makes: "program" });
            const coredns = findings.find(({ what }) => what === "coredns");
            expect(coredns?.found).to.equal("v1.13.1, not in the cache, but nothing that is missing needs it");
            expect(coredns?.state).to.equal("ok");
            // Only a lab in minikube needs it.
            expect(findings.map(({ what }) => what)).to.not.include("kubeadm");
        } finally {
            await rm(root, { recursive: true });
        }
    });
});
