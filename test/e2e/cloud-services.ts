import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait-until";
import { run } from "../../toolchain/run";

/** A server that answers like the buckets and keys of a cloud, from PyPI. */
const MOTO = "moto[server]==5.2.5";

const INSTALL_LIMIT_MS = 600_000;

/** Its region and credentials: any will do, and the client wants some. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };

/** What moto wants to see of a client before it hands out what another one has written. It verifies no signature. */
const authorization = (service: string): string =>
    `AWS4-HMAC-SHA256 Credential=test/20260101/${CREDENTIALS.AWS_REGION}/${service}/aws4_request`;

/** moto sends no checksums, of which Pulumi would warn at each answer. */
const QUIET = "response_checksum_validation=when_required";

async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** A bucket and a key in services of this machine, for a state that is kept there. */
export class CloudServices {
    private constructor(
        private readonly folder: string,
        private readonly server: ChildProcess,
        private readonly address: string,
        /** Name of the key. */
        private readonly key: string,
    ) {}

    static async start(bucket: string): Promise<CloudServices> {
        const folder = await mkdtemp(join(tmpdir(), "metal3-scale-lab-cloud-"));
        await run("python3", ["-m", "venv", folder], { timeoutMs: INSTALL_LIMIT_MS });
        await run(join(folder, "bin", "pip"), ["install", "--quiet", MOTO], { timeoutMs: INSTALL_LIMIT_MS });
        const port = await freePort();
        const address = `http://127.0.0.1:${port}`;
        const server = spawn(join(folder, "bin", "moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
            stdio: "ignore",
        });
        await waitUntil({
            what: "the services to answer",
            timeoutMs: 60_000,
            look: async () =>
                (await fetch(`${address}/${bucket}`, { method: "PUT" }).catch(() => undefined))?.ok
                    ? { done: undefined }
                    : { pending: ["no answer"] },
        });
        const made = await fetch(address, {
            method: "POST",
            headers: {
                "x-amz-target": "TrentService.CreateKey",
                "content-type": "application/x-amz-json-1.1",
                authorization: authorization("kms"),
            },
            body: "{}",
        });
        const { KeyMetadata } = (await made.json()) as { KeyMetadata: { KeyId: string } };
        return new CloudServices(folder, server, address, KeyMetadata.KeyId);
    }

    /** Variables with which Pulumi keeps its state in the bucket. */
    environment(bucket: string): Record<string, string> {
        const parameters = [`endpoint=${this.address}`, "region=us-east-1", "s3ForcePathStyle=true", QUIET];
        return {
            ...CREDENTIALS,
            PULUMI_BACKEND_URL: `s3://${bucket}?${parameters.join("&")}`,
            AWS_ENDPOINT_URL_KMS: this.address,
        };
    }

    /** The secrets provider, as a stack's file names it. */
    get secretsProvider(): string {
        return `awskms://${this.key}?region=us-east-1`;
    }

    /** Names of the objects in a bucket. */
    async objects(bucket: string): Promise<string[]> {
        const listed = await this.text(bucket, "?list-type=2");
        return [...listed.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key as string);
    }

    async text(bucket: string, object: string): Promise<string> {
        const headers = { authorization: authorization("s3") };
        const answer = await fetch(`${this.address}/${bucket}/${object}`, { headers });
        if (!answer.ok) {
            throw new Error(`${object}: the bucket answered ${answer.status}`);
        }
        return answer.text();
    }

    async stop(): Promise<void> {
        this.server.kill();
        await rm(this.folder, { recursive: true, force: true });
    }
}
