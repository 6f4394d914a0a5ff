import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { expect } from "chai";
import * as fc from "fast-check";
import { parseOptions, splitArguments } from "../../plugins/nodejs/options";
import { programDependencies, requiredPackages } from "../../plugins/nodejs/packages";
import { runArguments, runResponse, runnerOf } from "../../plugins/nodejs/program";
import { VERSIONS } from "../../plugins/versions";
import { failure } from "./harness";

const ROOT = resolve(__dirname, "../..");

describe("language host", () => {
    let directory: string;
    beforeEach(async () => {
        directory = await mkdtemp(join(tmpdir(), "host-test-"));
    });
    afterEach(async () => rm(directory, { recursive: true }));

    it("speaks the protocol of the SDK that is installed", async () => {
        const manifest = JSON.parse(await readFile(require.resolve("@pulumi/pulumi/package.json"), "utf8")) as {
            version: string;
        };
        expect(VERSIONS.nodejs).to.equal(manifest.version);
    });

    describe("options of Pulumi.yaml", () => {
        it("have the official defaults", () => {
            expect(parseOptions({})).to.deep.equal({
                nodeArguments: [],
                typescript: true,
                tsconfig: "",
                packageManager: "npm",
            });
        });

        it("are taken over", () => {
            const options = {
                nodeargs: "--max-old-space-size=4096 --import 'a b'",
                typescript: false,
                tsconfig: "x.json",
                packagemanager: "pnpm",
            };
            expect(parseOptions(options)).to.deep.equal({
                nodeArguments: ["--max-old-space-size=4096", "--import", "a b"],
                typescript: false,
                tsconfig: "x.json",
                packageManager: "pnpm",
            });
        });

        it("are refused, all at once, where they are wrong or unknown", () => {
            expect(() =>
                parseOptions({ typescript: "yes", nodeargs: 1, packagemanager: "bun", colour: "red" }),
            ).to.throw(
                new RegExp(
                    "typescript .*true or false\n.*nodeargs.*\n" +
                        ".*packagemanager .*npm, yarn, pnpm\n.*colour .*does not know it",
                ),
            );
        });

        it("split node's arguments as a shell does", () => {
            expect(splitArguments(`  a "b c" 'd "e' f\\ g "" h"i"j `)).to.deep.equal([
                "a",
                "b c",
                'd "e',
                "f g",
                "",
                "hij",
            ]);
            expect(() => splitArguments("a 'b")).to.throw(/open '/);
            fc.assert(
                fc.property(fc.array(fc.string()), (words) => {
                    expect(
                        splitArguments(words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(" ")),
                    ).to.deep.equal(words);
                }),
            );
        });
    });

    it("finds the plugins that this project's packages need, at their versions", async () => {
        const found = await requiredPackages(ROOT, ROOT);
        expect(found.map(({ name, version }) => `${name}@${version}`)).to.include.members([
            "command@v1.2.1",
            "docker@v5.2.0",
            "kubernetes@v4.25.0",
            "random@v4.21.2",
        ]);
    });

    it("looks beside the program and up to the project, into nested packages, and at no package twice", async () => {
        const put = async (path: string, manifest: unknown): Promise<void> => {
            await mkdir(join(directory, path), { recursive: true });
            await writeFile(join(directory, path, "package.json"), JSON.stringify(manifest));
        };
        await put("node_modules/@pulumi/one", { name: "@pulumi/one", version: "1.0.0", pulumi: { resource: true } });
        await put("node_modules/@other/two", {
            name: "@other/two",
            version: "2.0.0",
            pulumi: { resource: true, server: "https://x" },
        });
        await put("node_modules/plain", { name: "plain", version: "3.0.0" });
        await put("node_modules/plain/node_modules/three", {
            name: "three",
            version: "0.0.0",
            pulumi: { resource: true, name: "drei", version: "v3.1.0" },
        });
        await put("app/node_modules/four", {
            name: "four",
            version: "4.0.0",
            pulumi: { resource: true, parameterization: { name: "p", version: "5.0.0", value: "YQ==" } },
        });
        await put("app/node_modules/@pulumi/one", {
            name: "@pulumi/one",
            version: "1.0.0",
            pulumi: { resource: true },
        });
        await put("app", { name: "app" });
        expect(await requiredPackages(join(directory, "app"), directory)).to.deep.equal([
            { name: "drei", version: "v3.1.0", server: "" },
            {
                name: "four",
                version: "v4.0.0",
                server: "",
                parameterization: { name: "p", version: "5.0.0", value: "YQ==" },
            },
            { name: "one", version: "v1.0.0", server: "" },
            { name: "other/two", version: "v2.0.0", server: "https://x" },
        ]);
        await writeFile(join(directory, "node_modules/plain/package.json"), "{");
        expect((await failure(requiredPackages(directory, directory))).message).to.match(
            /plain\/package\.json is no JSON/,
        );
    });

    it("lists a program's dependencies at the versions that are installed", async () => {
        const direct = await programDependencies(ROOT, false);
        const installed = JSON.parse(await readFile(join(ROOT, "node_modules/yaml/package.json"), "utf8")) as {
            version: string;
        };
        expect(direct).to.deep.include({ name: "yaml", version: installed.version });
        expect((await programDependencies(ROOT, true)).length).to.be.greaterThan(direct.length);
    });

    it("passes the runner what the engine says", () => {
        const request = new pb.RunRequest()
            .setMonitorAddress("m:1")
            .setProject("p")
            .setStack("s")
            .setPwd("/w")
            .setOrganization("o")
            .setParallel(7)
            .setDryrun(true)
            .setArgsList(["x"]);
        request.setInfo(new pb.ProgramInfo().setRootDirectory("/r").setEntryPoint("main.ts"));
        const args = runArguments(request, "/runner", parseOptions({ nodeargs: "--inspect" }), "e:2");
        expect(args[0]).to.match(/^--import=data:text\/javascript,/);
        const flags = [
            "--monitor",
            "m:1",
            "--engine",
            "e:2",
            "--organization",
            "o",
            "--project",
            "p",
            "--root-directory",
            "/r",
            "--stack",
            "s",
            "--pwd",
            "/w",
            "--parallel",
            "7",
        ];
        expect(args.slice(1)).to.deep.equal(["--inspect", "/runner", ...flags, "--dry-run", "main.ts", "x"]);
    });

    it("tells apart how a program ends", () => {
        const ending = (code: number | null, signal: NodeJS.Signals | null = null): pb.RunResponse.AsObject =>
            runResponse({ code, signal }).toObject();
        expect(ending(0)).to.deep.equal({ error: "", bail: false });
        expect(ending(32)).to.deep.equal({ error: "", bail: true });
        expect(ending(3)).to.deep.equal({ error: "Program exited with non-zero exit code: 3", bail: false });
        expect(ending(null, "SIGKILL")).to.deep.equal({ error: "Program was ended by SIGKILL", bail: false });
    });

    it("says what to do where the SDK is not installed", () => {
        expect(() => runnerOf(directory, "run")).to.throw(
            /no @pulumi\/pulumi in its node_modules; have you run `npm install`/,
        );
        expect(runnerOf(ROOT, "run")).to.match(/cmd\/run\/index\.js$/);
    });
});
