/** What the tests that need a daemon share: the connection, an image without a registry, and cleaning up. */
import Docker from "dockerode";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

export const client = new Docker();
/** Everything of a test run bears it. */
export const PREFIX = `plg-test-${process.pid}`;
/** A shell, sleep and cat; nothing else. */
export const IMAGE = `${PREFIX}/shell:1`;
/** Not the lab's network (192.168.222.0/24), so that tests and a lab can run side by side. */
export const SUBNET = "192.168.231.0/25";
export const address = (host: number): string => `192.168.231.${host}`;

const PROGRAMS = ["/bin/sh", "/bin/sleep", "/bin/cat"];

export async function isDockerThere(): Promise<boolean> {
    try {
        await client.ping();
        return true;
    } catch {
        return false;
    }
}

/** Makes the image out of this machine's own programs and the libraries they name, so that no registry is needed. */
export async function makeImage(): Promise<void> {
    const libraries = PROGRAMS.flatMap((program) => [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+\.so\S*) \(/g)].map((match) => match[1] as string));
    const files = [...new Set([...PROGRAMS, ...libraries])].map((path) => path.slice(1));
    const tar = spawn("tar", ["-C", "/", "-chf", "-", ...files], { stdio: ["ignore", "pipe", "inherit"] });
    const progress = (await client.importImage(tar.stdout as unknown as string, { repo: IMAGE.split(":")[0], tag: "1" } as never)) as unknown as NodeJS.ReadableStream;
    progress.resume();
    await once(progress, "end");
    await client.getImage(IMAGE).inspect();
}

/** Removes whatever the tests have left. */
export async function cleanUp(): Promise<void> {
    for (const found of await client.listContainers({ all: true })) {
        if (found.Names.some((name) => name.startsWith(`/${PREFIX}`))) {
            await client.getContainer(found.Id).remove({ force: true, v: true });
        }
    }
    for (const found of await client.listNetworks()) {
        if (found.Name.startsWith(PREFIX)) {
            await client.getNetwork(found.Id).remove();
        }
    }
    for (const found of (await client.listVolumes()).Volumes ?? []) {
        if (found.Name.startsWith(PREFIX)) {
            await client.getVolume(found.Name).remove();
        }
    }
    await client
        .getImage(IMAGE)
        .remove()
        .catch((error: { statusCode?: number }) => {
            if (error.statusCode !== 404) {
                throw error;
            }
        });
}

/** Runs a command in a container and returns what it prints. */
export async function execute(id: string, script: string): Promise<string> {
    const exec = await client.getContainer(id).exec({ Cmd: ["/bin/sh", "-c", script], AttachStdout: true, AttachStderr: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "end");
    return Buffer.concat(chunks).toString("utf8").replace(/\r\n/g, "\n").trimEnd();
}
