import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../toolchain/run";
import { BUSYBOX } from "./libvirt-machine";

const LIMIT_MS = 60_000;
/** Longest wait for an answer over HTTP, milliseconds. */
const ANSWER_MS = 3_000;

/** A container that answers HTTP requests with "container" at a fixed address, as a pair has one. */
export class BridgeContainer {
    private readonly image: string;

    constructor(
        private readonly name: string,
        private readonly network: string,
        readonly address: string,
    ) {
        this.image = `${name}:busybox`;
    }

    private docker(...args: string[]): Promise<string> {
        return run("docker", args, { timeoutMs: LIMIT_MS });
    }

    async start(folder: string): Promise<void> {
        const root = join(folder, "container");
        await mkdir(join(root, "bin"), { recursive: true });
        await writeFile(join(root, "index.html"), "container\n");
        const script = 'cp "$1" "$2/bin/busybox" && tar -C "$2" -c . | docker import - "$3"';
        await run("bash", ["-c", script, "bash", BUSYBOX, root, this.image], { timeoutMs: LIMIT_MS });
        // The first process of a container does not end by SIGTERM unless it has asked for that.
        const options = ["--name", this.name, "--stop-signal", "KILL", "--network", this.network, "--ip", this.address];
        await this.docker("run", "--detach", ...options, this.image, "/bin/busybox", "httpd", "-f", "-h", "/");
    }

    /** What it answers this machine. */
    async answer(): Promise<string> {
        const response = await fetch(`http://${this.address}/`, { signal: AbortSignal.timeout(ANSWER_MS) });
        return (await response.text()).trim();
    }

    /** What it is answered where it asks itself. */
    async ask(url: string): Promise<string> {
        return (await this.docker("exec", this.name, "/bin/busybox", "timeout", "5", "wget", "-qO-", url)).trim();
    }

    async remove(): Promise<void> {
        await this.docker("rm", "--force", this.name);
        await this.docker("rmi", "--force", this.image);
    }
}
