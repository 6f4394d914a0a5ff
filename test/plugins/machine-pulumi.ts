/**
 * A Pulumi project with a home, a backend and plugins of its own, built from this checkout, for tests with the real
 * CLI.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { buildPlugins } from "../../plugins/build";
import { skipBecause } from "../skip";
import { cleanUp, isDockerThere, makeImage } from "./docker-machine";

const run = promisify(execFile);
const ROOT = resolve(__dirname, "../..");

export async function isPulumiThere(): Promise<boolean> {
    return run("pulumi", ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } }).then(
        () => true,
        () => false,
    );
}

export interface Result {
    code: number;
    output: string;
}

export class Project {
    private constructor(
        readonly directory: string,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    /** @param program index.js. @param yaml more of Pulumi.yaml. */
    static async create(program: string, yaml = ""): Promise<Project> {
        const directory = await mkdtemp(join(tmpdir(), "plugin-test-"));
        const plugins = await buildPlugins(join(directory, ".plugins"));
        await writeFile(join(directory, "Pulumi.yaml"), `name: plugin-test\nruntime: nodejs\n${yaml}`);
        await writeFile(join(directory, "package.json"), JSON.stringify({ name: "plugin-test", main: "index.js" }));
        await writeFile(join(directory, "index.js"), program);
        await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
        const env = {
            ...process.env,
            PATH: `${join(directory, ".plugins")}${delimiter}${process.env["PATH"] ?? ""}`,
            PULUMI_HOME: join(directory, ".home"),
            PULUMI_BACKEND_URL: `file://${directory}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        };
        const project = new Project(directory, env);
        for (const plugin of plugins.filter(({ kind }) => kind === "resource")) {
            await project.must("plugin", "install", plugin.kind, plugin.name, plugin.version, "--file", plugin.file);
            // From here on only the installed copy is there: it must need nothing beside it.
            await rm(plugin.file);
        }
        await project.must("stack", "init", "test");
        return project;
    }

    async pulumi(...args: string[]): Promise<Result> {
        const options = { cwd: this.directory, env: this.env, maxBuffer: 1 << 26 };
        return run("pulumi", [...args, "--non-interactive", "--color=never"], options).then(
            ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
            (error: { code: number; stdout: string; stderr: string }) => ({
                code: error.code,
                output: error.stdout + error.stderr,
            }),
        );
    }

    /** Runs a command that must succeed. */
    async must(...args: string[]): Promise<string> {
        const { code, output } = await this.pulumi(...args);
        if (code !== 0) {
            throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
        }
        return output;
    }

    /** How many resources the last line of an update or preview says are to create, update, and so on. */
    static counts(output: string): Record<string, number> {
        const section = output.slice(output.lastIndexOf("Resources:"));
        return Object.fromEntries(
            [...section.matchAll(/^\s+\D*(\d+) (to )?(\w+)/gm)].map((match) => [match[3] as string, Number(match[1])]),
        );
    }

    async file(name: string, content: string): Promise<void> {
        await writeFile(join(this.directory, name), content);
    }

    async remove(): Promise<void> {
        await rm(this.directory, { recursive: true, force: true });
    }
}

/**
 * Adds the hooks that make the project, skip where pulumi or Docker is missing, and clean up.
 * @returns the project, for use inside tests
 */
export function projectHooks(program: string): () => Project {
    let project: Project | undefined;
    before(async function () {
        if (!(await isPulumiThere()) || !(await isDockerThere())) {
            skipBecause(this, "pulumi or Docker is missing");
        }
        await makeImage();
        project = await Project.create(program);
    });
    after(async () => {
        await project?.remove();
        if (await isDockerThere()) {
            await cleanUp();
        }
    });
    return () => project as Project;
}
