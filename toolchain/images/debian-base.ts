import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, aptUsable, debianSources } from "../docker/apt";
import type { StepHandle } from "../progress";
import { look, run } from "../run";

interface BaseRequest {
    reference: string;
    suite: string;
    /** Packages to install beside the essential ones. */
    include: readonly string[];
    /** Upstream's image, which is pulled where this process may not use debootstrap. */
    pull: string | undefined;
    log: string;
    signal?: AbortSignal | undefined;
}

/**
 * The bundle of certificate authorities that this machine trusts. Where HTTPS is intercepted, builds inside
 * containers have to trust the interceptor's authority, which is in it.
 */
export const MACHINE_CA = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
].find((path) => existsSync(path));

/**
 * Documentation, translations and package lists: two thirds of the files of a minimal tree, and of no use in a
 * container.
 */
const NEEDLESS = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
];

async function installDebootstrap(log: string, signal: AbortSignal | undefined): Promise<void> {
    const there = (await look("debootstrap", ["--version"])) !== undefined;
    // Ubuntu's debootstrap comes without Debian's keys.
    const missing = [
        ...(there ? [] : ["debootstrap"]),
        ...(existsSync("/usr/share/keyrings/debian-archive-keyring.gpg") ? [] : ["debian-archive-keyring"]),
    ];
    if (missing.length > 0) {
        await aptInstall(missing, { log, signal });
    }
}

/** Writes the machine's own mirrors into the tree, so that apt works in the image wherever it works outside. */
async function writeSources(root: string, suite: string): Promise<void> {
    const lines = (await debianSources()).flatMap(({ uri, label }) =>
        label === "Debian-Security"
            ? [`deb ${uri} ${suite}-security main`]
            : [`deb ${uri} ${suite} main`, `deb ${uri} ${suite}-updates main`],
    );
    // On another distribution the tree keeps debootstrap's default mirror.
    if (lines.length > 0) {
        await writeFile(join(root, "etc/apt/sources.list"), `${[...new Set(lines)].join("\n")}\n`);
    }
}

/** Writes the machine's proxy for apt, if it has one, into the tree. */
async function writeProxy(root: string): Promise<void> {
    const said = (await look("apt-config", ["dump", "Acquire::http::Proxy", "Acquire::https::Proxy"])) ?? "";
    const lines = said.split("\n").filter((line) => /^Acquire::https?::Proxy "..*";$/.test(line));
    if (lines.length > 0) {
        await writeFile(join(root, "etc/apt/apt.conf.d/90machine-proxy"), `${lines.join("\n")}\n`);
    }
}

/**
 * Makes the Debian image beneath the others: debootstrap into a folder, then `docker import`. Both need root on
 * Debian or Ubuntu; elsewhere upstream's pinned image is pulled in its place.
 */
export async function buildDebianBase(request: BaseRequest, step: StepHandle): Promise<void> {
    const { log, signal, reference } = request;
    if (!(await aptUsable())) {
        if (request.pull === undefined) {
            throw new Error(`${reference} is made with debootstrap, which needs root on Debian or Ubuntu`);
        }
        step.doing(`pulling ${request.pull}`);
        await run("docker", ["pull", request.pull], { timeoutMs: 10 * 60_000, log, signal });
        await run("docker", ["tag", request.pull, reference], { timeoutMs: 60_000, log, signal });
        return;
    }
    await installDebootstrap(log, signal);
    // debootstrap refuses file systems that are mounted with nodev or noexec, as homes and the cache in them
    // sometimes are.
    const parent = await mkdtemp(join(tmpdir(), "metal3-scale-lab-base-"));
    const root = join(parent, "root");
    try {
        step.doing("debootstrap");
        const mirror = (await debianSources()).find((source) => source.label === "Debian")?.uri;
        const include = request.include.length > 0 ? [`--include=${request.include.join(",")}`] : [];
        await run(
            "debootstrap",
            ["--variant=minbase", ...include, request.suite, root, ...(mirror === undefined ? [] : [mirror])],
            {
                timeoutMs: 20 * 60_000,
                log,
                signal,
            },
        );
        await writeSources(root, request.suite);
        await writeProxy(root);
        for (const path of NEEDLESS) {
            await rm(join(root, path), { recursive: true, force: true });
        }
        for (const path of ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/log/apt"]) {
            await mkdir(join(root, path), { recursive: true });
        }
        // Empty: each container gets an identity of its own.
        await writeFile(join(root, "etc/machine-id"), "");
        step.doing("importing");
        await importTree(root, reference, signal);
    } finally {
        await rm(parent, { recursive: true, force: true });
    }
}

async function importTree(root: string, reference: string, signal: AbortSignal | undefined): Promise<void> {
    const { execa } = await import("execa");
    const cancel = signal === undefined ? {} : { cancelSignal: signal };
    const tar = execa(
        "tar",
        ["--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*", "-C", root, "-c", "."],
        {
            ...cancel,
            stdin: "ignore",
            encoding: "buffer",
            buffer: false,
            timeout: 10 * 60_000,
        },
    );
    await tar.pipe(
        "docker",
        ["import", "--change", 'CMD ["/bin/bash"]', "--change", "LABEL metal3-scale-lab.image=base", "-", reference],
        {
            ...cancel,
            timeout: 10 * 60_000,
        },
    );
}
