import "reflect-metadata";

import { webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import fastify from "fastify";
import { HttpClient, NoAnswerError } from "../../../services/fake-ipa/http.js";
import { verifyCa } from "../../../services/fake-ipa/tls.js";
import { ScriptedIronic } from "./scripted-ironic.js";
import {
    nodeOf,
    pending,
    removeTemporaryDirectories,
    service,
    temporaryDirectory,
    testConfig,
    until,
} from "./support.js";

x509.cryptoProvider.set(webcrypto as Crypto);
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

interface Issued {
    cert: x509.X509Certificate;
    keys: CryptoKeyPair;
    certFile: string;
    keyFile: string;
}

/** A certificate for 127.0.0.1, signed by `issuer`, or by itself. */
async function issue(directory: string, name: string, ca: boolean, issuer?: Issued): Promise<Issued> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const common = {
        serialNumber: "01",
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 3_600_000),
        signingAlgorithm: algorithm,
    };
    const extensions = [
        new x509.BasicConstraintsExtension(ca, undefined, true),
        new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
    ];
    const cert =
        issuer === undefined
            ? await x509.X509CertificateGenerator.createSelfSigned({ ...common, name: `CN=${name}`, keys, extensions })
            : await x509.X509CertificateGenerator.create({
                  ...common,
                  subject: `CN=${name}`,
                  issuer: issuer.cert.subject,
                  publicKey: keys.publicKey,
                  signingKey: issuer.keys.privateKey,
                  extensions,
              });
    const certFile = join(directory, `${name}.crt`),
        keyFile = join(directory, `${name}.key`);
    writeFileSync(certFile, cert.toString("pem"));
    writeFileSync(
        keyFile,
        x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    );
    return { cert, keys, certFile, keyFile };
}

describe("TLS of fake-ipa", function () {
    this.timeout(20_000);
    let ca: Issued, other: Issued, signed: Issued;
    before(async () => {
        const directory = temporaryDirectory();
        [ca, other] = await Promise.all([issue(directory, "ca", true), issue(directory, "other", true)]);
        signed = await issue(directory, "signed", false, ca);
    });
    after(removeTemporaryDirectories);

    it("verifies Ironic's certificate by the configured CA, unless this is switched off", async () => {
        const { readFileSync } = await import("node:fs");
        const server = fastify({
            https: { cert: readFileSync(signed.certFile), key: readFileSync(signed.keyFile) },
            forceCloseConnections: true,
        });
        server.get("/", () => ({}));
        await server.listen({ host: "127.0.0.1", port: 0 });
        const url = `https://127.0.0.1:${(server.server.address() as { port: number }).port}/`;
        const ask = async (caFile: string | undefined, insecure: boolean): Promise<number | string> => {
            const http = new HttpClient({ caFile, insecure }, 1);
            try {
                return (await http.send("GET", url, { timeoutMs: 2_000 })).status;
            } catch (error) {
                expect(error).to.be.instanceOf(NoAnswerError);
                return (error as Error).message;
            } finally {
                await http.close();
            }
        };
        expect(await ask(ca.certFile, false)).to.equal(200);
        expect(await ask(undefined, true)).to.equal(200);
        expect(await ask(other.certFile, false)).to.match(/certificate/);
        expect(await ask(undefined, false)).to.match(/certificate/);
        await server.close();
    });

    it("names Ironic the certificate to trust if Ironic cannot know it", () => {
        const validate = (certFile: string | undefined, caFile: string | undefined): string | undefined =>
            verifyCa(testConfig({ certFile, keyFile: "unused", caFile }));
        const body = (pem: string | undefined): string | undefined => pem?.replaceAll(/\s/g, "");
        expect(validate(undefined, ca.certFile)).to.equal(undefined);
        expect(body(validate(other.certFile, undefined))).to.equal(body(other.cert.toString("pem")));
        expect(body(validate(signed.certFile, ca.certFile))).to.equal(body(ca.cert.toString("pem")));
        expect(validate(signed.certFile, other.certFile)).to.equal(undefined);
    });

    it("is served and announced by the agents' API", async () => {
        const ironic = await new ScriptedIronic().start();
        const config = {
            certFile: signed.certFile,
            keyFile: signed.keyFile,
            apiUrls: [ironic.url],
            inspectionUrls: [`${ironic.url}/v1/continue_inspection`],
        };
        const ipa = await service(config, { verifyCa: "PEM" });
        const http = new HttpClient({ caFile: ca.certFile, insecure: false }, 1);
        try {
            const url = ipa.url.replace("http:", "https:");
            expect((await http.send("PUT", `${url}/`, { body: pending(1, "On"), timeoutMs: 2_000 })).status).to.equal(
                204,
            );
            await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
            expect(ironic.of(/heartbeat/)[0]!.body).to.deep.equal({
                callback_url: `${url}/${nodeOf(1)}`,
                agent_token: ironic.tokens.get(nodeOf(1)),
                agent_version: "13.0.0",
                agent_verify_ca: "PEM",
            });
            expect(
                (
                    await http.send(
                        "GET",
                        `${url}/${nodeOf(1)}/v1/commands/?agent_token=${ironic.tokens.get(nodeOf(1))}`,
                        { timeoutMs: 2_000 },
                    )
                ).json,
            ).to.deep.equal({ commands: [] });
        } finally {
            await ipa.close(0);
            await Promise.all([http.close(), ironic.server.close()]);
        }
    });
});
