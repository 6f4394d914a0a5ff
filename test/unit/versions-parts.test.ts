import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import * as fc from "fast-check";
import { labNeeds } from "../../cli/stack-file";
import { livingLab } from "../../plan/change/living-lab";
import { compareVersions } from "../../plan/compare-versions";
import { versionsOf } from "../../plan/config/version-sets";
import { ironicValues } from "../../plan/manifests/ironic-values";
import { UNNAMED, VERSION_KEY } from "../../plan/part-versions";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { goTarget } from "../../toolchain/go/targets";
import { builtAs, imageRecipe, parseImages, versionSets } from "../../toolchain/images/recipes";
import { builtReference, labImage, labImages, wantedVersions } from "../../toolchain/images/reference";
import { repoPath } from "../../toolchain/paths";
import { CONTAINER, field, lab } from "../components/build-lab";
import { living, problems, resourcesOf, STACK, wrongKeys, type Raw } from "./living-lab";

const chosen = (versions: Record<string, string>): Raw => ({ versions: JSON.stringify(versions) });
const there = (part: string): string[] => versionsOf(part, versionSets()) ?? [];
const refused = (raw: Raw): string[] => problems(livingLab(STACK, {}), raw);

/** The version that a resource of a lab names, as a label or an annotation. */
async function named(raw: Raw, resource: string): Promise<unknown> {
    const found = (await lab(raw)).named(resource);
    const labels = field(found, "labels") as { label: string; value: string }[] | undefined;
    const annotations = field(found, "metadata", "annotations") as Record<string, string> | undefined;
    return labels?.find(({ label }) => label === VERSION_KEY)?.value ?? annotations?.[VERSION_KEY];
}

describe("The versions of the parts", () => {
    it("are listed from the lowest to the highest", () => {
        expect(there("kubernetes")).to.deep.equal(["1.35.4", "1.36.3"]);
        expect(there("sushyTools")).to.deep.equal(["2.1.0", "2.2.0"]);
        expect(there("mariadb")).to.deep.equal(["10.11", "11.4"]);
        expect([there("bmo"), there("capm3"), there("ipam")]).to.deep.equal([["0.13.2"], ["1.13.2"], ["1.13.2"]]);
    });

    it("are compared by their numbers, of which there are two or three", () => {
        expect(["11.4", "10.11.3", "10.9", "10.11"].sort(compareVersions)).to.deep.equal([
            "10.9",
            "10.11",
            "10.11.3",
            "11.4",
        ]);
        expect(compareVersions("10.11", "10.11.0")).to.equal(0);
        expect(() => compareVersions("10.11", "new")).to.throw(TypeError, "Invalid Version: new");
    });

    it("are those of docs/versions.md, of which one for each part is in no need of being named", () => {
        const text = readFileSync(repoPath("docs", "versions.md"), "utf8");
        for (const part of Object.keys(UNNAMED)) {
            expect(there(part), part).to.include(UNNAMED[part]);
            there(part).forEach((version) => expect(text, `${part} ${version}`).to.include(version));
        }
        expect([...Object.keys(UNNAMED), "ironic"]).to.have.members(Object.keys(versionSets().parts));
    });

    it("change no image of a lab but the one that follows the part", () => {
        const images = (versions: Record<string, string>): Map<string, string> =>
            new Map(labImages({ ...NO_MORE.images, versions }).map(({ name, reference }) => [name, reference]));
        const own = wantedVersions({});
        const changes: [string, string, string, string][] = [
            ["kubernetes", "1.36.3", "node", builtReference("node-1.36.3")],
            ["sushyTools", "2.1.0", "sushy-tools", builtReference("sushy-tools-2.1.0")],
            ["mariadb", "11.4", "mariadb", "docker.io/library/mariadb:11.4.10"],
        ];
        for (const [part, version, name, reference] of changes) {
            const before = images(own);
            const others = [...images({ ...own, [part]: version })].filter(([each, its]) => before.get(each) !== its);
            expect(others).to.deep.equal([[name, reference]]);
        }
    });
});

describe("Another version of a part of a living lab", () => {
    for (const part of ["kubernetes", "mariadb"]) {
        it(`is taken upwards exactly, where the part is ${part}`, () => {
            const version = fc.constantFrom(...there(part));
            fc.assert(
                fc.property(version, version, (had, to) => {
                    const expected = compareVersions(to, had) < 0 ? ["versions"] : [];
                    expect(wrongKeys(living(chosen({ [part]: had })), chosen({ [part]: to }))).to.deep.equal(expected);
                }),
            );
        });
    }

    it("is taken both ways where the part is sushy-tools, in containers and in pods", () => {
        for (const fakeNodes of ["docker", "kubernetes"]) {
            const older = { ...chosen({ sushyTools: "2.1.0" }), fakeNodes };
            expect(living(older).versions["sushyTools"]).to.equal("2.1.0");
            expect([wrongKeys(living(older), { fakeNodes }), wrongKeys(living({ fakeNodes }), older)]).to.deep.equal([
                [],
                [],
            ]);
        }
    });

    it("is refused downwards with the way out", () => {
        expect(problems(living(chosen({ kubernetes: "1.36.3" })), {})).to.deep.equal([
            "versionSet = (not set): would be Kubernetes 1.35.4, below 1.36.3, which this lab has: Kubernetes stores " +
                "objects as an earlier minor version may not read them. Leave it at 1.36.3 or above (pulumi config " +
                "set --path versions.kubernetes 1.36.3), or have the lab taken away and another one made in its " +
                "place: npm run up -- --replace --stack test",
        ]);
        expect(wrongKeys(living(chosen({ mariadb: "11.4" })), chosen({ mariadb: "10.11" }))).to.deep.equal([
            "versions",
        ]);
    });

    it("is held against the highest where an up was killed between two pairs or nodes", () => {
        const [later, earlier] = [
            chosen({ kubernetes: "1.36.3", sushyTools: "2.2.0" }),
            chosen({ sushyTools: "2.1.0" }),
        ];
        const [has, had] = [resourcesOf(later), resourcesOf(earlier)];
        const mixed = Object.fromEntries(
            Object.entries(had).map(([urn, one]) => [urn, /pair-000|control-plane/.test(urn) ? has[urn]! : one]),
        );
        expect(livingLab(STACK, mixed).versions).to.include({ kubernetes: "1.36.3", sushyTools: "2.2.0" });
    });

    it("is upwards of what a lab has that names no version", () => {
        expect(living({ versionSet: "2026.1" }).versions).to.include(UNNAMED);
    });
});

describe("The Kubernetes of the management cluster", () => {
    it("is built from a module of its own, of the same program, beside the same etcd", () => {
        const { module, output, version, package: its } = goTarget("kube-1.36.3");
        expect([module, output, version]).to.deep.equal(["toolchain/go/kubernetes-versions/1.36.3", "kube", "v1.36.3"]);
        expect(its).to.equal("metal3-scale-lab/toolchain/go/kubernetes");
        expect(existsSync(repoPath(module, "go.sum"))).to.equal(true);
        const text = readFileSync(repoPath(module, "go.mod"), "utf8");
        expect(text.match(/=> k8s\.io\/\S+ (?!v0\.36\.3)/g)).to.equal(null);
        expect(imageRecipe("node-1.36.3").binaries).to.deep.equal(["kube-1.36.3", "etcd"]);
    });

    it("is a label of each node, where it is not the one that a lab has without a label", async () => {
        const newer = { ...chosen({ kubernetes: "1.36.3" }), embeddedWorkers: "1" };
        for (const node of ["kubernetes-control-plane", "kubernetes-worker-1-container"]) {
            expect(await named(newer, node)).to.equal("1.36.3");
            expect(await named({ embeddedWorkers: "1" }, node)).to.equal(undefined);
        }
        const nodes = (await lab(newer)).of(CONTAINER).filter(({ name }) => name.startsWith("kubernetes-"));
        const image = builtReference("node-1.36.3");
        expect(nodes.map((node) => field(node, "image"))).to.deep.equal([image, image]);
    });

    it("is refused where the lab does not make the nodes, with the reason and the way out", () => {
        const reasons = {
            existing: "the cluster is yours, and so is its Kubernetes",
            minikube: "minikube's machine has the Kubernetes of its own image",
        };
        for (const [substrate, reason] of Object.entries(reasons)) {
            const [problem, ...others] = refused({ substrate, ...chosen({ kubernetes: "1.36.3" }) });
            expect(problem).to.equal(
                'versions.kubernetes = "1.36.3": chooses the Kubernetes of the substrate embedded, but the substrate ' +
                    `is ${substrate}: ${reason}. Remove it (pulumi config rm --path versions.kubernetes)`,
            );
            expect(others).to.deep.equal([]);
            expect(refused({ substrate })).to.deep.equal([]);
        }
    });

    it("needs no image of upstream's, which publishes none, so a lab that pulls may have any", () => {
        for (const kubernetes of there("kubernetes")) {
            expect(refused({ ...chosen({ kubernetes }), images: '{"source":"pull"}' })).to.deep.equal([]);
        }
    });
});

describe("The versions of sushy-tools", () => {
    for (const version of there("sushyTools")) {
        it(`pin ${version} and all that it needs, with hashes`, () => {
            const { files } = imageRecipe(builtAs("sushy-tools", version));
            const path = files["requirements.txt"] ?? "toolchain/images/sushy-tools/requirements.txt";
            const text = readFileSync(repoPath(path), "utf8");
            const packages = text.split(/^(?=[a-z])/m).slice(1);
            expect(packages.filter((lines) => !/^[\w.-]+==\S+ \\\n {4}--hash=sha256:/.test(lines))).to.deep.equal([]);
            expect(text).to.match(new RegExp(String.raw`^sushy-tools==${version} \\$`, "m"));
        });
    }
});

describe("The versions of MariaDB", () => {
    const newer = chosen({ mariadb: "11.4" });

    it("beyond Debian's are pulled, and refused where everything is to be built", () => {
        expect(refused({ ...newer, images: '{"source":"build"}' })).to.deep.equal([
            'versions.mariadb = "11.4": nothing builds mariadb 11.4 here, and images.source is build: set that to ' +
                "auto or pull, or choose one of 10.11",
        ]);
        const overrides = { mariadb: "example.org/mariadb:11.4" };
        for (const images of [{ source: "auto" }, { source: "pull" }, { source: "build", overrides }]) {
            expect(refused({ ...newer, images: JSON.stringify(images) })).to.deep.equal([]);
        }
        for (const source of ["auto", "pull"] as const) {
            expect(labImage("mariadb", { source, overrides: {}, versions: { mariadb: "11.4" } })).to.deep.equal({
                name: "mariadb",
                reference: "docker.io/library/mariadb:11.4.10",
            });
        }
        const image = "images: {a: {runs: pod, version: 1.0.0, versions: {2.0.0: {pull: x, build: false}}}}";
        expect(parseImages(image).versions.parts["a"]?.map(({ unbuilt }) => unbuilt)).to.deep.equal([[], ["a"]]);
    });

    it("are not made for an up that the program refuses", async () => {
        const versions = async (more: Raw): Promise<unknown> => (await labNeeds("no-such-stack", more)).images.versions;
        expect(await versions(newer)).to.include({ mariadb: "11.4" });
        expect(await versions({ ...newer, images: '{"source":"build"}' })).to.include({ mariadb: "10.11" });
        const newest = chosen({ kubernetes: "1.36.3" });
        expect(await versions(newest)).to.include({ kubernetes: "1.36.3" });
        expect(await versions({ ...newest, substrate: "minikube" })).to.include({ kubernetes: "1.35.4" });
    });

    it("are said to the chart, which lets the image bring earlier data to its own series", () => {
        const upgrades = (raw: Raw): unknown => {
            const config = validate(raw);
            const values = ironicValues(plan(config, STACK), Images.of(config), config);
            return (values as { mariadb: { upgradesData: boolean } }).mariadb.upgradesData;
        };
        expect([upgrades({}), upgrades(newer)]).to.deep.equal([false, true]);
    });
});
