// Starts the lab's command line from a fresh clone. Plain JavaScript that needs nothing but Node.
//   node toolchain/bootstrap.mjs <command> [arguments]
// Installs node_modules if they are missing, half-installed or of another package-lock.json, then runs cli/main.ts.
// With `--bundle FILE` they come from that file.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PARTS, checkoutCommit, unpack, verifyBundle } from "./bundle/archive.mjs";

const MINIMUM_NODE = 20;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".metal3-scale-lab-stamp");

/**
 * Writes to standard error: standard output belongs to the command. The output of `env`, for instance, is evaluated.
 */
function say(text) {
    process.stderr.write(`${text}\n`);
}

const nodeMajor = Number(process.versions.node.split(".")[0]);

/** SHA-256, in hex, of the lock file. */
const lockHash = () =>
    createHash("sha256")
        .update(readFileSync(join(root, "package-lock.json")))
        .digest("hex");

/**
 * A stamp of what installed modules must match: the lock file, and Node's major version because of compiled modules.
 */
function wantedStamp() {
    return `${lockHash()} node${nodeMajor} ${process.platform}-${process.arch}`;
}

/**
 * Whether a person has run npm to its end: npm writes node_modules/.package-lock.json last, and the versions in it
 * are those of package-lock.json.
 */
function installedByHand() {
    try {
        const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
        const found = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")).packages;
        return Object.entries(wanted).every(
            ([path, { version, optional, peer }]) =>
                path === "" ||
                // npm leaves out optional packages of other platforms.
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
        // There is no stamp: this program did not install the modules, or not to the end.
    }
    if (!installedByHand()) {
        return false;
    }
    writeFileSync(stampFile, wantedStamp());
    return true;
}

/** The file after `--bundle` in a command line. */
function bundleOf(args) {
    const at = args.findIndex((arg) => arg === "--bundle" || arg.startsWith("--bundle="));
    const file = at < 0 ? undefined : (args[at].split(/=(.*)/s)[1] ?? args[at + 1]);
    return file === undefined ? undefined : resolve(root, file);
}

/**
 * Takes node_modules from a bundle. They are unpacked beside the old ones and moved into their place as a whole.
 * @returns whether they are those of this checkout's package-lock.json
 */
async function takeFromBundle(file) {
    const started = Date.now();
    say(`[npm] taking the lab's npm packages from ${file} …`);
    const { lock, commit } = await verifyBundle(file);
    if (lock !== lockHash()) {
        say(
            `[npm] the bundle has other packages than package-lock.json names: it was made from commit ${commit}, ` +
                `this checkout is commit ${checkoutCommit(root)}. They have to come from npm's registry`,
        );
        return false;
    }
    const folder = mkdtempSync(join(root, ".lab", "packages-"));
    try {
        const stdio = ["ignore", "inherit", "inherit"];
        if (spawnSync("sh", unpack(file, PARTS.packages, folder), { stdio }).status !== 0) {
            throw new Error(`the npm packages in ${file} cannot be unpacked: see the message above`);
        }
        rmSync(modules, { recursive: true, force: true });
        renameSync(join(folder, "node_modules"), modules);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
    if (!installed()) {
        throw new Error(`the npm packages in ${file} are not whole: it was made while they were being installed`);
    }
    say(`[npm] done in ${Math.round((Date.now() - started) / 1000)} s`);
    return true;
}

/** Runs in a process of its own under flock(1): the kernel gives the lock back in whatever way the process ends. */
async function install(bundle) {
    // Another run may have installed them during the wait for the lock.
    if (installed() || (bundle !== undefined && (await takeFromBundle(bundle)))) {
        return;
    }
    const started = Date.now();
    say("[npm] installing the lab's npm packages (npm ci) …");
    const script = [
        "while sleep 20; do echo '[npm] still installing' >&2; done & beat=$!",
        "trap 'kill $beat 2>/dev/null' EXIT",
        "npm ci --no-audit --no-fund --loglevel=error --fetch-retries=4 1>&2",
    ].join("\n");
    // npm ci first removes all modules and with them an older stamp.
    const result = spawnSync("sh", ["-c", script], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    if (result.status !== 0) {
        const how = result.signal ?? `exit code ${result.status}`;
        say(
            `error: npm ci failed (${how}): see its message above. Can the npm registry be reached from here? ` +
                "Without a network, `npm run up -- --bundle FILE` takes them from a file (docs/offline.md)",
        );
        process.exit(1);
    }
    writeFileSync(stampFile, wantedStamp());
    say(`[npm] done in ${Math.round((Date.now() - started) / 1000)} s`);
}

async function ensureModules(bundle) {
    if (installed()) {
        return;
    }
    const self = [fileURLToPath(import.meta.url), "--install", ...(bundle === undefined ? [] : ["--bundle", bundle])];
    mkdirSync(join(root, ".lab"), { recursive: true });
    const lock = join(root, ".lab", "npm-install.lock");
    // -w limits the wait to 20 minutes; -E gives a wait in vain an exit code that npm does not use.
    const locked = spawnSync("flock", ["-w", "1200", "-E", "77", lock, process.execPath, ...self], {
        stdio: ["ignore", "inherit", "inherit"],
    });
    if (locked.error?.code === "ENOENT") {
        say("[npm] there is no flock(1): do not start a second run before this one has installed the packages");
        await install(bundle);
    } else if (locked.status === 77) {
        say(`error: waited 20 minutes for another run that is installing npm packages (lock ${lock})`);
        process.exit(1);
    } else if (locked.status !== 0) {
        process.exit(locked.status ?? 1);
    }
}

async function main() {
    if (nodeMajor < MINIMUM_NODE) {
        say(`error: Node ${MINIMUM_NODE} or newer is needed, this is ${process.version}`);
        process.exit(1);
    }
    if (process.argv[2] === "--install") {
        return install(bundleOf(process.argv));
    }
    await ensureModules(bundleOf(process.argv));
    const child = spawn(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), join(root, "cli", "main.ts"), ...process.argv.slice(2)],
        { stdio: "inherit" },
    );
    // A Ctrl-C reaches the command twice: from the terminal and from here. The command takes both for one.
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
        // The command was ended by a signal: this process ends by the same one, so that its caller sees it.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
    });
}

main().catch((error) => {
    say(`error: ${error.message}`);
    process.exit(1);
});
