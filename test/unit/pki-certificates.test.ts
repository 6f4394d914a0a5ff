import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { expect } from "chai";
import { issueAuthority, issueCertificate, stillFits, type KeyPair } from "../../tasks/pki/certificates";

const DAY = 24 * 60 * 60 * 1000;

/** A TLS handshake in which both sides check each other. @returns the name the server saw of the client. */
async function handshake(server: KeyPair, client: KeyPair | undefined, ca: string, host: string): Promise<string> {
    const listener = tls.createServer({
        ...server,
        ca,
        requestCert: client !== undefined,
        rejectUnauthorized: client !== undefined,
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    try {
        return await new Promise<string>((resolve, reject) => {
            listener.once("tlsClientError", reject);
            listener.once("secureConnection", (socket) => {
                const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
                socket.end();
                resolve(subject?.CN ?? "");
            });
            const { port } = listener.address() as AddressInfo;
            // checkServerIdentity is given the name under which the server would be called.
            const socket = tls.connect({
                port,
                host: "127.0.0.1",
                ca,
                ...client,
                checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(host, certificate),
            });
            socket.once("error", reject);
            socket.once("secureConnect", () => socket.resume());
        });
    } finally {
        listener.close();
    }
}

describe("The certificates of the PKI", () => {
    let ca: KeyPair;
    before(async () => {
        ca = await issueAuthority("test CA", 100);
    });

    for (const keyType of ["ecdsa", "rsa"] as const) {
        it(`are accepted by openssl and node with every name, where the keys are ${keyType}`, async () => {
            const authority = await issueAuthority("a CA, with commas + more", 100, keyType);
            const names = ["ironic.lab.svc", "*.lab.svc", "192.168.222.100", "fd00::1"];
            const pair = await issueCertificate(
                authority,
                { commonName: "ironic", names, usages: ["server"], keyType },
                90,
            );
            const directory = mkdtempSync(join(tmpdir(), "pki-test-"));
            try {
                writeFileSync(join(directory, "ca.crt"), authority.cert);
                writeFileSync(join(directory, "tls.crt"), pair.cert);
                const verify = (...args: string[]): string =>
                    execFileSync(
                        "openssl",
                        ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt", ...args, "tls.crt"],
                        {
                            cwd: directory,
                            encoding: "utf8",
                            stdio: ["ignore", "pipe", "pipe"],
                        },
                    );
                expect(verify("-verify_hostname", "ironic.lab.svc")).to.include("tls.crt: OK");
                expect(verify("-verify_ip", "192.168.222.100")).to.include("tls.crt: OK");
                expect(verify("-verify_ip", "fd00::1")).to.include("tls.crt: OK");
                expect(() => verify("-verify_hostname", "other.svc")).to.throw();
            } finally {
                rmSync(directory, { recursive: true });
            }
            const certificate = new X509Certificate(pair.cert);
            expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).to.equal(true);
            expect(certificate.publicKey.asymmetricKeyType).to.equal(keyType === "rsa" ? "rsa" : "ec");
            for (const name of ["ironic.lab.svc", "192.168.222.100"]) {
                expect(await handshake(pair, undefined, authority.cert, name)).to.equal("");
            }
        });
    }

    it("name a client's user and groups, and are checked by a server", async () => {
        const server = await issueCertificate(ca, { commonName: "s", names: ["localhost"], usages: ["server"] }, 10);
        const client = await issueCertificate(
            ca,
            { commonName: "system:node:a", organizations: ["system:nodes"], usages: ["client"] },
            10,
        );
        expect(new X509Certificate(client.cert).subject).to.equal("O=system:nodes\nCN=system:node:a");
        expect(await handshake(server, client, ca.cert, "localhost")).to.equal("system:node:a");
        const stranger = await issueCertificate(
            await issueAuthority("other", 10),
            { commonName: "x", usages: ["client"] },
            10,
        );
        const refused = await handshake(server, stranger, ca.cert, "localhost").catch((error: Error) => error);
        expect(refused).to.be.instanceOf(Error);
    });

    it("have serial numbers that are positive, differ, and have at most 20 octets", async () => {
        const serials = new Set<string>();
        for (let count = 0; count < 20; count++) {
            const pair = await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 1);
            const serial = new X509Certificate(pair.cert).serialNumber;
            expect(serial).to.match(/^[4-7][0-9A-F]{31}$/);
            serials.add(serial);
        }
        expect(serials.size).to.equal(20);
    });

    it("are valid for a number of days since an hour ago, and no longer than the CA", async () => {
        const now = Date.now();
        const ten = new X509Certificate((await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 10)).cert);
        expect(Date.parse(ten.validTo) - now).to.be.within(10 * DAY - 60_000, 10 * DAY + 60_000);
        expect(now - Date.parse(ten.validFrom)).to.be.within(3_500_000, 3_700_000);
        const long = new X509Certificate(
            (await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 999)).cert,
        );
        expect(long.validTo).to.equal(new X509Certificate(ca.cert).validTo);
    });

    it("have a common name of at most 64 characters, not 65", async () => {
        await issueCertificate(ca, { commonName: "x".repeat(64), usages: ["client"] }, 1);
        const error: Error = await issueCertificate(ca, { commonName: "x".repeat(65), usages: ["client"] }, 1).then(
            () => expect.fail("it was issued"),
            (reason: Error) => reason,
        );
        expect(error.message).to.match(/must have 1 to 64 characters \(it has 65\)/);
    });

    describe("that were issued earlier", () => {
        const spec = { commonName: "a", names: ["b.svc", "10.0.0.1", "fd00::1"], usages: ["server"] as const };
        let pair: KeyPair;
        before(async () => {
            pair = await issueCertificate(ca, spec, 50);
        });
        it("are kept for the same names in another order", async () => {
            expect(await stillFits(pair, ca, { ...spec, names: ["fd00:0::1", "10.0.0.1", "b.svc"] }, 30)).to.equal(
                true,
            );
        });
        const others: [string, object][] = [
            ["another name more", { names: [...spec.names, "c.svc"] }],
            ["a name less", { names: ["b.svc", "10.0.0.1"] }],
            ["another common name", { commonName: "c" }],
            ["an organisation", { organizations: ["o"] }],
            ["another use", { usages: ["server", "client"] }],
            ["another key", { keyType: "rsa" }],
        ];
        for (const [name, change] of others) {
            it(`are not kept for ${name}`, async () =>
                expect(await stillFits(pair, ca, { ...spec, ...change }, 30)).to.equal(false));
        }
        it("are not kept when they end too soon", async () =>
            expect(await stillFits(pair, ca, spec, 51)).to.equal(false));
        it("are not kept when another CA of the same name signed them", async () =>
            expect(await stillFits(pair, await issueAuthority("test CA", 100), spec, 30)).to.equal(false));
    });
});
