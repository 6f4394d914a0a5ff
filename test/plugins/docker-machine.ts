/** What the tests that need a daemon share: the connection, an image without a registry, and cleaning up. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import Docker from "dockerode";

export const client = new Docker();
/** Everything of a test run bears it. */
export const PREFIX = `plg-test-${process.pid}`;
/** A shell, sleep and cat; nothing else. */
export const IMAGE = `${PREFIX}/shell:1`;
/** The first of 192.168.193–221 to which this machine has no route yet: labs and other tests may run beside these. */
const FIRST_OCTETS = freeOctets();
export const SUBNET = `${FIRST_OCTETS}.0/25`;
export const address = (host: number): string => `${FIRST_OCTETS}.${host}`;

const PROGRAMS = ["/bin/sh", "/bin/sleep", "/bin/cat"];

/** @throws Error when all are taken. */
function freeOctets(): string {
    // /proc/net/route has destinations as little-endian hexadecimal (Linux, net/ipv4/fib_trie.c); a bridge without
    // containers is there, too.
    const destinations = existsSync("/proc/net/route")
        ? readFileSync("/proc/net/route", "utf8")
              .split("\n")
              .slice(1)
              .map((line) => line.split("\t")[1] ?? "")
        : [];
    const taken = new Set(
        destinations.map((hex) =>
            (hex.match(/../g) ?? [])
                .reverse()
                .slice(0, 3)
                .map((byte) => parseInt(byte, 16))
                .join("."),
        ),
    );
    const free = Array.from({ length: 29 }, (_, index) => `192.168.${193 + index}`).find(
        (octets) => !taken.has(octets),
    );
    if (free === undefined) {
        throw new Error("every network from 192.168.193.0 to 192.168.221.0 is in use on this machine");
    }
    return free;
}

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
    const libraries = PROGRAMS.flatMap((program) =>
        [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+\.so\S*) \(/g)].map(
            (match) => match[1] as string,
        ),
    );
    const files = [...new Set([...PROGRAMS, ...libraries])].map((path) => path.slice(1));
    const tar = spawn("tar", ["-C", "/", "-chf", "-", ...files], { stdio: ["ignore", "pipe", "inherit"] });
    // Dockerode's types say that this returns nothing. It returns a promise of the progress.
    const importing: unknown = client.importImage(tar.stdout, { repo: IMAGE.split(":")[0], tag: "1" } as never);
    const progress = await (importing as Promise<NodeJS.ReadableStream>);
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
    const exec = await client
        .getContainer(id)
        .exec({ Cmd: ["/bin/sh", "-c", script], AttachStdout: true, AttachStderr: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "end");
    return Buffer.concat(chunks).toString("utf8").replace(/\r\n/g, "\n").trimEnd();
}
