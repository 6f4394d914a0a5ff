import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { ipaReference } from "../../plan/ipa-files";
import { ironicValues } from "../../plan/manifests/ironic-values";
import { plan } from "../../plan/plan";
import { ConfigurationError, validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { copyVerified } from "../../toolchain/ipa/verified-file";

const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
const CONTENT = "a ramdisk\n";
const GOOD = { from: "/srv/ipa.kernel", sha256: sha256(CONTENT) };

const problemsOf = (ipa: unknown): string => {
    try {
        validate({ ipa: JSON.stringify(ipa) });
        return "";
    } catch (error) {
        expect(error).to.be.instanceOf(ConfigurationError);
        return (error as ConfigurationError).message;
    }
};

describe("the files of the Ironic Python agent in the configuration", () => {
    it("A path from the root and an http or https address are taken, and a hash in either case", () => {
        for (const from of ["/srv/ipa.kernel", "http://example.org/ipa", "https://example.org:8443/ipa?x=1"]) {
            const file = { from, sha256: GOOD.sha256.toUpperCase() };
            expect(validate({ ipa: JSON.stringify({ kernel: file, ramdisk: file }) }).ipa).to.deep.equal({
                kernel: { from, sha256: GOOD.sha256 },
                ramdisk: { from, sha256: GOOD.sha256 },
            });
        }
        expect(validate({}).ipa).to.equal(undefined);
    });

    it("A relative path, another scheme, credentials in an address, and a short hash are refused", () => {
        for (const from of ["ipa.kernel", "ftp://example.org/ipa", "https://user:secret@example.org/ipa", ""]) {
            expect(problemsOf({ kernel: { ...GOOD, from }, ramdisk: GOOD }), from).to.include("ipa.kernel.from = ");
        }
        expect(problemsOf({ kernel: GOOD, ramdisk: { ...GOOD, sha256: "abc" } })).to.include("ipa.ramdisk.sha256 = ");
    });

    it("One file without the other is refused", () => {
        expect(problemsOf({ kernel: GOOD })).to.include("ipa.ramdisk = ");
        expect(problemsOf("not an object")).to.include("ipa = ");
    });
});

describe("the image with the files of the Ironic Python agent", () => {
    const files = { kernel: GOOD, ramdisk: { ...GOOD, sha256: sha256("other") } };

    it("Its reference follows from the files' contents and the image beneath, not from the files' places", () => {
        const reference = ipaReference(files, "nginx:1");
        expect(reference).to.match(/^metal3-scale-lab\/ipa:[0-9a-f]{12}$/);
        const moved = { ...files, kernel: { ...files.kernel, from: "http://example.org/k" } };
        expect(ipaReference(moved, "nginx:1")).to.equal(reference);
        expect(ipaReference({ kernel: files.ramdisk, ramdisk: files.kernel }, "nginx:1")).to.not.equal(reference);
        expect(ipaReference(files, "nginx:2")).to.not.equal(reference);
    });

    it("A lab without the files has no such image, and one with them has it in the cluster and in the chart", () => {
        const built = { source: "build", overrides: {} } as const;
        const without = new Images(built);
        expect(without.ipa()).to.equal(undefined);
        const config = validate({});
        const lab = plan(config, "dev");
        expect(JSON.stringify(ironicValues(lab, without, config))).to.not.include('"ipa"');
        const images = new Images(built, files);
        expect(images.inCluster()).to.deep.equal([...without.inCluster(), images.ipa()]);
        const [, tag] = (images.ipa() ?? "").split(":");
        expect(ironicValues(lab, images, config)).to.have.nested.property("images.ipa.tag", tag);
    });
});

describe("copying a file whose hash is known", () => {
    let folder: string;
    let server: Server;
    let answer: RequestListener;
    const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-ipa-test-"));
        server = createServer((request, response) => answer(request, response));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });
    const to = (): string => join(folder, "copy");
    const failure = async (from: string, sum = GOOD.sha256): Promise<string> => {
        try {
            await copyVerified({ from, sha256: sum }, to());
        } catch (error) {
            return (error as Error).message;
        }
        throw new Error("the file was taken");
    };

    it("A file and an address give the same copy, whatever the content", async () => {
        const source = join(folder, "source");
        await fc.assert(
            fc.asyncProperty(fc.uint8Array({ maxLength: 200_000 }), async (bytes) => {
                writeFileSync(source, bytes);
                answer = (_request, response) => response.end(Buffer.from(bytes));
                const sum = createHash("sha256").update(bytes).digest("hex");
                for (const from of [source, address()]) {
                    await copyVerified({ from, sha256: sum }, to());
                    expect(readFileSync(to()).equals(Buffer.from(bytes))).to.equal(true);
                }
            }),
            { numRuns: 20 },
        );
    });

    it("An address that leads to another one is followed", async () => {
        answer = (request, response) => {
            if (request.url === "/file") {
                response.writeHead(302, { location: "/elsewhere" }).end();
            } else {
                response.end(CONTENT);
            }
        };
        await copyVerified({ from: address(), sha256: GOOD.sha256 }, to());
        expect(readFileSync(to(), "utf8")).to.equal(CONTENT);
    });

    it("Another content is refused with both hashes", async () => {
        answer = (_request, response) => response.end("something else");
        expect(await failure(address()))
            .to.include(`has the SHA-256 sum ${sha256("something else")} (14 bytes)`)
            .and.include(`not ${GOOD.sha256}`);
    });

    it("What cannot be read is refused with the reason", async () => {
        expect(await failure(join(folder, "nothing"))).to.match(/^cannot be read: .*ENOENT/);
        expect(await failure(folder)).to.equal("cannot be read: is not a file");
        answer = (_request, response) => response.writeHead(404, "Not Found").end("no");
        expect(await failure(address())).to.equal("cannot be read: the server answered 404 Not Found");
        answer = (_request, response) => {
            response.writeHead(200, { "content-length": "1000" });
            response.write("a");
            setImmediate(() => response.destroy());
        };
        expect(await failure(address())).to.match(/^cannot be read: /);
        const gone = address();
        await new Promise((resolve) => server.close(resolve));
        expect(await failure(gone)).to.match(/^cannot be read: .*ECONNREFUSED/);
    });
});
