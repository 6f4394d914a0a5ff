import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { expect } from "chai";
import { issueAuthority, issueCertificate, stillFits, type KeyPair } from "../../tasks/pki/certificates";
import { pkiInputSchema, pkiSchema, type Pki } from "../../tasks/pki/input";
import { createPki } from "../../tasks/pki/pki";

const DAY = 24 * 60 * 60 * 1000;
const PROGRAM = ["--import", "tsx", "tasks/pki.ts"];

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

describe("pki: certificates", () => {
    let ca: KeyPair;
    before(async () => {
        ca = await issueAuthority("test CA", 100);
    });

    for (const keyType of ["ecdsa", "rsa"] as const) {
        it(`${keyType}: openssl and node accept the chain and every name`, async () => {
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

    it("a client certificate names its user and groups, and is checked by a server", async () => {
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

    it("serial numbers are positive, differ, and are at most 20 octets", async () => {
        const serials = new Set<string>();
        for (let count = 0; count < 20; count++) {
            const pair = await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 1);
            const serial = new X509Certificate(pair.cert).serialNumber;
            expect(serial).to.match(/^[4-7][0-9A-F]{31}$/);
            serials.add(serial);
        }
        expect(serials.size).to.equal(20);
    });

    it("validity is in days, begins an hour ago, and never passes the CA's", async () => {
        const now = Date.now();
        const ten = new X509Certificate((await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 10)).cert);
        expect(Date.parse(ten.validTo) - now).to.be.within(10 * DAY - 60_000, 10 * DAY + 60_000);
        expect(now - Date.parse(ten.validFrom)).to.be.within(3_500_000, 3_700_000);
        const long = new X509Certificate(
            (await issueCertificate(ca, { commonName: "x", usages: ["client"] }, 999)).cert,
        );
        expect(long.validTo).to.equal(new X509Certificate(ca.cert).validTo);
    });

    it("refuses a common name of 65 characters and takes one of 64", async () => {
        await issueCertificate(ca, { commonName: "x".repeat(64), usages: ["client"] }, 1);
        const error: Error = await issueCertificate(ca, { commonName: "x".repeat(65), usages: ["client"] }, 1).then(
            () => expect.fail("it was issued"),
            (reason: Error) => reason,
        );
        expect(error.message).to.match(/must have 1 to 64 characters \(it has 65\)/);
    });

    describe("what can be kept", () => {
        const spec = { commonName: "a", names: ["b.svc", "10.0.0.1", "fd00::1"], usages: ["server"] as const };
        let pair: KeyPair;
        before(async () => {
            pair = await issueCertificate(ca, spec, 50);
        });
        it("the same, in another order", async () => {
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
            it(`not with ${name}`, async () =>
                expect(await stillFits(pair, ca, { ...spec, ...change }, 30)).to.equal(false));
        }
        it("not when it ends too soon", async () => expect(await stillFits(pair, ca, spec, 51)).to.equal(false));
        it("not from another CA of the same name", async () =>
            expect(await stillFits(pair, await issueAuthority("test CA", 100), spec, 30)).to.equal(false));
    });
});

describe("pki: everything of a lab", function () {
    this.timeout(30_000);
    const input = pkiInputSchema.parse({
        name: "metal3-scale-lab test",
        kubernetes: {
            apiServerNames: ["127.0.0.1", "10.96.0.1", "kubernetes.default.svc"],
            nodes: { "node-0": ["node-0", "192.168.222.2"] },
        },
        servers: { ironic: { names: ["192.168.222.100"] } },
    });
    let pki: Pki;
    before(async () => {
        pki = await createPki(input);
    });

    const parts = (of: Pki): Record<string, [KeyPair | undefined, KeyPair | undefined, string]> => ({
        apiServer: [of.kubernetes?.apiServer, of.kubernetes?.clusterCa, "CN=kube-apiserver"],
        kubeletClient: [
            of.kubernetes?.apiServerKubeletClient,
            of.kubernetes?.clusterCa,
            "O=system:masters\nCN=kube-apiserver-kubelet-client",
        ],
        admin: [of.kubernetes?.admin, of.kubernetes?.clusterCa, "O=system:masters\nCN=kubernetes-admin"],
        controllerManager: [
            of.kubernetes?.controllerManager,
            of.kubernetes?.clusterCa,
            "CN=system:kube-controller-manager",
        ],
        scheduler: [of.kubernetes?.scheduler, of.kubernetes?.clusterCa, "CN=system:kube-scheduler"],
        kubeProxy: [of.kubernetes?.kubeProxy, of.kubernetes?.clusterCa, "CN=system:kube-proxy"],
        kubelet: [
            of.kubernetes?.kubelets["node-0"]?.client,
            of.kubernetes?.clusterCa,
            "O=system:nodes\nCN=system:node:node-0",
        ],
        kubeletServer: [
            of.kubernetes?.kubelets["node-0"]?.server,
            of.kubernetes?.clusterCa,
            "O=system:nodes\nCN=system:node:node-0",
        ],
        frontProxy: [of.kubernetes?.frontProxyClient, of.kubernetes?.frontProxyCa, "CN=front-proxy-client"],
        ironic: [of.servers.ironic, of.ca, "CN=ironic"],
    });

    it("each certificate is signed by its own CA and says who it is", () => {
        for (const [name, [pair, ca, subject]] of Object.entries(parts(pki))) {
            const certificate = new X509Certificate(pair?.cert ?? "");
            const authority = new X509Certificate(ca?.cert ?? "");
            expect(certificate.checkIssued(authority), name).to.equal(true);
            expect(certificate.verify(authority.publicKey), name).to.equal(true);
            expect(certificate.checkPrivateKey(createPrivateKey(pair?.key ?? "")), name).to.equal(true);
            expect(certificate.subject, name).to.equal(subject);
            expect(certificate.ca, name).to.equal(false);
        }
        const authorities = [pki.ca, pki.kubernetes?.clusterCa, pki.kubernetes?.frontProxyCa];
        expect(new Set(authorities.map((pair) => pair?.cert)).size).to.equal(3);
        expect(authorities.every((pair) => new X509Certificate(pair?.cert ?? "").ca)).to.equal(true);
    });

    it("the keys of service accounts are a pair, RSA", () => {
        const { privateKey = "", publicKey = "" } = pki.kubernetes?.serviceAccount ?? {};
        const signature = createSign("sha256").update("token").sign(createPrivateKey(privateKey));
        expect(createVerify("sha256").update("token").verify(createPublicKey(publicKey), signature)).to.equal(true);
        expect(createPublicKey(publicKey).asymmetricKeyType).to.equal("rsa");
    });

    it("nothing is issued again for the same input", async () => {
        expect(await createPki(input, pki)).to.deep.equal(pki);
    });

    it("another name renews that one certificate only", async () => {
        const servers = {
            ironic: { names: ["192.168.222.100", "192.168.222.101"] },
            images: { names: ["192.168.222.1"] },
        };
        const next = await createPki(pkiInputSchema.parse({ ...input, servers }), pki);
        expect(next.servers.ironic?.cert).not.to.equal(pki.servers.ironic?.cert);
        expect(new X509Certificate(next.servers.ironic?.cert ?? "").subjectAltName).to.equal(
            "IP Address:192.168.222.100, IP Address:192.168.222.101",
        );
        expect({ ...next, servers: {} }).to.deep.equal({ ...pki, servers: {} });
    });

    it("a new CA takes along what it signs, and nothing else", async () => {
        const next = await createPki({ ...input, name: "another" }, pki);
        expect(next.servers.ironic?.cert).not.to.equal(pki.servers.ironic?.cert);
        expect(next.kubernetes?.apiServer).to.deep.equal(pki.kubernetes?.apiServer);
    });

    it("the program keeps what Pulumi hands back, and prints what its schema says", () => {
        const run = (earlier?: string): string =>
            execFileSync(process.execPath, PROGRAM, {
                input: JSON.stringify({ name: "lab", servers: { a: { names: ["a.svc"] } } }),
                env: { ...process.env, ...(earlier === undefined ? {} : { PULUMI_COMMAND_STDOUT: earlier }) },
                encoding: "utf8",
            });
        const first = run();
        expect(pkiSchema.safeParse(JSON.parse(first)).success).to.equal(true);
        expect(run(first)).to.equal(first);
        expect(run()).not.to.equal(first);
    });

    const refusals: [string, string, RegExp[], Record<string, string>][] = [
        ["what is no JSON", "{", [/^pki: standard input is not JSON/], {}],
        [
            "every bad field at once, and shows no value",
            JSON.stringify({
                name: "x".repeat(65),
                validityDays: 0,
                servers: { a: { names: [] }, b: { names: ["UPPER", "a b"] } },
                secret: "s3cr3t",
            }),
            [
                /name: a common name has at most 64/,
                /validityDays/,
                /servers\.a\.names: needs at least one/,
                /servers\.b\.names\.0: must be a lower-case/,
                /servers\.b\.names\.1/,
                /"secret"/,
            ],
            {},
        ],
        [
            "an earlier result it cannot read",
            JSON.stringify({ name: "a" }),
            [/PULUMI_COMMAND_STDOUT .* is not JSON/],
            { PULUMI_COMMAND_STDOUT: "gone" },
        ],
    ];
    for (const [name, text, messages, env] of refusals) {
        it(`the program refuses ${name}`, () => {
            const result = spawnSync(process.execPath, PROGRAM, {
                input: text,
                env: { ...process.env, ...env },
                encoding: "utf8",
            });
            expect(result.status).to.equal(1);
            expect(result.stdout).to.equal("");
            for (const message of messages) {
                expect(result.stderr).to.match(message);
            }
            expect(result.stderr).not.to.include("s3cr3t");
        });
    }
});
