import { look, run } from "../run";

interface AptOptions {
    log: string;
    signal?: AbortSignal | undefined;
}

/** Longest wait for dpkg's lock, seconds: unattended upgrades, for instance, may hold it. */
const DPKG_WAIT = 300;

/** Whether this process may use apt-get: the command exists, and the process runs as root. */
export async function aptUsable(): Promise<boolean> {
    return process.geteuid?.() === 0 && (await look("apt-get", ["--version"])) !== undefined;
}

/** Installs Debian packages from the machine's own sources, without the packages they only recommend. */
export async function aptInstall(packages: readonly string[], options: AptOptions): Promise<void> {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const wait = ["-o", `DPkg::Lock::Timeout=${DPKG_WAIT}`];
    const settings = { env, log: options.log, timeoutMs: 20 * 60_000, signal: options.signal };
    // Package lists of a fresh machine are empty or old.
    await run("apt-get", [...wait, "update"], settings);
    await run("apt-get", [...wait, "install", "-y", "--no-install-recommends", ...packages], settings);
}

/** A mirror of Debian packages. */
interface AptSource {
    uri: string;
    /** `Debian` for the release, `Debian-Security` for its security updates. */
    label: string;
}

/**
 * The Debian mirrors that this machine itself uses. Images are made from them, because they can be reached from here,
 * and no file of ours has to name a mirror. Empty on other distributions.
 */
export async function debianSources(): Promise<AptSource[]> {
    const text = await look("apt-get", [
        "indextargets",
        "--format",
        "$(REPO_URI) $(COMPONENT) $(ORIGIN) $(LABEL)",
        "Created-By: Packages",
    ]);
    const seen = new Map<string, AptSource>();
    for (const line of (text ?? "").split("\n")) {
        const [uri, component, origin, label] = line.split(" ");
        if (uri && label && component === "main" && origin === "Debian") {
            seen.set(uri, { uri: uri.replace(/\/$/, ""), label });
        }
    }
    return [...seen.values()];
}
