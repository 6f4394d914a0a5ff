import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { forward, serviceBehind, throughPort } from "../../cli/forward";
import { parseKubeconfig } from "../../lib/kubernetes";
import { kubeconfigFor } from "../kubeconfig";

/** A kubectl whose port-forward does what the test says. */
const kubectl = (...lines: string[]): string => ["#!/bin/sh", ...lines, ""].join("\n");

describe("The way to a workload cluster that is reached from within the management cluster alone", () => {
    let folder: string;
    let server: Server;
    let management: ReturnType<typeof parseKubeconfig>;
    before(async () => {
        folder = await mkdtemp(join(tmpdir(), "forward-test-"));
        server = createServer((_request, response) => {
            const services = [
                { metadata: { name: "ironic" }, spec: { clusterIP: "10.96.0.7" } },
                { metadata: { name: "fkas-0-0" }, spec: { clusterIP: "10.96.0.8" } },
            ];
            response.writeHead(200, { "content-type": "application/json" });
            response.end(JSON.stringify({ kind: "ServiceList", items: services }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        management = parseKubeconfig(kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
    after(async () => {
        server.close();
        await rm(folder, { recursive: true });
    });

    const place = { namespace: "metal3", of: "service/fkas-0-0", port: 20_003 };

    /** Forwards with a kubectl of these lines. @returns the exit code, and the ports that were handed out */
    async function forwarded(...lines: string[]): Promise<{ code: number; ports: number[] }> {
        await writeFile(join(folder, "kubectl"), kubectl(...lines), { mode: 0o755 });
        const env = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
        const ports: number[] = [];
        const code = await forward(env, "/k", place, (port) => {
            ports.push(port);
            return Promise.resolve();
        });
        return { code, ports };
    }

    it("leads to the Service that has the address of the cluster's kubeconfig", async () => {
        expect(await serviceBehind(kubeconfigFor("https://10.96.0.8:20003"), management, "metal3")).to.deep.equal(
            place,
        );
    });

    it("is not needed where no Service has that address", async () => {
        expect(await serviceBehind(kubeconfigFor("https://192.168.250.3:20003"), management, "metal3")).to.equal(
            undefined,
        );
    });

    it("goes through a port of this machine, and the certificate is held against the cluster's address", () => {
        const config = parseKubeconfig(throughPort(kubeconfigFor("https://10.96.0.8:20003"), 41_234));
        expect(config.getCurrentCluster()).to.include({
            server: "https://127.0.0.1:41234",
            tlsServerName: "10.96.0.8",
        });
        expect(config.getCurrentUser()?.name).to.equal("me");
    });

    it("hands out the port that kubectl has taken, once", async () => {
        const line = "echo 'Forwarding from 127.0.0.1:41234 -> 20003'";
        expect(
            await forwarded('[ "$7" = 127.0.0.1 ] && [ "$8 $9" = "service/fkas-0-0 :20003" ] || exit 9', line, line),
        ).to.deep.equal({ code: 0, ports: [41_234] });
    });

    it("says in kubectl's words why there is none", async () => {
        const refused = forwarded("echo 'error: pods is forbidden' >&2", "exit 1").then(
            () => "",
            (error: Error) => error.message,
        );
        expect(await refused).to.equal("kubectl port-forward service/fkas-0-0 ended: error: pods is forbidden");
    });
});
