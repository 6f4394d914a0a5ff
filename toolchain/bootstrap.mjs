// The way into the lab's command line from a fresh clone: plain JavaScript, nothing but Node.
//   node toolchain/bootstrap.mjs <command> [arguments]
// Installs node_modules if they are missing, half-installed or of another package-lock.json, then runs cli/main.ts.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const MINIMUM_NODE = 20;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".metal3-scale-lab-stamp");

/** Progress goes to standard error: standard output belongs to the command (`env`, for instance). */
function say(text) {
    process.stderr.write(`${text}\n`);
}

/** What installed modules must match: the lock file, and Node's major version because of compiled modules. */
function wantedStamp() {
    const lock = readFileSync(join(root, "package-lock.json"));
    return `${createHash("sha256").update(lock).digest("hex")} node${process.versions.node.split(".")[0]} ${process.platform}-${process.arch}`;
}

/** npm writes node_modules/.package-lock.json when all else is done: with it, and the same versions in it, an install by hand is whole. */
function installedByHand() {
    try {
        const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
        const found = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")).packages;
        return Object.entries(wanted).every(
            ([path, { version, optional, peer }]) =>
                path === "" ||
                // Optional ones of other platforms are not installed.
                (found[path] === undefined && (optional || peer)) ||
                (found[path]?.version === version && existsSync(join(root, path, "package.json"))),
        );
    } catch {
        return false;
    }
}

function installed() {
    try {
        if (readFileSync(stampFile, "utf8") === wantedStamp()) {
            return true;
        }
    } catch {
        // no stamp: not installed by us, or not to the end
    }
    if (!installedByHand()) {
        return false;
    }
    writeFileSync(stampFile, wantedStamp());
    return true;
}

/** Runs in a process of its own under flock(1): the kernel gives the lock back however this ends. */
function install() {
    if (installed()) {
        return;
    } // another run was quicker
    const started = Date.now();
    say("[npm] installing the lab's npm packages (npm ci) …");
    const beat = `while sleep 20; do echo '[npm] still installing' >&2; done & beat=$!; trap 'kill $beat 2>/dev/null' EXIT; `;
    const command = "npm ci --no-audit --no-fund --loglevel=error --fetch-retries=4 1>&2";
    // npm ci removes what is there first, so a stamp can only come from an install that ended.
    const result = spawnSync("sh", ["-c", `${beat}${command}`], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    if (result.status !== 0) {
        say(
            `error: npm ci failed (${result.signal ?? `exit code ${result.status}`}): see its message above. Is the npm registry reachable from here?`,
        );
        process.exit(1);
    }
    writeFileSync(stampFile, wantedStamp());
    say(`[npm] done in ${Math.round((Date.now() - started) / 1000)} s`);
}

function ensureModules() {
    if (installed()) {
        return;
    }
    const self = [fileURLToPath(import.meta.url), "--install"];
    mkdirSync(join(root, ".lab"), { recursive: true });
    const lock = join(root, ".lab", "npm-install.lock");
    // -w: a limit for the wait; -E tells it apart from npm's own exit codes.
    const locked = spawnSync("flock", ["-w", "1200", "-E", "77", lock, process.execPath, ...self], {
        stdio: ["ignore", "inherit", "inherit"],
    });
    if (locked.error?.code === "ENOENT") {
        say("[npm] flock(1) is not there: a second run at the same time is not kept out");
        install();
    } else if (locked.status === 77) {
        say(`error: waited 20 min for another run that is installing npm packages (${lock})`);
        process.exit(1);
    } else if (locked.status !== 0) {
        process.exit(locked.status ?? 1);
    }
}

function main() {
    if (Number(process.versions.node.split(".")[0]) < MINIMUM_NODE) {
        say(`error: Node ${MINIMUM_NODE} or newer is needed, this is ${process.version}`);
        process.exit(1);
    }
    if (process.argv[2] === "--install") {
        return install();
    }
    ensureModules();
    const child = spawn(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), join(root, "cli", "main.ts"), ...process.argv.slice(2)],
        { stdio: "inherit" },
    );
    // The command itself makes one out of two: a Ctrl-C comes from the terminal and, again, from here.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
        process.on(signal, () => child.kill(signal));
    }
    child.on("error", (error) => {
        say(`error: ${error.message}`);
        process.exit(1);
    });
    child.on("exit", (code, signal) => {
        if (signal === null) {
            process.exit(code ?? 1);
        }
        // Ended by a signal: end the same way, so that whoever called sees it.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
    });
}

main();
