import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { issueAuthority, issueCertificate } from "../../tasks/pki/certificates";
import { find, render } from "./helm";

const IP = "192.168.222.100";

/** The list of all hosts, as BMO asks for it (pkg/provisioner/ironic/ironic.go, loadBusyHosts; release 0.13). */
export const LISTING = "/v1/nodes?fields=uuid%2Cname%2Cprovision_state%2Cboot_interface";

/** nginx.conf of the first conductor. */
export const nginxConf = (values: object = {}): string =>
    find(render({ "provisioning.ips": [IP], ...values }), "ConfigMap", "ironic-conductor-0")["data"]["nginx.conf"];

export interface Answer {
    status: number;
    headers: http.IncomingHttpHeaders;
    body: string;
}

/** The chart's nginx in a container on the host's network, in front of the test's own Ironic on the Unix socket. */
export class ApiProxy {
    private constructor(
        readonly folder: string,
        private readonly container: ChildProcess,
        private readonly ca: string,
        private readonly port: number,
        /** Base URL of the conductor's http_root. */
        readonly files: string,
        private readonly ironic: http.Server,
    ) {}

    static async start(image: string, values: object, handler: http.RequestListener): Promise<ApiProxy> {
        const folder = await mkdtemp(path.join(os.tmpdir(), "api-proxy-"));
        const authority = await issueAuthority("test", 1);
        const certificate = await issueCertificate(
            authority,
            { commonName: "ironic", names: ["ironic"], usages: ["server"] },
            1,
        );
        const [port, filesPort] = [await freePort(), await freePort()];
        const conf = nginxConf(values)
            .replace(`${IP}:6385`, `127.0.0.1:${port}`)
            .replace(`${IP}:6180`, `127.0.0.1:${filesPort}`);
        // The chart's user, because nginx as root would serve as `nobody`. It can write only where everyone can.
        const user = process.getuid?.() === 0 ? "10475:10475" : `${process.getuid?.()}:${process.getgid?.()}`;
        for (const [name, mode] of [
            [".", 0o755],
            ["conf", 0o755],
            ["tls", 0o755],
            ["api", 0o777],
            ["tmp", 0o777],
            ["state", 0o755],
        ] as const) {
            await mkdir(path.join(folder, name), { recursive: true });
            await chmod(path.join(folder, name), mode);
        }
        await writeFile(path.join(folder, "conf/nginx.conf"), conf);
        await writeFile(path.join(folder, "tls/tls.crt"), certificate.cert);
        await writeFile(path.join(folder, "tls/tls.key"), certificate.key);
        const mount = (name: string, target: string) => ["-v", `${path.join(folder, name)}:${target}`];
        const container = spawn(
            "docker",
            [
                "run",
                "--rm",
                "--init",
                "--read-only",
                "--network",
                "host",
                "--user",
                user,
                ...mount("conf", "/etc/ironic-conductor"),
                ...mount("tls", "/etc/ironic-tls"),
                ...mount("api", "/run/api"),
                ...mount("tmp", "/tmp"),
                ...mount("state", "/run/conductor:ro"),
                image,
                "nginx",
                "-c",
                "/etc/ironic-conductor/nginx.conf",
                "-g",
                "daemon off;",
            ],
            { stdio: ["ignore", "ignore", "pipe"] },
        );
        let stderr = "";
        container.stderr.on("data", (chunk) => (stderr += chunk));
        const proxy = new ApiProxy(
            folder,
            container,
            authority.cert,
            port,
            `http://127.0.0.1:${filesPort}`,
            http.createServer(handler),
        );
        await proxy.startIronic();
        for (let attempt = 0; ; attempt++) {
            if (container.exitCode !== null) {
                throw new Error(`nginx ended with ${container.exitCode}: ${stderr}`);
            }
            if (
                await proxy.get("/").then(
                    () => true,
                    () => false,
                )
            ) {
                return proxy;
            }
            if (attempt === 150) {
                throw new Error(`nginx did not answer for 15 s: ${stderr}`);
            }
            await delay(100);
        }
    }

    async startIronic(): Promise<void> {
        const socket = path.join(this.folder, "api/ironic.sock");
        this.ironic.listen(socket);
        await once(this.ironic, "listening");
        await chmod(socket, 0o777);
    }

    async stopIronic(): Promise<void> {
        this.ironic.close();
        this.ironic.closeAllConnections();
        await once(this.ironic, "close");
    }

    get(target: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
        return new Promise((resolve, reject) => {
            const request = https.request(
                {
                    host: "127.0.0.1",
                    port: this.port,
                    path: target,
                    method,
                    headers,
                    ca: this.ca,
                    servername: "ironic",
                    agent: false,
                },
                (response) => {
                    let body = "";
                    response.on("data", (chunk) => (body += chunk));
                    response.on("end", () =>
                        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
                    );
                    response.on("error", reject);
                },
            );
            request.on("error", reject);
            request.end();
        });
    }

    async stop(): Promise<void> {
        if (this.ironic.listening) {
            await this.stopIronic();
        }
        if (this.container.exitCode === null) {
            this.container.kill("SIGTERM");
            await once(this.container, "exit");
        }
        await rm(this.folder, { recursive: true, force: true });
    }
}

async function freePort(): Promise<number> {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, "close");
    return port;
}
