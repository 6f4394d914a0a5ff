import { dirname, join } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { expectNone } from "./complaints";
import { typescriptFiles, type SourceFile } from "./tree";

/** Our files that a file imports, types included. */
function importsOf({ path, text }: SourceFile, known: ReadonlySet<string>): string[] {
    return ts.preProcessFile(text).importedFiles.flatMap(({ fileName }) => {
        const base = join(dirname(path), fileName);
        const candidates = [`${base}.ts`, base.replace(/\.js$/, ".ts"), join(base, "index.ts")];
        return fileName.startsWith(".") ? candidates.filter((candidate) => known.has(candidate)).slice(0, 1) : [];
    });
}

/** Whether a way leads from one node to the other. */
function leadsTo(graph: Map<string, Set<string>>, from: string, to: string, seen = new Set<string>()): boolean {
    return [...(graph.get(from) ?? [])].some((next) => {
        if (next === to) {
            return true;
        }
        const isNew = !seen.has(next);
        seen.add(next);
        return isNew && leadsTo(graph, next, to, seen);
    });
}

/**
 * Imports that close a circle. Each import is an arrow between two entries, files or folders, of the innermost folder
 * that holds both ends. A circle of files, of folders, or of both is a circle of such arrows in some folder. ESLint's
 * `import-x/no-cycle` sees files only, and no imports of types.
 */
function circles(files: readonly SourceFile[]): string[] {
    const known = new Set(files.map(({ path }) => path));
    const arrows = files.flatMap((file) => importsOf(file, known).map((target) => ({ path: file.path, target })));
    const graphs = new Map<string, Map<string, Set<string>>>();
    const placed = arrows.map(({ path, target }) => {
        const [from, to] = [path.split("/"), target.split("/")];
        const depth = from.findIndex((part, index) => part !== to[index]);
        const [folder, tail, head] = [from.slice(0, depth).join("/"), from[depth] ?? "", to[depth] ?? ""];
        const graph = graphs.get(folder) ?? new Map<string, Set<string>>();
        graphs.set(folder, graph.set(tail, (graph.get(tail) ?? new Set()).add(head)));
        return { arrow: `${path} imports ${target}`, graph, tail, head };
    });
    return placed.filter(({ graph, tail, head }) => leadsTo(graph, head, tail)).map(({ arrow }) => arrow);
}

describe("The imports of our files", () => {
    it("form no circle, between files or folders", () => expectNone(circles(typescriptFiles)));

    it("would be refused in a circle of files, of folders, or of a file and a folder", () => {
        const file = (path: string, ...imports: string[]): SourceFile => ({
            path,
            text: imports.map((name) => `import type { T } from "${name}";`).join("\n"),
        });
        expect(circles([file("a/one.ts", "./two"), file("a/two.ts", "./three"), file("a/three.ts")])).to.deep.equal([]);
        expect(circles([file("a/one.ts", "./two"), file("a/two.ts", "./one.js")])).to.have.length(2);
        expect(
            circles([file("a/one.ts", "../b/one"), file("b/one.ts"), file("b/two.ts", "../a/two"), file("a/two.ts")]),
        ).to.deep.equal(["a/one.ts imports b/one.ts", "b/two.ts imports a/two.ts"]);
        expect(circles([file("a/one.ts", "./sub/x"), file("a/sub/x.ts"), file("a/sub/y.ts", "../one")])).to.have.length(
            2,
        );
    });
});

/**
 * Where a kind of substrate may be named: its own files, the configuration, the machine below, and what finds or builds
 * its parts. Everything else is the one code path above all kinds.
 */
const KNOW_THE_KINDS = [
    "plan/substrate/",
    "plan/config/",
    "components/substrate/",
    "machine/",
    "tasks/minikube",
    "toolchain/",
    "test/",
];

/** Lines outside of those places that name a kind of substrate. */
const namedKinds = (files: readonly SourceFile[]): string[] =>
    files
        .filter(({ path }) => !KNOW_THE_KINDS.some((place) => path.startsWith(place)))
        .flatMap(({ path, text }) =>
            text
                .split("\n")
                .flatMap((line, index) =>
                    /embedded|minikube/i.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [],
                ),
        );

describe("The kind of the substrate", () => {
    it("is named nowhere above the substrate", () => expectNone(namedKinds(typescriptFiles)));

    it("would be found where it is named", () => {
        const file = (path: string): SourceFile => ({ path, text: 'a();\nif (kind === "minikube") {' });
        expect(namedKinds([file("components/ironic.ts"), file("components/substrate/kinds.ts")])).to.deep.equal([
            'components/ironic.ts:2 if (kind === "minikube") {',
        ]);
    });
});
