import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { waitUntil } from "../../lib/wait-until";
import { Cache } from "../../toolchain/cache/cache";
import { cacheRoot, repoRoot } from "../../toolchain/paths";
import { look, run as runCommand, tailOfFile } from "../../toolchain/run";
import { foreignPath } from "../../toolchain/tools";
import { run, type Result } from "./harness";

const COMMANDS = ["unshare", "nsenter", "ip", "iptables", "dockerd", "git"];

/** Longest of the short commands that prepare it, milliseconds. */
const SHORT_MS = 60_000;

/**
 * The way out of the machine: a cable at whose other end nobody answers. A machine with a cable shows more than one
 * without: whatever tries the network is counted, and waits in vain instead of being told at once. Names are looked up
 * through the cable, or at a resolver of the machine itself, which is not there.
 */
const CABLE = `set -eu
ip link set lo up
ip link add cable type veth peer name wall
ip address add 192.0.2.2/24 dev cable
ip link set cable up
ip link set wall up
ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev cable nud permanent
ip route add default via 192.0.2.1
# A pod's call to a Service leaves the node when the node's kube-proxy has gone: that is no try of the network.
iptables -t mangle -A POSTROUTING -o cable -d 10.96.0.0/16 -j ACCEPT
iptables -t mangle -A POSTROUTING -o cable
iptables -t mangle -A OUTPUT ! -o cable -p udp --dport 53
`;

/**
 * Another machine, on this one: a network namespace without a network, with a Docker that has nothing yet, a home and a
 * cache that are empty, and a fresh clone of this checkout's commit.
 */
export class OfflineMachine {
    readonly folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-offline-"));
    readonly checkout = join(this.folder, "checkout");
    private namespace: ChildProcess | undefined;
    private dockerd: ChildProcess | undefined;

    /** The reason why this machine cannot have another one on it, if it cannot. */
    static async obstacle(): Promise<string | undefined> {
        if (process.geteuid?.() !== 0) {
            return "it takes root";
        }
        const found = await Promise.all(COMMANDS.map((name) => look("sh", ["-c", `command -v ${name}`])));
        const missing = COMMANDS.filter((_, index) => found[index] === undefined);
        return missing.length === 0 ? undefined : `it takes ${missing.join(", ")}`;
    }

    async start(): Promise<void> {
        this.namespace = spawn("unshare", ["--net", "sleep", "infinity"], { stdio: "ignore" });
        await waitUntil({
            what: "a network namespace of its own",
            timeoutMs: SHORT_MS,
            everyMs: 100,
            look: async () => {
                const links = await look("nsenter", [this.inNamespace, "ip", "-brief", "link"]);
                return links?.split("\n").length === 1 ? { done: undefined } : { pending: [links ?? "none"] };
            },
        });
        await runCommand("nsenter", [this.inNamespace, "sh", "-c", CABLE], { timeoutMs: SHORT_MS });
        await this.startDocker();
        await runCommand("git", ["clone", "--quiet", "--no-hardlinks", repoRoot, this.checkout], {
            timeoutMs: SHORT_MS,
        });
        mkdirSync(join(this.folder, "home"));
    }

    private async startDocker(): Promise<void> {
        const log = join(this.folder, "dockerd.log");
        const out = openSync(log, "a");
        const own = ["data-root", "exec-root"].flatMap((what) => [`--${what}`, join(this.folder, what)]);
        const files = ["--pidfile", join(this.folder, "docker.pid"), "--host", this.dockerHost];
        const args = [this.inNamespace, "dockerd", ...own, ...files];
        this.dockerd = spawn("nsenter", args, { stdio: ["ignore", out, out], detached: true });
        await waitUntil({
            what: "Docker of the other machine",
            timeoutMs: SHORT_MS,
            look: async () =>
                (await look("docker", ["--host", this.dockerHost, "version"])) === undefined
                    ? { pending: [await tailOfFile(log, 5)] }
                    : { done: undefined },
        });
    }

    /** Where Docker of that machine listens. A socket can be reached from every namespace. */
    get dockerHost(): string {
        return `unix://${this.folder}/docker.sock`;
    }

    private get inNamespace(): string {
        return `--net=/proc/${this.namespace?.pid}/ns/net`;
    }

    /** Runs a command in the checkout there, with the environment of somebody who has just logged in. */
    run(command: string[], options: { quiet?: boolean } = {}): Promise<Result> {
        const path = [dirname(process.execPath), foreignPath(new Cache(cacheRoot()))].join(":");
        const environment = Object.entries({
            PATH: path,
            LANG: "C.UTF-8",
            HOME: join(this.folder, "home"),
            METAL3_SCALE_LAB_CACHE: join(this.folder, "cache"),
            METAL3_SCALE_LAB_STATE: join(this.folder, "state"),
            DOCKER_HOST: this.dockerHost,
        }).map(([name, value]) => `${name}=${value}`);
        const clean = ["env", "--ignore-environment", `--chdir=${this.checkout}`, ...environment];
        return run("nsenter", [this.inNamespace, ...clean, ...command], options);
    }

    /** How many packets have gone to the network, and look-ups of names to this machine, with iptables' own words. */
    async tries(): Promise<{ packets: number; seen: string }> {
        const chains = ["POSTROUTING", "OUTPUT"].map((chain) =>
            runCommand("nsenter", [this.inNamespace, "iptables", "-t", "mangle", "-nvxL", chain], {
                timeoutMs: SHORT_MS,
            }),
        );
        const seen = (await Promise.all(chains)).join("\n");
        // Rules that count have no target.
        const counts = [...seen.matchAll(/^ *(\d+) +\d+ +(?:0|all|17|udp) +-- /gm)].map(([, count]) => Number(count));
        if (counts.length !== 2) {
            throw new Error(`two rules of iptables count, but there are ${counts.length}:\n${seen}`);
        }
        return { packets: counts.reduce((sum, count) => sum + count, 0), seen };
    }

    /** Counts from zero again. */
    async forgetTries(): Promise<void> {
        await runCommand("nsenter", [this.inNamespace, "iptables", "-t", "mangle", "-Z"], { timeoutMs: SHORT_MS });
    }

    /** Ends it, with all that is on it. */
    async stop(): Promise<void> {
        const { dockerd, namespace } = this;
        if (dockerd?.exitCode === null) {
            const gone = once(dockerd, "exit");
            dockerd.kill("SIGTERM");
            await gone;
        }
        namespace?.kill("SIGKILL");
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    }
}
