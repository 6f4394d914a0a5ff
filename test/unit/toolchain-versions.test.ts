import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { gte, Range, satisfies } from "semver";
import { parse } from "yaml";
import { validate } from "../../plan/validate";
import { goTarget, goTargets, goVariants, type GoTarget } from "../../toolchain/go/targets";
import { builtAs, dockerfileDir, imageNames, imageRecipe } from "../../toolchain/images/recipes";
import { repoPath } from "../../toolchain/paths";
import { tool } from "../../toolchain/tools";
import { versions } from "../../toolchain/versions";

/** Programs of ours: they are of no upstream's version. */
const OURS = ["fkas", "pause"];
const all = goTargets().flatMap((target) => [target, ...goVariants(target.name)]);
const upstream = all.filter(({ name }) => !OURS.includes(name));

/** The upstream module behind each target whose package is a folder of ours. */
const BEHIND: Record<string, string> = {
    kube: "k8s.io/kubernetes",
    coredns: "github.com/coredns/coredns",
    "storage-provisioner": "k8s.io/minikube",
};

/** Versions of the modules that a target's go.mod requires, by module. */
function required({ module }: GoTarget): Map<string, string> {
    const text = readFileSync(repoPath(module, "go.mod"), "utf8");
    return new Map(
        [...text.matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]),
    );
}

const { dependencies } = JSON.parse(readFileSync(repoPath("package.json"), "utf8")) as {
    dependencies: Record<string, string>;
};

describe("Versions that stand in more than one file", () => {
    for (const target of upstream) {
        it(`The build of ${target.name} links no other version than ${target.version}`, () => {
            // The image of minikube's virtual machine has a version of its own.
            const text = `${target.ldflags} ${target.prebuild ?? ""}`.replace(/\S+\.isoVersion=\S+/, "");
            const linked = [...text.matchAll(/\bv?\d+\.\d+\.\d+\b/g)].map(([version]) => version);
            expect(new Set([...linked, target.version])).to.deep.equal(new Set([target.version]));
            const [, major, minor] = /(\d+)\.(\d+)\./.exec(target.version) ?? [];
            for (const [part, number] of text.matchAll(/(?<=version\.git)M(?:aj|in)or=(\d+)/g)) {
                expect(number, part).to.equal(part.startsWith("Major") ? major : minor);
            }
        });
    }

    // Neither provider has a tag as a Go module: the one's go.mod requires a commit, the other's the provider's parts.
    for (const target of upstream.filter(({ name }) => !name.startsWith("pulumi-resource-"))) {
        it(`The go.mod of ${target.name} requires ${target.version}`, () => {
            const modules = required(target);
            const behind = BEHIND[target.output ?? target.name] ?? target.package;
            const found = [...modules.keys()].filter((module) => behind === module || behind.startsWith(`${module}/`));
            expect(found, behind).to.not.deep.equal([]);
            expect(modules.get(found.sort((a, b) => b.length - a.length)[0] ?? "")).to.equal(target.version);
        });
    }

    it("The image that upstream publishes is of the version that the lab builds", () => {
        const built = imageNames().flatMap((name) => [
            name,
            ...Object.keys(imageRecipe(name).versions ?? {}).map((version) => builtAs(name, version)),
        ]);
        const compared = built.flatMap((name) => {
            const { pull, binaries } = imageRecipe(name);
            const [binary] = binaries;
            if (pull === undefined || binary === undefined || OURS.includes(binary)) {
                return [];
            }
            expect(pull.split(":").at(-1), name).to.equal(goTarget(binary).version);
            return [name];
        });
        expect(compared).to.include.members(["coredns", "baremetal-operator", "cluster-api-provider-metal3"]);
        expect(compared).to.include("cluster-api-controller-1.13.4");
    });

    it("minikube's base image has its images under the tags of the Kubernetes version that it is built for", () => {
        const { args, archives } = imageRecipe("minikube-base");
        const folder = dockerfileDir("minikube-base");
        const lines = readFileSync(join(folder, "images.txt"), "utf8").trim().split("\n");
        const tags = new Map(lines.map((line) => line.split(" ") as [string, string]));
        for (const name of ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]) {
            expect(tags.get(`registry.k8s.io/${name}:${args["KUBERNETES"]}`), name).to.equal("kubernetes");
        }
        const archived = Object.keys(archives ?? {}).map((path) => /^images\/(.*)\.tar$/.exec(path)?.[1]);
        expect(new Set(tags.values())).to.deep.equal(new Set(archived));
        // kubeadm and kubelet of the lab's version serve it, because only the patch version differs.
        expect(`${args["KUBERNETES"]}`.replace(/\.\d+$/, "")).to.equal(
            goTarget("kubeadm").version.replace(/\.\d+$/, ""),
        );
        expect(goTarget("kubeadm").version).to.equal(goTarget("kube").version);
    });

    it("The fake API servers speak the API versions of the controllers that the lab builds", () => {
        const modules = required(goTarget("fkas"));
        const pairs = [
            ["sigs.k8s.io/cluster-api", "cluster-api-controller"],
            ["github.com/metal3-io/cluster-api-provider-metal3/api", "cluster-api-provider-metal3"],
            ["github.com/metal3-io/baremetal-operator/apis", "baremetal-operator"],
        ] as const;
        for (const [module, target] of pairs) {
            // The in-memory server, which FKAS has in it, is not published for each patch; a patch changes no API.
            const minor = (version: string | undefined): string | undefined => version?.replace(/\.\d+$/, "");
            expect(minor(modules.get(module)), module).to.equal(minor(goTarget(target).version));
        }
    });

    it("A workload cluster is of the management cluster's Kubernetes unless the user asks for another", () => {
        expect(validate({}).kubernetesVersion).to.equal(goTarget("kube").version);
    });

    it("The Pulumi and the Kubernetes provider that the lab builds are those that package.json asks for", () => {
        expect(goTarget("pulumi").version).to.equal(`v${dependencies["@pulumi/pulumi"]}`);
        expect(goTarget("pulumi-resource-kubernetes").version).to.equal(dependencies["@pulumi/kubernetes"]);
    });

    it("Pulumi is asked for the plugins of package.json, each at the version that its npm package names", () => {
        expect(versions().plugins.map(({ name }) => name)).to.have.members([
            "kubernetes",
            "docker",
            "random",
            "command",
            "libvirt",
        ]);
        expect(versions().plugins.filter(({ optional }) => optional)).to.deep.equal([
            { name: "libvirt", version: goTarget("pulumi-resource-libvirt").version, optional: true },
        ]);
        for (const { name, version } of versions().plugins.filter(({ optional }) => !optional)) {
            const path = repoPath("node_modules", "@pulumi", name, "package.json");
            const { pulumi } = JSON.parse(readFileSync(path, "utf8")) as { pulumi: object };
            expect(pulumi, name).to.deep.equal({ resource: true, name, version });
        }
    });

    it("The replacement plugins name no version of Pulumi's packages other than that of package.json", () => {
        for (const folder of ["docker", "random", "command", "nodejs"]) {
            const wanted = dependencies[folder === "nodejs" ? "@pulumi/pulumi" : `@pulumi/${folder}`];
            for (const file of readdirSync(repoPath("plugins", folder)).filter((name) => name.endsWith(".ts"))) {
                const text = readFileSync(join(repoPath("plugins", folder), file), "utf8");
                const pattern = /(?:version: "|VERSION = "|@pulumi\/\w+ )v?(\d+\.\d+\.\d+)/g;
                for (const [, version] of text.matchAll(pattern)) {
                    expect(version, `plugins/${folder}/${file}`).to.equal(wanted);
                }
            }
        }
        const listed = readFileSync(repoPath("plugins", "build.ts"), "utf8").matchAll(
            /name: "(\w+)", version: "([^"]+)"/g,
        );
        for (const [, name, version] of listed) {
            expect(version, `plugins/build.ts, ${name}`).to.equal(
                dependencies[name === "nodejs" ? "@pulumi/pulumi" : `@pulumi/${name}`],
            );
        }
    });

    it("Pulumi.yaml asks for the same versions of Pulumi as the toolchain takes from PATH", () => {
        const project = parse(readFileSync(repoPath("Pulumi.yaml"), "utf8")) as { requiredPulumiVersion: string };
        expect(new Range(project.requiredPulumiVersion).range).to.equal(
            new Range(versions().tools["pulumi"]?.range ?? "").range,
        );
    });

    it("A tool that the lab builds is of a version that it would take from PATH", () => {
        for (const [name, { range }] of Object.entries(versions().tools)) {
            expect(satisfies(goTarget(tool(name).target).version, range), name).to.equal(true);
        }
    });

    it("The pinned Go is new enough for the lab's programs and for every go.mod of theirs", () => {
        const { version, minimum } = versions().go;
        expect(gte(version, minimum)).to.equal(true);
        for (const { name, module } of all) {
            const text = readFileSync(repoPath(module, "go.mod"), "utf8");
            const asked = /^go (\S+)$/m.exec(text)?.[1] ?? "";
            expect(gte(minimum, asked), `${name} asks for Go ${asked}`).to.equal(true);
        }
    });
});
