import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { labNeeds } from "../../cli/stack-file";
import { livingLab } from "../../plan/change/living-lab";
import { versionsOf } from "../../plan/config/version-sets";
import { parseManifests } from "../../plan/manifests/documents";
import { PROVIDERS } from "../../plan/manifests/providers";
import { readPartVersions } from "../../plan/part-versions";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { compareInstalled } from "../../tasks/cluster-api/compare";
import { bundleContents } from "../../toolchain/bundle/contents";
import { Cache } from "../../toolchain/cache/cache";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { partsFor } from "../../toolchain/ensure/parts";
import { goTarget } from "../../toolchain/go/targets";
import { imageRecipe, versionSets } from "../../toolchain/images/recipes";
import { builtReference, labImages } from "../../toolchain/images/reference";
import { manifestsEntries, manifestsRecipe, providerPath } from "../../toolchain/manifests/entry";
import { cacheRoot, repoPath } from "../../toolchain/paths";
import { living, problems, resourcesOf, STACK, wrongKeys } from "./living-lab";

const VERSIONS = versionsOf("capi", versionSets()) ?? [];
const capi = (version: string): string => JSON.stringify({ capi: version });

/** The images that follow the version of Cluster API. */
const MANAGERS = ["cluster-api-controller", "kubeadm-bootstrap-controller", "kubeadm-control-plane-controller"];

describe("The versions of Cluster API", () => {
    it("are listed from the oldest to the newest", () =>
        expect(VERSIONS).to.deep.equal(["1.13.4", "1.13.6", "1.14.2"]));

    for (const version of ["1.13.4", "1.14.2"]) {
        it(`pin ${version} in a module of its own, which has no other provider in it`, () => {
            for (const name of MANAGERS) {
                const { module, output, version: its } = goTarget(`${name}-${version}`);
                expect([module, output, its]).to.deep.equal([
                    `toolchain/go/metal3-versions/capi-${version}`,
                    name,
                    `v${version}`,
                ]);
                expect(existsSync(repoPath(module, "go.sum"))).to.equal(true);
                expect(readFileSync(repoPath(module, "go.mod"), "utf8")).to.not.include("metal3-io");
            }
        });
    }

    it("change the three managers and no other image of a lab", () => {
        const of = (version: string): Map<string, string> =>
            new Map(
                labImages({ ...NO_MORE.images, versions: { ironic: "34.0.0", capi: version } }).map(
                    ({ name, reference }) => [name, reference],
                ),
            );
        const own = of("1.13.6");
        for (const version of ["1.13.4", "1.14.2"]) {
            const its = [...of(version)].filter(([name, reference]) => reference !== own.get(name));
            expect(its).to.deep.equal(MANAGERS.map((name) => [name, builtReference(`${name}-${version}`)]));
        }
        expect(imageRecipe("cluster-api-controller-1.14.2")).to.deep.include({
            binaries: ["cluster-api-controller-1.14.2"],
            args: { BINARY: "cluster-api-controller" },
            pull: "registry.k8s.io/cluster-api/cluster-api-controller:v1.14.2",
        });
    });

    it("have upstream's images where a lab pulls", () => {
        const images = Images.of(validate({ versions: capi("1.13.6"), images: '{"source":"pull"}' }));
        for (const name of MANAGERS) {
            expect(images.reference(name)).to.equal(`registry.k8s.io/cluster-api/${name}:v1.13.6`);
        }
    });
});

describe("The manifests of a version of Cluster API", () => {
    const cache = new Cache("/cache");
    const names = (chosen: Record<string, string>): string[] =>
        manifestsEntries(chosen).map((entry) => manifestsRecipe(entry).name);

    it("are an entry beside the others, and none where the version is the checkout's own", () => {
        expect(names({})).to.deep.equal(["manifests"]);
        expect(names({ capi: "1.13.6" })).to.deep.equal(["manifests"]);
        expect(names({ capi: "1.14.2" })).to.deep.equal(["manifests", "manifests-capi-1.14.2"]);
    });

    it("are those of core, bootstrap and control plane; CAPM3 and IPAM have theirs from the others", () => {
        const path = (version: string): string[] =>
            PROVIDERS.map((provider) => providerPath(cache, provider, { capi: version }).split("/").at(-2) as string);
        expect(new Set(path("1.13.6")).size).to.equal(1);
        const [core, bootstrap, controlPlane, infrastructure, ipam] = path("1.13.4");
        expect(core).to.match(/^manifests-capi-1\.13\.4-/);
        expect([bootstrap, controlPlane]).to.deep.equal([core, core]);
        expect([infrastructure, ipam]).to.deep.equal(path("1.13.6").slice(3));
    });

    it("are made for an up and carried in a bundle, but not made for a preview", async () => {
        const needs = await labNeeds("no-such-stack", { versionSet: "2026.1" });
        const modules = async (purpose: "up" | "preview"): Promise<string[]> =>
            (await partsFor(cache, purpose, { ...needs, offline: true })).manifests.map(({ module }) => module);
        expect(await modules("preview")).to.deep.equal(["toolchain/go/metal3"]);
        expect(await modules("up")).to.deep.equal(["toolchain/go/metal3", "toolchain/go/metal3-versions/capi-1.13.4"]);
        expect(bundleContents(needs).entries.map(({ name }) => name)).to.include("manifests-capi-1.13.4");
        expect(bundleContents(NO_MORE).entries.map(({ name }) => name)).to.include("manifests");
    });

    const folder = (version: string): string => providerPath(new Cache(cacheRoot()), PROVIDERS[0]!, { capi: version });
    for (const version of VERSIONS.filter((each) => existsSync(folder(each)))) {
        it(`have the Deployment of each provider, as this machine has rendered those of ${version}`, () => {
            for (const { label, componentsFile, deployment } of PROVIDERS.slice(0, 3)) {
                const file = join(folder(version), label, `v${version}`, componentsFile);
                const deployments = parseManifests(readFileSync(file, "utf8"), file).filter(
                    ({ kind }) => kind === "Deployment",
                );
                expect(deployments.map(({ metadata }) => metadata.name)).to.deep.equal([deployment]);
            }
        });
    }
});

describe("Providers that are wanted beside those that are installed", () => {
    const wanted = (version: string) =>
        PROVIDERS.map((provider) => ({ provider, version, metadata: "", manifests: [] }));
    const installed = (versions: string[]) =>
        versions.map((version, index) => ({ type: PROVIDERS[index]!.type, name: PROVIDERS[index]!.name, version }));

    it("are installed, upgraded or left exactly by their versions, and refused where they are lower", () => {
        const version = fc.constantFrom("", ...VERSIONS.map((each) => `v${each}`));
        fc.assert(
            fc.property(fc.array(version, { minLength: 5, maxLength: 5 }), fc.constantFrom(...VERSIONS), (had, to) => {
                const there = installed(had).filter((each) => each.version !== "");
                const at = (each: string): number => VERSIONS.indexOf(each.slice(1));
                if (had.some((each) => at(each) > VERSIONS.indexOf(to))) {
                    expect(() => compareInstalled(wanted(`v${to}`), there)).to.throw("stored objects have no way back");
                    return;
                }
                const compared = compareInstalled(wanted(`v${to}`), there);
                const keys = (of: "absent" | "lower" | "there"): string[] =>
                    compared[of].map(({ provider }) => provider.key);
                const expected = (is: (each: string) => boolean): string[] =>
                    PROVIDERS.filter((_, index) => is(had[index] as string)).map(({ key }) => key);
                expect(keys("absent")).to.deep.equal(expected((each) => each === ""));
                expect(keys("there")).to.deep.equal(expected((each) => each === `v${to}`));
                expect(keys("lower")).to.deep.equal(expected((each) => each !== "" && each !== `v${to}`));
            }),
        );
    });

    it("are named with both versions where they are lower", () =>
        expect(() => compareInstalled(wanted("v1.13.4"), installed(["v1.13.6", "v1.13.4"]))).to.throw(
            /^cluster-api v1\.13\.6 is installed, v1\.13\.4 is wanted: /,
        ));
});

describe("Another version of Cluster API of a living lab", () => {
    it("is taken exactly where it is not below the one that the lab has", () => {
        const version = fc.constantFrom(...VERSIONS);
        fc.assert(
            fc.property(version, version, (had, to) => {
                const expected = VERSIONS.indexOf(to) < VERSIONS.indexOf(had) ? ["versions"] : [];
                expect(wrongKeys(living({ versions: capi(had) }), { versions: capi(to) })).to.deep.equal(expected);
            }),
        );
    });

    it("is refused downwards beside Ironic's where it is the set's", () => {
        const [, second] = problems(living({ versionSet: "2026.3" }), { versionSet: "2026.1" });
        expect(second).to.equal(
            'versionSet = "2026.1": would be Cluster API 1.13.4, below 1.13.6, which this lab has: Cluster API ' +
                "converts no stored object back. Leave it at 1.13.6 or above (pulumi config set --path versions.capi " +
                "1.13.6), or have the lab taken away and another one made in its place: " +
                "npm run up -- --replace --stack test",
        );
    });

    it("is upwards of 1.13.4 for a lab that does not say what it has, and unknown for one without Cluster API", () => {
        const resources = resourcesOf({});
        const urn = Object.keys(resources).find((each) => each.endsWith("::cluster-api")) as string;
        const silent = { ...resources, [urn]: { ...resources[urn]!, outputs: { stdin: "x" } } };
        expect(livingLab(STACK, silent).versions["capi"]).to.equal("1.13.4");
        expect(wrongKeys(livingLab(STACK, silent), { versions: capi("1.14.2") })).to.deep.equal([]);
        expect(livingLab(STACK, {}).versions).to.deep.equal({});
    });

    it("is told to the task in a variable, which is refused where it is not JSON of versions", () => {
        expect(readPartVersions(undefined)).to.deep.equal({});
        expect(readPartVersions(capi("1.13.6"))).to.deep.equal({ capi: "1.13.6" });
        expect(() => readPartVersions('{"capi":"v1"}')).to.throw(
            'PART_VERSIONS must be JSON such as {"capi":"1.13.4"}',
        );
    });
});
