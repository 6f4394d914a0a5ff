import { readFileSync } from "node:fs";
import { expect } from "chai";
import * as fc from "fast-check";
import { labNeeds } from "../../cli/stack-file";
import { livingLab } from "../../plan/change/living-lab";
import { chosenVersions, versionsOf } from "../../plan/config/version-sets";
import { ConfigurationError, validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { bundleContents } from "../../toolchain/bundle/contents";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { builtImagesOf } from "../../toolchain/ensure/parts";
import { goTarget } from "../../toolchain/go/targets";
import { builtAs, imageNames, imageRecipe, parseImages, versionSets } from "../../toolchain/images/recipes";
import { builtReference, imageReference, labImage } from "../../toolchain/images/reference";
import { repoPath } from "../../toolchain/paths";
import { living, problems, resourcesOf, STACK, wrongKeys } from "./living-lab";

const IRONIC = versionsOf("ironic", versionSets()) ?? [];
/** The version of Ironic in the default set. */
const DEFAULT = chosenVersions({}, versionSets())["ironic"] as string;
const ironic = (version: string): string => JSON.stringify({ ironic: version });

/** The newest set. */
const NEWEST = { versionSet: "2026.3" };

describe("The sets of versions", () => {
    it("name versions that there are, the default one among them", () => {
        const { defaultSet, sets } = versionSets();
        expect(Object.keys(sets)).to.include.members([defaultSet, "2026.1", "2026.2", "2026.3"]);
        const parts = Object.keys(versionSets().parts);
        Object.values(sets).forEach((set) => expect(Object.keys(set)).to.have.members(parts));
    });

    it("have a default one that upstream publishes, so that a lab can have it with the source `pull`", () =>
        expect(problems(livingLab(STACK, {}), { images: '{"source":"pull"}', versionSet: versionSets().defaultSet })).to
            .be.empty);

    it("and their versions are those of docs/versions.md", () => {
        const rows = [
            ...readFileSync(repoPath("docs/versions.md"), "utf8").matchAll(
                /^\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\|/gm,
            ),
        ];
        const cells = rows.map(([, ...columns]) => columns.join(" "));
        const { sets } = versionSets();
        for (const [name, { ironic: version, capi }] of Object.entries(sets)) {
            expect(cells).to.include(`\`${name}\` ${version} ${capi}`);
        }
        const starts = [
            ...IRONIC.map((version) => {
                const image = imageRecipe(builtAs("ironic", version)).pull?.replace("quay.io/", "");
                return `${version} ${image ? `\`${image}\`` : "none"}`;
            }),
            ...(versionsOf("capi", versionSets()) ?? []).map((version) => {
                const [{ module }] = [goTarget(builtAs("cluster-api-controller", version))];
                return `${version} \`${module.replace("toolchain/go/", "")}\``;
            }),
        ];
        for (const start of starts) {
            expect(
                cells.some((cell) => cell.startsWith(start)),
                start,
            ).to.equal(true);
        }
    });

    const image = "images: {a: {runs: pod, version: 1.0.0, versions: {2.0.0: {}}}}";
    const uneven = "a: {runs: pod, part: p, version: 1.0.0}, b: {runs: pod, part: p, version: 2.0.0}";
    it("are of parts whose images all have the same versions", () =>
        expect(() => parseImages(`images: {${uneven}}`)).to.throw(/p needs a 2\.0\.0; p needs b 1\.0\.0/));

    const refused: [string, RegExp][] = [
        ["sets: {x: {a: 3.0.0}}", /the set x has a 3\.0\.0, which is not listed/],
        ["sets: {x: {b: 1.0.0}}", /the set x has b 1\.0\.0/],
        ["{defaultSet: y, sets: {x: {a: 2.0.0}}}", /the default set is y/],
        ["sets: {x: {a: 3.0.0}, y: {b: 1.0.0}}", /x has a 3\.0\.0; the set y has b 1\.0\.0/],
    ];
    for (const [sets, message] of refused) {
        it(`are refused with the name where they are ${sets}`, () => {
            expect(() =>
                parseImages(`${image}\n${sets.replace(/^\{(.*)\}$/, "$1").replace(", sets", "\nsets")}`),
            ).to.throw(message);
        });
    }

    it("give each part the version of `versions`, else that of the set, else that of the default set", () => {
        const known = { defaultSet: "x", sets: { x: { a: "1", b: "1" }, y: { a: "2", b: "2" } }, parts: {} };
        expect(chosenVersions({}, known)).to.deep.equal({ a: "1", b: "1" });
        expect(chosenVersions({ versionSet: "y", versions: { b: "3" } }, known)).to.deep.equal({ a: "2", b: "3" });
        for (const unknown of ["z", "constructor"]) {
            expect(chosenVersions({ versionSet: unknown }, known)).to.deep.equal({ a: "1", b: "1" });
        }
    });
});

describe("The versions of Ironic", () => {
    it("are listed from the oldest to the newest", () =>
        expect(IRONIC).to.deep.equal(["34.0.0", "35.0.1", "37.0.0", "38.0.0", "39.0.0"]));

    it("each have an image of their own, under a name that is no other image's", () => {
        const references = IRONIC.map((version) => builtReference(builtAs("ironic", version)));
        expect(new Set(references).size).to.equal(IRONIC.length);
        expect(imageNames()).to.not.include("ironic-39.0.0");
        expect(builtAs("ironic", DEFAULT)).to.equal("ironic");
        expect(imageRecipe("ironic-39.0.0")).to.include({ from: "base", dockerfile: "ironic", version: "39.0.0" });
        expect(() => labImage("ironic", { source: "auto", overrides: {}, versions: { ironic: "1.0.0" } })).to.throw(
            'there is no image "ironic-1.0.0"',
        );
    });

    for (const version of IRONIC) {
        it(`pin ${version} and all that it needs, with hashes`, () => {
            const { files, pull } = imageRecipe(builtAs("ironic", version));
            const path = files["requirements.txt"] ?? "toolchain/images/ironic/requirements.txt";
            const text = readFileSync(repoPath(path), "utf8");
            expect(text).to.match(new RegExp(String.raw`^ironic==${version} \\$`, "m"));
            const packages = text.split(/^(?=[a-z])/m).slice(1);
            expect(packages.filter((lines) => !/^[\w.-]+==\S+ \\\n {4}--hash=sha256:/.test(lines))).to.deep.equal([]);
            expect(pull ?? `:v${version}`).to.match(new RegExp(String.raw`:v${version}$`));
        });
    }
});

describe("A lab with another version of Ironic", () => {
    const wanted = { source: "auto" as const, overrides: {}, versions: { ironic: "39.0.0" } };
    const reference = builtReference("ironic-39.0.0");

    it("has that version's image wherever images are collected, and not the default's", () => {
        const images = Images.of(validate({ versions: ironic("39.0.0") }));
        const needs = { ...NO_MORE, images: wanted };
        for (const references of [images.built(), images.inCluster(), bundleContents(needs).images]) {
            expect(references).to.include(reference).and.not.include(builtReference("ironic"));
        }
        expect(builtImagesOf(needs)).to.include("ironic-39.0.0").and.not.include("ironic");
        expect(images.version("ironic")).to.equal("39.0.0");
        expect(images.version("pause")).to.equal(undefined);
        const below = Images.of(validate({ versionSet: "2026.3", imageRegistry: "registry.example:5000/lab" }));
        expect(below.reference("ironic")).to.equal(`registry.example:5000/lab/ironic:${reference.split(":")[1]}`);
    });

    it("has upstream's image of that version where it pulls, and the user's own in any case", () => {
        const pulled = { ...wanted, source: "pull" as const };
        expect(labImage("ironic", { ...pulled, versions: { ironic: "37.0.0" } })).to.deep.equal({
            name: "ironic",
            reference: "quay.io/metal3-io/ironic:v37.0.0",
        });
        expect(labImage("ironic", pulled)).to.include({ built: "ironic-39.0.0", reference, published: undefined });
        expect(imageReference("ironic", { ...pulled, overrides: { ironic: "mine:1" } })).to.equal("mine:1");
    });

    it("is known before the program runs, and a name that there is not counts as unset", async () => {
        const versions = async (more: Record<string, string>): Promise<unknown> =>
            (await labNeeds("no-such-stack", more)).images.versions;
        expect(await versions({})).to.include({ ironic: DEFAULT, capi: "1.13.6" });
        expect(await versions({ versionSet: "2026.3" })).to.include({ ironic: "39.0.0", capi: "1.13.6" });
        expect(await versions({ versions: ironic("37.0.0") })).to.include({ ironic: "37.0.0", capi: "1.13.6" });
        for (const wrong of [ironic("1.0.0"), '{"nova":"39.0.0"}', '{"ironic":39}', "39.0.0"]) {
            expect(await versions({ versions: wrong, versionSet: "2020.1" })).to.deep.equal(await versions({}));
        }
    });
});

describe("A version that there is not", () => {
    const rows: [Record<string, string>, string][] = [
        [{ versionSet: "2020.1" }, 'versionSet = "2020.1": is no set of versions: there are 2026.1, 2026.2, 2026.3'],
        [
            { versionSet: "constructor" },
            'versionSet = "constructor": is no set of versions: there are 2026.1, 2026.2, 2026.3',
        ],
        [{ versionSet: "a b" }, 'versionSet = "a b": must be the name of a set, such as 2026.1'],
        [
            { versions: ironic("40.0.0") },
            'versions.ironic = "40.0.0": is no version that the lab has: there are ' +
                "34.0.0, 35.0.1, 37.0.0, 38.0.0, 39.0.0",
        ],
        [
            { versions: '{"nova":"39.0.0"}' },
            'versions.nova = "39.0.0": is no part whose version can be chosen: those are kubernetes, mariadb, ' +
                "ironic, sushyTools, bmo, capi, capm3, ipam",
        ],
        [{ versions: '{"ironic":39}' }, "versions.ironic = 39: must be a version, such as 39.0.0"],
        [{ versions: "39.0.0" }, 'versions = "39.0.0": must be an object: {PART: VERSION}'],
        [
            { versions: ironic("39.0.0"), images: '{"source":"pull"}' },
            'versions.ironic = "39.0.0": upstream publishes no image of ironic 39.0.0, and images.source is pull: ' +
                "set that to auto or build, or choose one of 34.0.0, 37.0.0, 38.0.0",
        ],
        [
            { versionSet: "2026.3", images: '{"source":"pull"}' },
            'versionSet = "2026.3": upstream publishes no image of ironic 39.0.0, and images.source is pull: ' +
                "set that to auto or build, or choose one of 34.0.0, 37.0.0, 38.0.0",
        ],
    ];
    const found = (raw: Record<string, string>): string[] => problems(livingLab(STACK, {}), raw);
    for (const [raw, problem] of rows) {
        it(`is refused with key, value and rule: ${JSON.stringify(raw)}`, () => {
            expect(found(raw)).to.deep.equal([problem]);
        });
    }

    it("is none where the user's own image has it, or where it is built", () => {
        const images = JSON.stringify({ source: "pull", overrides: { ironic: "mine:1" } });
        expect(found({ versions: ironic("39.0.0"), images })).to.deep.equal([]);
        expect(found({ versions: ironic("39.0.0"), images: '{"source":"build"}' })).to.deep.equal([]);
        expect(() => validate({ versions: ironic("40.0.0") })).to.not.throw(ConfigurationError);
    });
});

describe("Another version of Ironic of a living lab", () => {
    it("is taken exactly where it is not below the one that the lab has", () => {
        const version = fc.constantFrom(...IRONIC);
        fc.assert(
            fc.property(version, version, (had, wanted) => {
                const expected = IRONIC.indexOf(wanted) < IRONIC.indexOf(had) ? ["versions"] : [];
                expect(wrongKeys(living({ versions: ironic(had) }), { versions: ironic(wanted) })).to.deep.equal(
                    expected,
                );
            }),
        );
    });

    it("is refused downwards with the way out, also where it is the set's", () => {
        expect(problems(living(NEWEST), {})).to.deep.equal([
            `versionSet = (not set): would be Ironic ${DEFAULT}, below 39.0.0, which this lab has: Ironic migrates ` +
                "no database back. Leave it at 39.0.0 or above (pulumi config set --path versions.ironic 39.0.0), or " +
                "have the lab taken away and another one made in its place: npm run up -- --replace --stack test",
        ]);
    });

    it("is one problem where there is no such version or set", () => {
        const lab = living(NEWEST);
        for (const raw of [{ versionSet: "2020.1" }, { versionSet: "a b" }, { versions: "x" }]) {
            expect(wrongKeys(lab, raw)).to.deep.equal(Object.keys(raw));
        }
        expect(wrongKeys(lab, { versions: ironic("1.0.0") })).to.deep.equal(["versions.ironic"]);
    });

    it("is held against the highest where an up was killed between two conductors", () => {
        const [later, earlier] = [resourcesOf({ versionSet: "2026.3" }), resourcesOf({})];
        const first = Object.keys(earlier).find((urn) => urn.endsWith("conductor-0")) as string;
        const mix = (most: typeof later, one: typeof later): typeof later => ({ ...most, [first]: one[first]! });
        for (const mixed of [mix(earlier, later), mix(later, earlier)]) {
            expect(livingLab(STACK, mixed).versions["ironic"]).to.equal("39.0.0");
        }
    });
});
