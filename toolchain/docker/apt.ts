import { look, run } from "../run";

export interface AptOptions {
    log: string;
    signal?: AbortSignal | undefined;
}

/** dpkg is shared with whoever else installs at the moment (unattended upgrades): apt waits so long for its lock. Seconds. */
const DPKG_WAIT = 300;

/** True where apt-get may be used: it exists and we are root. */
export async function aptUsable(): Promise<boolean> {
    return process.geteuid?.() === 0 && (await look("apt-get", ["--version"])) !== undefined;
}

/** Installs Debian packages from the machine's own sources, without recommended ones. What is installed already stays as it is. */
export async function aptInstall(packages: readonly string[], options: AptOptions): Promise<void> {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const wait = ["-o", `DPkg::Lock::Timeout=${DPKG_WAIT}`];
    const settings = { env, log: options.log, timeoutMs: 20 * 60_000, signal: options.signal };
    // Package lists of a fresh machine are empty or old.
    await run("apt-get", [...wait, "update"], settings);
    await run("apt-get", [...wait, "install", "-y", "--no-install-recommends", ...packages], settings);
}

/** One source of Debian packages of this machine. */
export interface AptSource {
    uri: string;
    label: string;
}

/**
 * The Debian mirrors this machine itself uses, so that images are made from what is reachable here and no mirror is named in our files.
 * Empty on other distributions.
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
