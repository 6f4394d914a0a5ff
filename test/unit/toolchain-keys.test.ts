import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson, contentOf, keyOf } from "../../toolchain/cache/keys";
import { goKey, localReplacements, parseTargets, type GoTarget } from "../../toolchain/go/targets";

describe("The keys of built programs", () => {
    let root: string;
    const target = (changes: Partial<GoTarget> = {}): GoTarget => ({
        ...(parseTargets(
            "targets: [{name: prog, module: mod, package: ., version: v1, ldflags: -s -w, env: {CGO_ENABLED: '0'}}]",
        ).targets[0] as GoTarget),
        ...changes,
    });

    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "lab-keys-test-"));
        await mkdir(join(root, "mod", "inner"), { recursive: true });
        await mkdir(join(root, "shared"));
        await writeFile(join(root, "mod", "go.mod"), "module x\n\nreplace y => ../shared\n");
        await writeFile(join(root, "mod", "go.sum"), "");
        await writeFile(join(root, "mod", "main.go"), "package main\n");
        await writeFile(join(root, "mod", "inner", "a.go"), "package inner\n");
        await writeFile(join(root, "shared", "b.go"), "package shared\n");
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    const key = (changes: Partial<GoTarget> = {}, go = "1.26.8"): string => goKey(target(changes), go, root);

    it("are the same in another place, at another time", async () => {
        const copy = await mkdtemp(join(tmpdir(), "lab-keys-copy-"));
        try {
            await cp(root, copy, { recursive: true });
            expect(goKey(target(), "1.26.8", copy)).to.equal(key());
        } finally {
            await rm(copy, { recursive: true });
        }
    });

    it("change with every field of a Go target and with Go itself", () => {
        const all = [
            key(),
            key({ package: "./inner" }),
            key({ version: "v2" }),
            key({ ldflags: "-s" }),
            key({ tags: ["x"] }),
            key({ env: { CGO_ENABLED: "1" } }),
            key({ prebuild: "true" }),
            key({ output: "other" }),
            key({}, "1.26.9"),
        ];
        expect(new Set(all).size).to.equal(all.length);
    });

    const edits: [what: string, edit: (at: string) => Promise<void>, changes: boolean][] = [
        ["a source file", (at) => writeFile(join(at, "mod", "main.go"), "package main // x\n"), true],
        [
            "a source file in a folder",
            (at) => writeFile(join(at, "mod", "inner", "a.go"), "package inner // x\n"),
            true,
        ],
        ["go.sum", (at) => writeFile(join(at, "mod", "go.sum"), "x\n"), true],
        ["a new file", (at) => writeFile(join(at, "mod", "new.go"), ""), true],
        [
            "a module replaced by a folder of ours",
            (at) => writeFile(join(at, "shared", "b.go"), "package shared // x\n"),
            true,
        ],
        ["the executable bit", (at) => chmod(join(at, "mod", "main.go"), 0o755), true],
        ["a test", (at) => writeFile(join(at, "mod", "main_test.go"), "package main\n"), false],
        ["documentation", (at) => writeFile(join(at, "mod", "README.md"), "x"), false],
    ];
    for (const [what, edit, changes] of edits) {
        it(`${changes ? "change" : "do not change"} with ${what}`, async () => {
            const before = key();
            await edit(root);
            expect(key() !== before).to.equal(changes);
        });
    }

    it("do not change with files that a build writes and git ignores", async () => {
        await writeFile(join(root, "mod", ".gitignore"), "/inner/made/\n");
        const before = key();
        await mkdir(join(root, "mod", "inner", "made"));
        await writeFile(join(root, "mod", "inner", "made", "schema.json"), "{}");
        expect(key()).to.equal(before);
        await writeFile(join(root, "mod", ".gitignore"), "*.json\n");
        expect(() => key()).to.throw('"*.json" is a pattern');
    });

    it("count the folders that replace modules in go.mod", () => {
        expect(localReplacements(join(root, "mod"))).to.deep.equal([join(root, "shared")]);
        expect(() => localReplacements(join(root, "shared"))).to.throw("go.mod is missing");
    });

    it("are hashes of canonical JSON, which is equal exactly for equal values", () => {
        fc.assert(
            fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
                const turned = Object.fromEntries(Object.entries(value).reverse());
                expect(canonicalJson(turned)).to.equal(canonicalJson(value));
                expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
            }),
        );
        expect(keyOf({ a: 1 })).not.to.equal(keyOf({ a: "1" }));
    });

    it("cannot be had without an input, and the message names it", () => {
        expect(() => contentOf(join(root, "nothing"))).to.throw(
            `cannot read ${join(root, "nothing")}, which is an input of a build`,
        );
    });
});

describe("The file targets.yaml", () => {
    it("is refused with every problem at once", () => {
        const text =
            "targets: [{name: 'Bad Name', module: m, package: ., version: v1}, " +
            "{name: b, module: m, version: v1, colour: red}]";
        expect(() => parseTargets(text)).to.throw(/0\.name: .*lower-case.*1\.package: .*1: .*colour/s);
    });

    it("may not name two targets alike", () => {
        const entry = "{name: a, module: m, package: ., version: v1}";
        expect(() => parseTargets(`targets: [${entry}, ${entry}]`)).to.throw("more than one target is named a");
        const versioned = "{name: a, module: m, package: ., version: v1.0.0, versions: {2.0.0: {module: n}}}";
        const other = "{name: a-2.0.0, module: m, package: ., version: v1}";
        expect(() => parseTargets(`targets: [${versioned}, ${other}]`)).to.throw("is named a-2.0.0");
    });

    it("may have further versions of a target, each from a module of its own and with its number linked in", () => {
        const { targets, variants } = parseTargets(
            "targets: [{name: a, module: m, package: p, version: v1.2.3, tags: [t], " +
                "ldflags: '-X v=${version} -X x=${major}.${minor}', versions: {2.5.6: {module: n}, " +
                "3.0.0: {module: o, package: q}}}]",
        );
        const own = { name: "a", module: "m", package: "p", version: "v1.2.3", tags: ["t"], env: {}, inputs: [] };
        expect(targets).to.deep.equal([{ ...own, ldflags: "-X v=v1.2.3 -X x=1.2" }]);
        const further = { ...own, output: "a" };
        expect(variants).to.deep.equal({
            a: [
                { ...further, name: "a-2.5.6", module: "n", version: "v2.5.6", ldflags: "-X v=v2.5.6 -X x=2.5" },
                {
                    ...further,
                    name: "a-3.0.0",
                    module: "o",
                    package: "q",
                    version: "v3.0.0",
                    ldflags: "-X v=v3.0.0 -X x=3.0",
                },
            ],
        });
        expect(() =>
            parseTargets("targets: [{name: a, module: m, package: p, version: v1, versions: {v2: {module: n}}}]"),
        ).to.throw("targets.0.versions.v2");
    });
});
