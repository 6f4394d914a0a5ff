import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { nodeCertificatesSchema, pkiSchema, serverCertificateSchema } from "../../tasks/pki/input";

const PROGRAM = ["--import", "tsx", "tasks/pki.ts"];

/** What one of the programs prints. @param earlier what it printed the time before */
const run = (program: string, input: object, earlier = ""): string =>
    execFileSync(process.execPath, ["--import", "tsx", program], {
        input: JSON.stringify(input),
        env: { ...process.env, PULUMI_COMMAND_STDOUT: earlier },
        encoding: "utf8",
    });

describe("The program that issues the PKI", function () {
    this.timeout(30_000);

    it("keeps what Pulumi hands back, and prints what its schema says", () => {
        const input = { name: "lab", servers: { a: { names: ["a.svc"] } } };
        const first = run("tasks/pki.ts", input);
        expect(pkiSchema.safeParse(JSON.parse(first)).success).to.equal(true);
        expect(run("tasks/pki.ts", input, first)).to.equal(first);
        expect(run("tasks/pki.ts", input)).not.to.equal(first);
    });

    it("hands its CA to the program for one more node, which keeps its own results as well", () => {
        const { ca } = pkiSchema.parse(JSON.parse(run("tasks/pki.ts", { name: "lab" })));
        const node = { node: "worker-1", names: ["worker-1"], authority: ca };
        const issued = run("tasks/node-certificates.ts", node);
        expect(nodeCertificatesSchema.safeParse(JSON.parse(issued)).success).to.equal(true);
        expect(run("tasks/node-certificates.ts", node, issued)).to.equal(issued);
    });

    it("hands its CA to the program for one more server, whose certificate has all of its names", () => {
        const { ca } = pkiSchema.parse(JSON.parse(run("tasks/pki.ts", { name: "lab" })));
        const server = { name: "pair-000", names: ["192.0.2.16", "127.0.0.1"], authority: ca };
        const served = run("tasks/server-certificate.ts", server);
        const certificate = new X509Certificate(serverCertificateSchema.parse(JSON.parse(served)).cert);
        expect(certificate.checkIssued(new X509Certificate(ca.cert))).to.equal(true);
        expect(certificate.subjectAltName).to.equal("IP Address:192.0.2.16, IP Address:127.0.0.1");
        expect(run("tasks/server-certificate.ts", server, served)).to.equal(served);
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
        it(`refuses ${name}`, () => {
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
