/** What the program's node_modules say about the plugins and packages it needs. */
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

interface Parameterization {
    name: string;
    version: string;
    /** Base64. */
    value: string;
}
interface PackageJson {
    name?: string;
    version?: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    pulumi?: {
        resource?: boolean;
        name?: string;
        version?: string;
        server?: string;
        parameterization?: Parameterization;
    };
}

export interface RequiredPackage {
    /** Name of the plugin, for example `docker`. */
    name: string;
    /** With a leading v, as the engine compares it. */
    version: string;
    server: string;
    parameterization?: Parameterization;
}

export interface Dependency {
    name: string;
    version: string;
}

/**
 * The resource plugins that the packages beneath the program's node_modules name in their `pulumi` section: each name
 * and version once.
 *
 * Like Node itself, it looks beside the program and then up to the project's root.
 */
export async function requiredPackages(programDirectory: string, rootDirectory: string): Promise<RequiredPackage[]> {
    const found = new Map<string, RequiredPackage>();
    for (const directory of upTo(programDirectory, rootDirectory)) {
        for (const content of await packagesIn(join(directory, "node_modules"))) {
            const required = requirementOf(content);
            if (required !== undefined) {
                found.set(`${required.name}@${required.version}`, required);
            }
        }
    }
    return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function requirementOf(content: PackageJson): RequiredPackage | undefined {
    const pulumi = content.pulumi;
    if (pulumi?.resource !== true) {
        return undefined;
    }
    const name = pulumi.name ?? content.name?.replace(/^@pulumi\//, "").replace(/^@/, "");
    const version = pulumi.version ?? content.version;
    if (name === undefined || name === "" || version === undefined || version === "") {
        return undefined;
    }
    return {
        name,
        version: version.startsWith("v") ? version : `v${version}`,
        server: pulumi.server ?? "",
        ...(pulumi.parameterization === undefined ? {} : { parameterization: pulumi.parameterization }),
    };
}

function upTo(directory: string, root: string): string[] {
    const directories = [directory];
    while (directory !== root && dirname(directory) !== directory && directory.startsWith(root)) {
        directory = dirname(directory);
        directories.push(directory);
    }
    return directories;
}

async function packagesIn(nodeModules: string): Promise<PackageJson[]> {
    const names = await directoriesIn(nodeModules);
    const packages = await Promise.all(
        names
            .filter((name) => !name.startsWith("."))
            .map(async (name) =>
                name.startsWith("@")
                    ? (await directoriesIn(join(nodeModules, name))).map((inner) => join(name, inner))
                    : [name],
            ),
    );
    const found = await Promise.all(
        packages.flat().map(async (name) => {
            const directory = join(nodeModules, name);
            const content = await readPackage(directory);
            const nested = await packagesIn(join(directory, "node_modules"));
            return content === undefined ? nested : [content, ...nested];
        }),
    );
    return found.flat();
}

async function directoriesIn(path: string): Promise<string[]> {
    try {
        const entries = await readdir(path, { withFileTypes: true });
        return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
    } catch (error) {
        return absent(error, []);
    }
}

async function readPackage(directory: string): Promise<PackageJson | undefined> {
    const path = join(directory, "package.json");
    try {
        return JSON.parse(await readFile(path, "utf8")) as PackageJson;
    } catch (error) {
        if (error instanceof SyntaxError) {
            throw new Error(`${path} is no JSON: ${error.message}`, { cause: error });
        }
        return absent(error, undefined);
    }
}

function absent<T>(error: unknown, otherwise: T): T {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
        return otherwise;
    }
    throw error;
}

/**
 * The installed versions of what the program's package.json asks for; with `transitive`, of everything in node_modules.
 */
export async function programDependencies(directory: string, transitive: boolean): Promise<Dependency[]> {
    const content = await readPackage(directory);
    if (content === undefined) {
        throw new Error(`${directory} has no package.json`);
    }
    const installed = await packagesIn(join(directory, "node_modules"));
    const direct = { ...content.dependencies, ...content.devDependencies };
    const wanted = transitive
        ? installed
        : await Promise.all(Object.keys(direct).map((name) => readPackage(join(directory, "node_modules", name))));
    const dependencies = wanted.flatMap((found) =>
        found?.name !== undefined && found.version !== undefined ? [{ name: found.name, version: found.version }] : [],
    );
    return dependencies.sort((left, right) => (left.name < right.name ? -1 : 1));
}
